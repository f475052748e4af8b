package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import parley.client.JsonTrees;
import parley.monitoring.PrometheusServer;
import parley.monitoring.ShortRules;

/**
 * A Prometheus with the shortened rules, which asks the nodes of the present scene, and what it
 * said about each alert. One scene at a time.
 */
final class AlertBoard implements AutoCloseable {
  /** For how long nothing may have fired before a fault: the longest window, and a margin. */
  private static final Duration SILENCE = Duration.ofSeconds(20);

  private static final String CONFIGURATION =
      """
      global: {scrape_interval: %1$ds, scrape_timeout: %1$ds, evaluation_interval: 1s}
      rule_files: [rules.yaml]
      scrape_configs:
        - job_name: parley
          file_sd_configs:
            - {files: [targets.json], refresh_interval: 1s}
      """;

  private final PrometheusServer prometheus;
  private final Path targets;
  private final Path results;
  private final Map<String, Outcome> outcomes = new TreeMap<>();

  /**
   * What was seen of an alert.
   *
   * @param fault what provoked it
   * @param silentBefore whether it neither fired nor was pending in the {@link #SILENCE} before
   * @param seconds from the fault to the alert; negative if it did not fire
   */
  record Outcome(String alert, String fault, boolean silentBefore, double seconds) {
    boolean fired() {
      return seconds >= 0;
    }

    private String line() {
      return String.format(Locale.ROOT, "%s\t%s\t%s\t%.1f", alert, fault, silentBefore, seconds);
    }

    private static Outcome of(String line) {
      String[] parts = line.split("\t", -1);
      return new Outcome(
          parts[0], parts[1], Boolean.parseBoolean(parts[2]), Double.parseDouble(parts[3]));
    }
  }

  private AlertBoard(PrometheusServer prometheus, Path targets, Path results) {
    this.prometheus = prometheus;
    this.targets = targets;
    this.results = results;
  }

  /**
   * Starts Prometheus.
   *
   * @param folder an empty folder
   * @param results a file that keeps the outcomes, so that scenes may run one by one
   */
  static AlertBoard start(Path folder, Path results) throws IOException {
    Path targets = Files.writeString(folder.resolve("targets.json"), "[]");
    Files.writeString(folder.resolve("rules.yaml"), ShortRules.prometheusFile());
    AlertBoard board =
        new AlertBoard(
            PrometheusServer.start(folder, CONFIGURATION.formatted(ShortRules.SCRAPE.toSeconds())),
            targets,
            results);
    if (Files.exists(results)) {
      for (String line : Files.readAllLines(results)) {
        Outcome before = Outcome.of(line);
        board.outcomes.put(before.alert(), before);
      }
    }
    return board;
  }

  /** Asks these addresses from now on, and no others; waits until all of them have answered. */
  void ask(String namespace, List<String> addresses) {
    JsonNode group =
        JsonTrees.obj(
            "targets", addresses, "labels", Map.of("namespace", namespace, "job", "parley"));
    write(addresses.isEmpty() ? "[]" : "[" + group + "]");
    await("answers of " + addresses)
        .atMost(Duration.ofMinutes(1))
        .until(() -> prometheus.query("up == 1").size() == addresses.size());
  }

  private void write(String json) {
    try {
      // At once, so that Prometheus never reads a half.
      Path next = Files.writeString(targets.resolveSibling("targets.next"), json);
      Files.move(
          next, targets, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets the nodes work without a fault, so that it is known what is silent then. */
  void quiet() throws InterruptedException {
    rest(SILENCE.toSeconds() + 2);
  }

  static void rest(long seconds) throws InterruptedException {
    var unused = new CountDownLatch(1).await(seconds, TimeUnit.SECONDS);
  }

  /** The beginning of a fault. */
  final class Provocation {
    private final String fault;
    private final Set<String> wanted;
    private final Set<String> before;
    private final long begun = System.nanoTime();

    private Provocation(String fault, Set<String> wanted, Set<String> before) {
      this.fault = fault;
      this.wanted = wanted;
      this.before = before;
    }

    /** Waits until all wanted alerts fire, or for so long; keeps what was seen. */
    void awaitFiring(Duration most) throws Exception {
      Set<String> missing = new TreeSet<>(wanted);
      while (!missing.isEmpty() && System.nanoTime() - begun < most.toNanos()) {
        Set<String> firing = names("ALERTS{alertstate=\"firing\"}");
        double seconds = (System.nanoTime() - begun) / 1e9;
        for (String alert : Set.copyOf(missing)) {
          if (firing.contains(alert)) {
            missing.remove(alert);
            keep(new Outcome(alert, fault, !before.contains(alert), seconds));
          }
        }
        var unused = new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
      }
      for (String alert : missing) {
        Outcome known = outcomes.get(alert);
        if (known == null || !known.fired()) {
          keep(new Outcome(alert, fault, !before.contains(alert), -1));
        }
      }
    }
  }

  /** A fault begins now. Notes which of the alerts were not silent before. */
  Provocation provoke(String fault, String... alerts) throws Exception {
    Set<String> before = names("count_over_time(ALERTS[" + SILENCE.toSeconds() + "s])");
    System.out.println("# " + fault + (before.isEmpty() ? "" : "; not silent before: " + before));
    return new Provocation(fault, new TreeSet<>(List.of(alerts)), before);
  }

  /** Waits until these alerts are silent again. */
  void awaitSilence(String... alerts) {
    await("silence of " + List.of(alerts))
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(1))
        .until(
            () -> {
              Set<String> now = names("ALERTS");
              return List.of(alerts).stream().noneMatch(now::contains);
            });
  }

  /** The first value that an expression has now; NaN without any. */
  double value(String expression) throws Exception {
    JsonNode result = prometheus.query(expression);
    return result.isEmpty() ? Double.NaN : result.path(0).at("/value/1").asDouble(Double.NaN);
  }

  private Set<String> names(String expression) throws Exception {
    Set<String> names = new TreeSet<>();
    for (JsonNode one : prometheus.query(expression)) {
      names.add(one.at("/metric/alertname").asText());
    }
    return names;
  }

  private void keep(Outcome outcome) throws IOException {
    System.out.println("| " + outcome.line());
    outcomes.put(outcome.alert(), outcome);
    Files.createDirectories(results.toAbsolutePath().getParent());
    Files.write(results, outcomes.values().stream().map(Outcome::line).toList());
  }

  /** The outcomes as a table in Markdown; {@code reasons} are those of alerts without one. */
  String table(Map<String, String> reasons) {
    List<String> lines = new ArrayList<>();
    lines.add("| alert | severity | `for`: shipped, here | fault | silent before | fired after |");
    lines.add("|---|---|---|---|---|---|");
    for (ShortRules.Shipped rule : ShortRules.shipped().values()) {
      Outcome seen = outcomes.get(rule.name());
      String times = rule.lasts() + ", " + rule.lastsHere();
      lines.add(
          seen == null || !seen.fired()
              ? "| %s | %s | %s | %s | – | not provoked |"
                  .formatted(
                      rule.name(),
                      rule.severity(),
                      times,
                      reasons.getOrDefault(
                          rule.name(), seen == null ? "not tried" : "tried: " + seen.fault()))
              : String.format(
                  Locale.ROOT,
                  "| %s | %s | %s | %s | %s | %.0f s |",
                  rule.name(),
                  rule.severity(),
                  times,
                  seen.fault(),
                  seen.silentBefore() ? "yes" : "no",
                  seen.seconds()));
    }
    return String.join("\n", lines) + "\n";
  }

  @Override
  public void close() {
    prometheus.close();
  }
}
