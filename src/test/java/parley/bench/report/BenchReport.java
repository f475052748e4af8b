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
import parley.bench.bill.PriceTag;

/**
 * All figures of an invocation: minimum, median and maximum of the runs, as a table and as JSON.
 */
public final class BenchReport {
  /**
   * One scenario.
   *
   * @param title its name with all options
   * @param runs what each run found
   */
  public record Entry(String title, List<BenchResult> runs) {
    Set<String> names() {
      Set<String> names = new LinkedHashSet<>();
      runs.forEach(run -> names.addAll(run.figures().keySet()));
      return names;
    }

    /** The values of a figure, in order of size. */
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

    List<PriceTag> priceTags() {
      return runs.stream().map(BenchResult::priceTag).filter(Objects::nonNull).toList();
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

  /** Adds what the figures hold for: machine, versions, whether cores were pinned. */
  public BenchReport machine(String name, String value) {
    machine.put(name, value);
    return this;
  }

  public void add(Entry entry) {
    entries.add(entry);
  }

  /** The middle one; of an even number the mean of the two in the middle. */
  public static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The rows of one scenario. */
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
    text.append("  limit: ").append(String.join(" / ", entry.bottlenecks())).append('\n');
    entry.priceTags().forEach(tag -> text.append(tag.table()).append(tag.line()).append('\n'));
    entry.notes().forEach(note -> text.append("  ").append(note).append('\n'));
    return text.toString();
  }

  private static String number(double value) {
    String format = Math.abs(value) >= 100 || value == Math.rint(value) ? "%,.0f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  /** Writes everything as JSON. */
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
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("scenario", entry.title());
      one.put("figures", figures);
      if (!entry.priceTags().isEmpty()) {
        one.put("bills", entry.priceTags().stream().map(PriceTag::json).toList());
      }
      one.put("limit", entry.bottlenecks());
      one.put("notes", entry.notes());
      scenarios.add(one);
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("machine", machine);
    all.put("scenarios", scenarios);
    Files.createDirectories(file.toAbsolutePath().getParent());
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), all);
  }
}
