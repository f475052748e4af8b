package parley.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import parley.bench.bill.Bill;
import parley.bench.bill.StoreCost;

/**
 * The result of one run of a scenario: figures by name, in the order in which they were added. A
 * name ends with the unit in brackets.
 */
public final class BenchResult {
  /** Other processes may use this many cores before a result is marked as rough. */
  private static final double ROUGH_LOAD = 0.1;

  private final Map<String, Double> figures = new LinkedHashMap<>();
  private final StringBuilder notes = new StringBuilder();
  private Bottleneck bottleneck = Bottleneck.UNKNOWN;
  private CpuCost cpuCost = CpuCost.NONE;
  private @Nullable StoreCost storeCost;

  /** Adds a figure. */
  public BenchResult with(String name, double value) {
    figures.put(name, value);
    return this;
  }

  /**
   * Adds the usual percentiles in milliseconds.
   *
   * @param nanos latencies in nanoseconds
   */
  public BenchResult latencies(String name, Histogram nanos) {
    with(name + " p50 (ms)", nanos.getValueAtPercentile(50) / 1e6);
    with(name + " p90 (ms)", nanos.getValueAtPercentile(90) / 1e6);
    with(name + " p99 (ms)", nanos.getValueAtPercentile(99) / 1e6);
    with(name + " p99.9 (ms)", nanos.getValueAtPercentile(99.9) / 1e6);
    with(name + " max (ms)", nanos.getMaxValue() / 1e6);
    return this;
  }

  /**
   * Adds the load of both cores, the bottleneck, and the server's processor time per item.
   *
   * @param each the name of one item, such as {@code message}
   * @param count the number of items
   */
  public BenchResult cpu(CpuTime used, String each, long count) {
    bottleneck = used.bottleneck();
    if (used.server() >= 0) {
      with("server busy (%)", 100 * used.serverLoad());
      with("server compiling (%)", 100.0 * used.compiling() / used.wall());
      with("server collecting (%)", 100.0 * used.collecting() / used.wall());
    }
    serverTime(used, each, count);
    if (used.store() > 0) {
      with("store stand-in busy (%)", 100 * used.storeLoad());
    }
    if (used.otherLoad() > ROUGH_LOAD) {
      note("ROUGH: other processes used %.2f cores".formatted(used.otherLoad()));
    }
    return with("generator busy (%)", 100 * used.generatorLoad());
  }

  /** Adds the server's processor time per item, if it is known. */
  public BenchResult serverTime(CpuTime used, String each, long count) {
    if (used.server() < 0) {
      return this;
    }
    cpuCost = CpuCost.of(used, each, count);
    return cpuCost.known() ? with("server (us/" + each + ")", cpuCost.micros()) : this;
  }

  /** The server's processor time per item, as it was added last. */
  public CpuCost cpuCost() {
    return cpuCost;
  }

  /**
   * Removes the processor time per item. For runs whose recording covers more than the measured
   * items.
   */
  public BenchResult withoutCpuCost() {
    cpuCost = CpuCost.NONE;
    return this;
  }

  /** Adds the requests to the store per item, if the store counts them. */
  public BenchResult storeRequests(StoreRequests storeRequests, String each, long count) {
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
   * Adds the bill of the store.
   *
   * @param workload the name in the line for scripts
   * @param each the name of one item, such as {@code message}
   * @param count the number of items
   */
  public BenchResult bill(String workload, Bill bill, String each, double count) {
    StoreCost cost = new StoreCost(workload, bill, each, count);
    storeCost = cost;
    return with(each + "s", count)
        .with("write units/" + each, cost.writeUnits())
        .with("read units/" + each, cost.readUnits())
        .with("$/million " + each + "s", cost.dollarsPerMillion());
  }

  /** The cost of the store; null if it was not counted. */
  public @Nullable StoreCost storeCost() {
    return storeCost;
  }

  /** Sets the bottleneck of a result that combines several others. */
  public BenchResult bottleneck(Bottleneck combined) {
    bottleneck = combined;
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
