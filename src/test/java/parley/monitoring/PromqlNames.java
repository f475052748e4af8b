package parley.monitoring;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names in an expression of PromQL: which series it selects, and which labels it keeps. Read by
 * regular expressions, which is enough for selectors without braces in their values.
 *
 * @param selectors in their order
 * @param outerLabels the labels of the first aggregation
 * @param labels the labels of all aggregations
 */
record PromqlNames(List<Selector> selectors, List<String> outerLabels, Set<String> labels) {
  private static final Pattern SELECTOR =
      Pattern.compile(
          "\\b((?:parley|jvm|process|system)_[a-z_]+|up|ALERTS)\\b\\s*(?:\\{([^}]*)})?(?!\\w)");
  private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
  private static final Pattern BY = Pattern.compile("\\bby \\(([^)]*)\\)");
  private static final Pattern CREATED = Pattern.compile("label_replace\\(\\w+, \"(\\w+)\"");

  /** Labels that come with the scrape, and the bound of a bucket. */
  private static final Set<String> OF_THE_TARGET = Set.of("namespace", "instance", "job");

  /** A condition for the value of a label. */
  record Condition(String label, String operator, String value) {
    boolean accepts(Map<String, String> labels) {
      String actual = labels.getOrDefault(label, "");
      return switch (operator) {
        case "=" -> actual.equals(value);
        case "!=" -> !actual.equals(value);
        case "=~" -> actual.matches(value);
        default -> !actual.matches(value);
      };
    }
  }

  /** A selector, without the conditions for labels of the target. */
  record Selector(String name, List<Condition> conditions) {
    boolean accepts(Map<String, String> labels) {
      return conditions.stream().allMatch(condition -> condition.accepts(labels));
    }

    /** Whether each alternative of each {@code a|b} is a value that some series has. */
    boolean isWhole(List<Map<String, String>> series) {
      for (Condition condition : conditions) {
        if (condition.operator().equals("=~") && condition.value().matches("[\\w|]+")) {
          for (String one : condition.value().split("\\|", -1)) {
            if (series.stream().noneMatch(s -> one.equals(s.get(condition.label())))) {
              return false;
            }
          }
        }
      }
      return series.stream().anyMatch(this::accepts);
    }
  }

  static PromqlNames of(String expression) {
    List<Selector> selectors = new ArrayList<>();
    Matcher selector = SELECTOR.matcher(expression);
    while (selector.find()) {
      List<Condition> conditions = new ArrayList<>();
      Matcher condition = MATCHER.matcher(selector.group(2) == null ? "" : selector.group(2));
      while (condition.find()) {
        if (!OF_THE_TARGET.contains(condition.group(1))) {
          conditions.add(new Condition(condition.group(1), condition.group(2), condition.group(3)));
        }
      }
      selectors.add(new Selector(selector.group(1), conditions));
    }
    List<String> outer = new ArrayList<>();
    Set<String> labels = new TreeSet<>();
    Matcher by = BY.matcher(expression);
    while (by.find()) {
      List<String> kept = List.of(by.group(1).split(",\\s*", -1));
      if (labels.isEmpty()) {
        outer.addAll(kept);
      }
      labels.addAll(kept);
    }
    labels.removeAll(OF_THE_TARGET);
    Matcher created = CREATED.matcher(expression);
    while (created.find()) {
      labels.remove(created.group(1));
    }
    return new PromqlNames(selectors, outer, labels);
  }
}
