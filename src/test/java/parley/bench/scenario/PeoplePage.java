package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.FixedRateTimer;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * Connected users each request a page of a passivated conversation. The measurement ends when the
 * conversations are passivated again.
 */
public final class PeoplePage extends PeopleScenario {
  @Override
  public BenchResult run(BenchRun benchRun) {
    CostMeasurement measurement = new CostMeasurement(benchRun, "page");
    int pairs = CostMeasurement.scaled(benchRun, benchRun.options.number("pairs", 50));
    int rate = benchRun.options.number("rate", 5);
    List<BenchDevice> all = measurement.connectUsers(2 * pairs);
    List<BenchDevice> readers = BenchRun.firstHalf(all);
    List<BenchConversation> conversations =
        benchRun.users.startConversations(readers, BenchRun.secondHalf(all));
    // A window of 1, as people write. The first entry exists already.
    int entries = benchRun.options.number("entries", 30);
    ConversationFiller.fill(benchRun.users, readers, conversations, entries - 1, 1, 1);
    measurement.awaitPassivation();
    int[] received = {0};
    CpuTime before = measurement.startMeasuring();
    FixedRateTimer timer =
        FixedRateTimer.start(
            benchRun.users.eventLoop,
            rate,
            (number, intended) -> {
              if (number < pairs) {
                int index = (int) number;
                readers
                    .get(index)
                    .history(conversations.get(index), 0, entries, (from, page) -> received[0]++);
              }
            });
    benchRun.users.runFor(Duration.ofSeconds(pairs / rate + 1));
    timer.stop();
    if (!benchRun.users.runUntil(() -> received[0] == pairs, VirtualUsers.ARRIVAL_TIMEOUT)) {
      throw new RunFailedException(received[0] + " of " + pairs + " pages arrived");
    }
    measurement.awaitPassivation();
    return measurement.result(benchRun.stopMeasuring(before), "page", pairs);
  }
}
