package parley.bench.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Metronome;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * A user with many conversations. A few of the other members are connected, and write to the user
 * in turn, a message every {@code every} milliseconds.
 */
public final class PeopleInbox extends PeopleScenario {
  /** The user reads each first message, and a connection may send 20 such frames a second. */
  private static final int ACQUAINTED_A_SECOND = 15;

  @Override
  public BenchResult play(BenchRun benchRun) {
    CostRun costRun = new CostRun(benchRun, "inbox");
    int rows = CostRun.scaled(benchRun, benchRun.options.number("rows", 1_000));
    int writing = Math.min(rows, benchRun.options.number("writing", 20));
    int every = benchRun.options.number("every", 1_000);
    BenchDevice user = costRun.users(1).getFirst();
    List<BenchDevice> others = costRun.users(rows);
    List<BenchConversation> convs = new ArrayList<>(rows);
    for (int from = 0; from < rows; from += ACQUAINTED_A_SECOND) {
      List<BenchDevice> some = others.subList(from, Math.min(rows, from + ACQUAINTED_A_SECOND));
      convs.addAll(benchRun.crowd.acquaint(some, Collections.nCopies(some.size(), user)));
      benchRun.crowd.pass(Duration.ofSeconds(1));
    }
    benchRun.crowd.pass(Duration.ofSeconds(5));
    others.subList(writing, rows).forEach(BenchDevice::leave);
    costRun.asleep();
    Metronome metronome =
        Metronome.start(
            benchRun.crowd.eventLoop,
            1000.0 / every,
            (number, intended) -> {
              int which = (int) (number % writing);
              others.get(which).send(convs.get(which), intended, 1);
            });
    CpuTime used = costRun.steady();
    metronome.stop();
    return costRun.result(used);
  }
}
