package parley.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import parley.bench.bill.StoreCost;

/**
 * The figures of all scenarios of an invocation: minimum, median and maximum of the runs, as a
 * table and as JSON.
 */
public final class BenchReport {
  /**
   * The results of one scenario.
   *
   * @param title the name of the scenario with all options
   * @param runs the result of each run
   */
  public record Entry(String title, List<BenchResult> runs) {
    Set<String> names() {
      Set<String> names = new LinkedHashSet<>();
      runs.forEach(run -> names.addAll(run.figures().keySet()));
      return names;
    }

    /** The values of a figure in ascending order. */
    double[] sorted(String name) {
      return runs.stream()
          .filter(run -> run.figures().containsKey(name))
          .mapToDouble(run -> run.figures().get(name))
          .sorted()
          .toArray();
    }

    List<String> bottlenecks() {
      return runs.stream().map(run -> run.bottleneck().toString()).distinct().toList();
    }

    List<StoreCost> storeCosts() {
      return runs.stream().map(BenchResult::storeCost).filter(Objects::nonNull).toList();
    }

    List<String> notes() {
      return runs.stream()
          .map(BenchResult::notes)
          .filter(note -> !note.isEmpty())
          .distinct()
          .toList();
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, String> machine = new LinkedHashMap<>();

  /**
   * Adds a condition of the measurement, such as the Java version or whether processes were pinned.
   */
  public BenchReport machine(String name, String value) {
    machine.put(name, value);
    return this;
  }

  public void add(Entry entry) {
    entries.add(entry);
  }

  /**
   * Returns the median of ascending values. For an even number of values it is the mean of the
   * middle two.
   */
  public static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Returns the table of one scenario. */
  public static String table(Entry entry) {
    StringBuilder text = new StringBuilder();
    text.append(entry.title()).append('\n');
    text.append(String.format(Locale.ROOT, "  %-34s %12s %12s %12s%n", "", "min", "median", "max"));
    for (String name : entry.names()) {
      double[] values = entry.sorted(name);
      text.append(
          String.format(
              Locale.ROOT,
              "  %-34s %12s %12s %12s%n",
              name,
              number(values[0]),
              number(median(values)),
              number(values[values.length - 1])));
    }
    text.append("  bottleneck: ").append(String.join(" / ", entry.bottlenecks())).append('\n');
    entry.storeCosts().forEach(cost -> text.append(cost.table()).append(cost.line()).append('\n'));
    entry.notes().forEach(note -> text.append("  ").append(note).append('\n'));
    return text.toString();
  }

  private static String number(double value) {
    String format = Math.abs(value) >= 100 || value == Math.rint(value) ? "%,.0f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  /** Writes all figures as JSON. */
  public void write(Path file) throws IOException {
    List<Object> scenarios = new ArrayList<>();
    for (Entry entry : entries) {
      Map<String, Object> figures = new LinkedHashMap<>();
      for (String name : entry.names()) {
        double[] values = entry.sorted(name);
        figures.put(
            name,
            Map.of(
                "min",
                values[0],
                "median",
                median(values),
                "max",
                values[values.length - 1],
                "runs",
                Arrays.stream(values).boxed().toList()));
      }
      Map<String, Object> scenario = new LinkedHashMap<>();
      scenario.put("scenario", entry.title());
      scenario.put("figures", figures);
      if (!entry.storeCosts().isEmpty()) {
        scenario.put("bills", entry.storeCosts().stream().map(StoreCost::json).toList());
      }
      scenario.put("limit", entry.bottlenecks());
      scenario.put("notes", entry.notes());
      scenarios.add(scenario);
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("machine", machine);
    all.put("scenarios", scenarios);
    Files.createDirectories(file.toAbsolutePath().getParent());
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), all);
  }
}
