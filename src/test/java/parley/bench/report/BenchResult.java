package parley.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import parley.bench.bill.Bill;
import parley.bench.bill.PriceTag;

/**
 * The result of one run of a scenario: figures by name, with the unit in brackets, in the order in
 * which they were added.
 */
public final class BenchResult {
  /** What others may use of a core before a figure is called rough. */
  private static final double ROUGH = 0.1;

  private final Map<String, Double> figures = new LinkedHashMap<>();
  private final StringBuilder notes = new StringBuilder();
  private Bottleneck bottleneck = Bottleneck.UNKNOWN;
  private Cost cost = Cost.NONE;
  private @Nullable PriceTag priceTag;

  /** Adds a figure. */
  public BenchResult with(String name, double value) {
    figures.put(name, value);
    return this;
  }

  /** Adds the usual percentiles of nanoseconds, in milliseconds. */
  public BenchResult latencies(String name, Histogram nanos) {
    with(name + " p50 (ms)", nanos.getValueAtPercentile(50) / 1e6);
    with(name + " p90 (ms)", nanos.getValueAtPercentile(90) / 1e6);
    with(name + " p99 (ms)", nanos.getValueAtPercentile(99) / 1e6);
    with(name + " p99.9 (ms)", nanos.getValueAtPercentile(99.9) / 1e6);
    with(name + " max (ms)", nanos.getMaxValue() / 1e6);
    return this;
  }

  /**
   * Adds what both cores did.
   *
   * @param each what the program's processor time is counted for, such as {@code message}
   * @param count how many of those
   */
  public BenchResult cpu(CpuTime used, String each, long count) {
    bottleneck = used.bottleneck();
    if (used.server() >= 0) {
      with("server busy (%)", 100 * used.serverLoad());
      with("of it compiling (%)", 100.0 * used.compiling() / used.wall());
      with("of it collecting (%)", 100.0 * used.collecting() / used.wall());
    }
    serverTime(used, each, count);
    if (used.store() > 0) {
      with("store's stand-in busy (%)", 100 * used.storeLoad());
    }
    if (used.othersLoad() > ROUGH) {
      note("ROUGH: others kept %.2f cores busy".formatted(used.othersLoad()));
    }
    return with("generator busy (%)", 100 * used.ownLoad());
  }

  /** Adds the program's processor time for each of so many, where it is known. */
  public BenchResult serverTime(CpuTime used, String each, long count) {
    if (used.server() < 0) {
      return this;
    }
    cost = Cost.of(used, each, count);
    return cost.known() ? with("server (us/" + each + ")", cost.micros()) : this;
  }

  /** The program's processor time that was counted last. */
  public Cost cost() {
    return cost;
  }

  /** Says that what was recorded is more than what was counted, so that it has no costs for one. */
  public BenchResult uncosted() {
    cost = Cost.NONE;
    return this;
  }

  /** Adds what the store was asked for each of so many, if it counts that. */
  public BenchResult asked(StoreRequests storeRequests, String each, long count) {
    double all = Math.max(1, count);
    if (storeRequests.requests() > 0) {
      with("store requests/" + each, storeRequests.requests() / all);
      storeRequests.byKind().forEach((kind, tally) -> with("- " + kind, tally.requests() / all));
      with("write units/" + each, storeRequests.writeUnits() / all);
      with("read units/" + each, storeRequests.readUnits() / all);
    }
    return this;
  }

  /**
   * Adds what the store cost.
   *
   * @param workload its name in the line for scripts
   * @param each what the cost is counted for, such as {@code message}
   * @param count how many of those
   */
  public BenchResult bill(String workload, Bill bill, String each, double count) {
    PriceTag tag = new PriceTag(workload, bill, each, count);
    priceTag = tag;
    return with(each + "s", count)
        .with("write units/" + each, tag.writeUnits())
        .with("read units/" + each, tag.readUnits())
        .with("$/million " + each + "s", tag.dollarsPerMillion());
  }

  /** What the store cost, if that was counted. */
  public @Nullable PriceTag priceTag() {
    return priceTag;
  }

  /** Says what the limit was, where this is put together from others. */
  public BenchResult limit(Bottleneck is) {
    bottleneck = is;
    return this;
  }

  public BenchResult note(String more) {
    notes.append(notes.isEmpty() ? "" : "; ").append(more);
    return this;
  }

  public Map<String, Double> figures() {
    return figures;
  }

  public Bottleneck bottleneck() {
    return bottleneck;
  }

  public String notes() {
    return notes.toString();
  }
}
