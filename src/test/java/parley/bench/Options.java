package parley.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One scenario with its options, written as {@code NAME:option=value:option=value}. Spaces or
 * commas separate scenarios. An option without a scenario applies to all: {@code seconds=5 pairs
 * latency:rate=500}.
 */
public final class Options {
  private final String name;
  private final Map<String, String> given;
  private final Map<String, String> used = new LinkedHashMap<>();

  private Options(String name, Map<String, String> given) {
    this.name = name;
    this.given = given;
  }

  /** Parses a list of scenarios. */
  static List<Options> parse(String text) {
    Map<String, String> common = new LinkedHashMap<>();
    List<Options> scenarios = new ArrayList<>();
    for (String word : text.trim().split("[\\s,]+", -1)) {
      if (word.contains("=") && !word.contains(":")) {
        put(common, word);
      } else if (!word.isEmpty()) {
        String[] parts = word.split(":", -1);
        Map<String, String> own = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
          put(own, parts[i]);
        }
        scenarios.add(new Options(parts[0], own));
      }
    }
    for (Options options : scenarios) {
      common.forEach(options.given::putIfAbsent);
    }
    return scenarios;
  }

  private static void put(Map<String, String> in, String pair) {
    int at = pair.indexOf('=');
    if (at < 1) {
      throw new IllegalArgumentException("not option=value: " + pair);
    }
    in.put(pair.substring(0, at), pair.substring(at + 1));
  }

  String name() {
    return name;
  }

  /** Returns the number that is given for an option, or the default. */
  public int number(String option, int defaultValue) {
    return Integer.parseInt(text(option, String.valueOf(defaultValue)));
  }

  /** Returns the text that is given for an option, or the default. */
  public String text(String option, String defaultValue) {
    String value = given.getOrDefault(option, defaultValue);
    used.put(option, value);
    return value;
  }

  /** The scenario with all options that were read so far, including defaults. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(name);
    used.forEach((option, value) -> text.append(' ').append(option).append('=').append(value));
    return text.toString();
  }
}
