package parley.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The shipped rules with shorter times, for a drill that takes minutes. One rule changes each
 * duration, in {@code for} and in the windows ({@code [5m]}) of an expression: it is divided by
 * {@value #DIVISOR}, and is then at least {@value #LEAST_SECONDS} s and at most {@value
 * #MOST_SECONDS} s; 0 stays 0. Nothing else changes: no threshold, no selector, no label.
 */
public final class ShortRules {
  /** By how much a time is shorter. */
  public static final int DIVISOR = 20;

  /** Four scrapes of {@link #SCRAPE}: a rate needs two of them, also if one fails. */
  public static final int LEAST_SECONDS = 8;

  /** The longest time. */
  public static final int MOST_SECONDS = 60;

  /** How often nodes are asked in such a drill. */
  public static final Duration SCRAPE = Duration.ofSeconds(2);

  private static final Pattern DURATION = Pattern.compile("(\\d+)([smhd])");
  private static final Pattern WINDOW = Pattern.compile("\\[(\\d+[smhd])]");

  private ShortRules() {}

  /**
   * A rule that is shipped.
   *
   * @param severity {@code page} or {@code warn}
   * @param lasts its {@code for} as shipped
   * @param lastsHere its {@code for} in the drill
   */
  public record Shipped(String name, String severity, String lasts, String lastsHere) {}

  /** The rules by name. */
  public static Map<String, Shipped> shipped() {
    Map<String, Shipped> rules = new TreeMap<>();
    for (MonitoringFiles.Alert alert : MonitoringFiles.alerts()) {
      rules.put(
          alert.name(),
          new Shipped(
              alert.name(),
              alert.labels().getOrDefault("severity", ""),
              alert.lasts(),
              duration(alert.lasts())));
    }
    return rules;
  }

  /** All rules as one file, as Prometheus reads it, evaluated each second. */
  public static String prometheusFile() {
    List<JsonNode> groups = new ArrayList<>(MonitoringFiles.groups());
    for (JsonNode group : groups) {
      ((ObjectNode) group).put("interval", "1s");
      for (JsonNode rule : group.path("rules")) {
        ((ObjectNode) rule)
            .put("for", duration(rule.path("for").asText()))
            .put("expr", expression(rule.path("expr").asText()));
      }
    }
    try {
      return new YAMLMapper().writeValueAsString(Map.of("groups", groups));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An expression with shorter windows. */
  static String expression(String shipped) {
    return WINDOW.matcher(shipped).replaceAll(window -> "[" + duration(window.group(1)) + "]");
  }

  /** A shorter duration, in seconds. */
  static String duration(String shipped) {
    Matcher parts = DURATION.matcher(shipped);
    if (!parts.matches()) {
      throw new IllegalArgumentException("not a duration: " + shipped);
    }
    long seconds =
        Long.parseLong(parts.group(1))
            * switch (parts.group(2)) {
              case "s" -> 1;
              case "m" -> 60;
              case "h" -> 3_600;
              default -> 86_400;
            };
    return seconds == 0 ? "0s" : Math.clamp(seconds / DIVISOR, LEAST_SECONDS, MOST_SECONDS) + "s";
  }
}
