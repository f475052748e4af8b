package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.FixedRateTimer;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * All entities are passivated. One user of each pair connects, writes one message and disconnects
 * after five seconds. The measurement ends when all entities are passivated again. The other users
 * stay offline until the end, when they fetch their messages.
 */
public final class PeopleCold extends PeopleScenario {
  private static final long ONLINE_NANOS = 5_000_000_000L;

  @Override
  public BenchResult run(BenchRun benchRun) {
    CostMeasurement measurement = new CostMeasurement(benchRun, "cold");
    int pairs = CostMeasurement.scaled(benchRun, benchRun.options.number("pairs", 50));
    List<BenchDevice> all = measurement.connectUsers(2 * pairs);
    List<BenchDevice> senders = BenchRun.firstHalf(all);
    List<BenchConversation> conversations =
        benchRun.users.startConversations(senders, BenchRun.secondHalf(all));
    benchRun.users.runFor(Duration.ofSeconds(5));
    all.forEach(BenchDevice::disconnect);
    measurement.awaitPassivation();
    CpuTime before = measurement.startMeasuring();
    FixedRateTimer timer =
        FixedRateTimer.start(
            benchRun.users.eventLoop,
            benchRun.options.number("rate", 5),
            (number, intended) -> {
              if (number < pairs) {
                connectAndSend(
                    benchRun, senders.get((int) number), conversations.get((int) number));
              }
            });
    benchRun.users.runFor(Duration.ofSeconds(pairs / benchRun.options.number("rate", 5) + 6));
    timer.stop();
    measurement.awaitPassivation();
    CpuTime used = benchRun.stopMeasuring(before);
    benchRun.users.connectAll(all, benchRun.concurrentConnects());
    benchRun.users.runFor(Duration.ofSeconds(5));
    return measurement.result(used);
  }

  private static void connectAndSend(
      BenchRun benchRun, BenchDevice sender, BenchConversation conversation) {
    benchRun.users.connect(
        sender,
        () -> {
          sender.send(conversation, System.nanoTime(), 0);
          benchRun.users.eventLoop.runAt(System.nanoTime() + ONLINE_NANOS, sender::disconnect);
        });
  }
}
