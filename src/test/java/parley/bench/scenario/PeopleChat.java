package parley.bench.scenario;

import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Metronome;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Pairs who are connected and write to each other in turn, each pair a message every {@code every}
 * milliseconds, the pairs evenly spread over that time. With {@code every=0} they are silent, and a
 * minute of one user is what costs. {@code entries} is how many messages they have written before.
 */
public final class PeopleChat extends PeopleScenario {
  private static final int WINDOW = 64;

  private final String workload;
  private final int pairs;
  private final int every;
  private final int entries;

  /** The workload with that name, and what it is where the options do not say. */
  public PeopleChat(String workload, int pairs, int every, int entries) {
    this.workload = workload;
    this.pairs = pairs;
    this.every = every;
    this.entries = entries;
  }

  @Override
  public BenchResult play(BenchRun benchRun) {
    CostRun costRun = new CostRun(benchRun, workload);
    int count = CostRun.scaled(benchRun, benchRun.options.number("pairs", pairs));
    int pause = benchRun.options.number("every", every);
    int before = benchRun.options.number("entries", entries);
    List<BenchDevice> all = costRun.users(2 * count);
    List<BenchDevice> left = BenchRun.half(all, 0);
    List<BenchDevice> right = BenchRun.half(all, 1);
    List<BenchConversation> convs = benchRun.crowd.acquaint(left, right);
    if (before > 0) {
      ConversationFiller.fill(benchRun.crowd, left, convs, before, WINDOW, 1);
    }
    if (pause == 0) {
      costRun.asleep();
      CpuTime used = costRun.steady();
      return costRun.result(used, "user-minute", all.size() * used.seconds() / 60);
    }
    Metronome metronome =
        Metronome.start(
            benchRun.crowd.eventLoop,
            1000.0 * count / pause,
            (number, intended) -> {
              int pair = (int) (number % count);
              boolean first = number / count % 2 == 0;
              (first ? left : right).get(pair).send(convs.get(pair), intended, 1);
            });
    CpuTime used = costRun.steady();
    metronome.stop();
    return costRun.result(used);
  }
}
