package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/** The common part of the {@code people} scenarios: setup, measured time and result. */
final class CostMeasurement {
  private final BenchRun benchRun;
  private final String workload;
  private long messages;

  CostMeasurement(BenchRun benchRun, String workload) {
    this.benchRun = benchRun;
    this.workload = workload;
  }

  /** Multiplies a number by the option {@code scale}. Returns at least 1. */
  static int scaled(BenchRun benchRun, int count) {
    double scale = Double.parseDouble(benchRun.options.text("scale", "1"));
    return Math.max(1, (int) Math.round(count * scale));
  }

  /** Creates users without conversations and connects them. */
  List<BenchDevice> connectUsers(int count) {
    List<BenchDevice> all = benchRun.users.create(count);
    benchRun.users.connectAll(all, benchRun.concurrentConnects());
    return all;
  }

  /**
   * Waits until all unused entities are passivated: conversations after 90 s, users after 120 s.
   * The option {@code asleep} is the time in seconds.
   */
  void awaitPassivation() {
    benchRun.users.awaitInFlight();
    benchRun.users.runFor(Duration.ofSeconds(benchRun.options.number("asleep", 420)));
  }

  /** Starts the measured time. From now on stored messages count. */
  CpuTime startMeasuring() {
    benchRun.users.listener(
        new VirtualUsers.MessageListener() {
          @Override
          public void stored(MessageInFlight message, BenchConversation conversation, long now) {
            messages += benchRun.measuring() ? 1 : 0;
          }
        });
    return benchRun.startMeasuring();
  }

  /** Measures a steady load: warm-up, then by default 120 s of measured time. */
  CpuTime measureSteadyLoad() {
    return measureSteadyLoad(120);
  }

  /**
   * Measures a steady load.
   *
   * @param seconds the measured time, if the options do not say
   */
  CpuTime measureSteadyLoad(int seconds) {
    benchRun.users.runFor(Duration.ofSeconds(benchRun.options.number("warmup", 30)));
    CpuTime before = startMeasuring();
    benchRun.users.runFor(Duration.ofSeconds(benchRun.options.number("seconds", seconds)));
    return benchRun.stopMeasuring(before);
  }

  /** Returns the result for a number of items of one kind. */
  BenchResult result(CpuTime used, String each, double count) {
    BenchResult benchResult =
        new BenchResult()
            .bill(workload, benchRun.bill(), each, count)
            .cpu(used, each, (long) count);
    return benchRun.verified(benchResult);
  }

  /** Returns the result for the stored messages. */
  BenchResult result(CpuTime used) {
    return result(used, "message", (double) messages);
  }
}
