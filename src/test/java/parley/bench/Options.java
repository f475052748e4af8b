package parley.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to measure: {@code NAME:option=value:option=value}, several with spaces or commas between
 * them. Options that hold for all of them stand alone: {@code seconds=5 pairs latency:rate=500}.
 */
public final class Options {
  private final String name;
  private final Map<String, String> given;
  private final Map<String, String> used = new LinkedHashMap<>();

  private Options(String name, Map<String, String> given) {
    this.name = name;
    this.given = given;
  }

  /** Reads a list of scenarios. */
  static List<Options> parse(String text) {
    Map<String, String> all = new LinkedHashMap<>();
    List<Options> found = new ArrayList<>();
    for (String word : text.trim().split("[\\s,]+", -1)) {
      if (word.contains("=") && !word.contains(":")) {
        put(all, word);
      } else if (!word.isEmpty()) {
        String[] parts = word.split(":", -1);
        Map<String, String> own = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
          put(own, parts[i]);
        }
        found.add(new Options(parts[0], own));
      }
    }
    for (Options one : found) {
      all.forEach(one.given::putIfAbsent);
    }
    return found;
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

  /** A number, or what stands for it where none is given. */
  public int number(String option, int otherwise) {
    return Integer.parseInt(text(option, String.valueOf(otherwise)));
  }

  /** A text, or what stands for it where none is given. */
  public String text(String option, String otherwise) {
    String value = given.getOrDefault(option, otherwise);
    used.put(option, value);
    return value;
  }

  /** The scenario with everything that was asked for so far, defaults too. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(name);
    used.forEach((option, value) -> text.append(' ').append(option).append('=').append(value));
    return text.toString();
  }
}
