package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.MessageInFlight;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * The common part of the {@code people} scenarios: their size, their times, and what is counted.
 */
final class CostRun {
  private final BenchRun benchRun;
  private final String workload;
  private long messages;

  CostRun(BenchRun benchRun, String workload) {
    this.benchRun = benchRun;
    this.workload = workload;
  }

  /** A number of things, by the option {@code scale}. */
  static int scaled(BenchRun benchRun, int count) {
    double scale = Double.parseDouble(benchRun.options.text("scale", "1"));
    return Math.max(1, (int) Math.round(count * scale));
  }

  /** Connects users who have no conversation yet. */
  List<BenchDevice> users(int count) {
    List<BenchDevice> all = benchRun.crowd.users(count);
    benchRun.crowd.open(all, benchRun.atOnce());
    return all;
  }

  /**
   * Waits until everything that nobody uses sleeps: conversations after 90 s, users after 120 s.
   */
  void asleep() {
    benchRun.crowd.settle();
    benchRun.crowd.pass(Duration.ofSeconds(benchRun.options.number("asleep", 420)));
  }

  /** From now on it counts, also the messages that are acknowledged to their senders. */
  CpuTime begin() {
    benchRun.crowd.ear(
        new Crowd.Ear() {
          @Override
          public void stored(
              MessageInFlight messageInFlight, BenchConversation benchConversation, long now) {
            messages += benchRun.measuring() ? 1 : 0;
          }
        });
    return benchRun.begin();
  }

  /** People do what they do for the warm-up, then for the time that counts. */
  CpuTime steady() {
    return steady(120);
  }

  /** The same, with another time that counts where the options do not say. */
  CpuTime steady(int seconds) {
    benchRun.crowd.pass(Duration.ofSeconds(benchRun.options.number("warmup", 30)));
    CpuTime before = begin();
    benchRun.crowd.pass(Duration.ofSeconds(benchRun.options.number("seconds", seconds)));
    return benchRun.end(before);
  }

  /** The result, of so many things of one kind. */
  BenchResult result(CpuTime used, String each, double count) {
    BenchResult benchResult =
        new BenchResult()
            .bill(workload, benchRun.bill(), each, count)
            .cpu(used, each, (long) count);
    return benchRun.settled(benchResult);
  }

  /** The result, for each message. */
  BenchResult result(CpuTime used) {
    return result(used, "message", (double) messages);
  }
}
