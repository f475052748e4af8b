package parley.bench.scenario;

import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.FixedRateTimer;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Connected pairs who write in turn. Each pair sends a message every {@code every} milliseconds,
 * evenly spread over that time. With {@code every=0} nobody writes and the cost is per user and
 * minute. {@code entries} is the number of messages that each pair has written before.
 */
public final class PeopleChat extends PeopleScenario {
  private static final int WINDOW = 64;

  private final String workload;
  private final int pairs;
  private final int every;
  private final int entries;

  /**
   * Creates a workload with its default options.
   *
   * @param every milliseconds between messages of a pair; 0 for none
   * @param entries messages that each pair has written before
   */
  public PeopleChat(String workload, int pairs, int every, int entries) {
    this.workload = workload;
    this.pairs = pairs;
    this.every = every;
    this.entries = entries;
  }

  @Override
  public BenchResult run(BenchRun benchRun) {
    CostMeasurement measurement = new CostMeasurement(benchRun, workload);
    int count = CostMeasurement.scaled(benchRun, benchRun.options.number("pairs", pairs));
    int pause = benchRun.options.number("every", every);
    int before = benchRun.options.number("entries", entries);
    List<BenchDevice> all = measurement.connectUsers(2 * count);
    List<BenchDevice> left = BenchRun.firstHalf(all);
    List<BenchDevice> right = BenchRun.secondHalf(all);
    List<BenchConversation> conversations = benchRun.users.startConversations(left, right);
    if (before > 0) {
      ConversationFiller.fill(benchRun.users, left, conversations, before, WINDOW, 1);
    }
    if (pause == 0) {
      measurement.awaitPassivation();
      CpuTime used = measurement.measureSteadyLoad();
      return measurement.result(used, "user-minute", all.size() * used.seconds() / 60);
    }
    FixedRateTimer timer =
        FixedRateTimer.start(
            benchRun.users.eventLoop,
            1000.0 * count / pause,
            (number, intended) -> {
              int pair = (int) (number % count);
              boolean first = number / count % 2 == 0;
              (first ? left : right).get(pair).send(conversations.get(pair), intended, 1);
            });
    CpuTime used = measurement.measureSteadyLoad();
    timer.stop();
    return measurement.result(used);
  }
}
