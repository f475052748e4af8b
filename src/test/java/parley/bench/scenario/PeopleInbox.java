package parley.bench.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.FixedRateTimer;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * A user with many conversations. A few of the other members are connected and write to the user in
 * turn, one message every {@code every} milliseconds.
 */
public final class PeopleInbox extends PeopleScenario {
  /**
   * Bounded because the user sends a read frame for each first message, and a connection may send
   * 20 such frames a second.
   */
  private static final int NEW_CONVERSATIONS_PER_SECOND = 15;

  @Override
  public BenchResult run(BenchRun benchRun) {
    CostMeasurement measurement = new CostMeasurement(benchRun, "inbox");
    int rows = CostMeasurement.scaled(benchRun, benchRun.options.number("rows", 1_000));
    int writing = Math.min(rows, benchRun.options.number("writing", 20));
    int every = benchRun.options.number("every", 1_000);
    BenchDevice user = measurement.connectUsers(1).getFirst();
    List<BenchDevice> others = measurement.connectUsers(rows);
    List<BenchConversation> conversations = new ArrayList<>(rows);
    for (int from = 0; from < rows; from += NEW_CONVERSATIONS_PER_SECOND) {
      List<BenchDevice> some =
          others.subList(from, Math.min(rows, from + NEW_CONVERSATIONS_PER_SECOND));
      conversations.addAll(
          benchRun.users.startConversations(some, Collections.nCopies(some.size(), user)));
      benchRun.users.runFor(Duration.ofSeconds(1));
    }
    benchRun.users.runFor(Duration.ofSeconds(5));
    others.subList(writing, rows).forEach(BenchDevice::disconnect);
    measurement.awaitPassivation();
    FixedRateTimer timer =
        FixedRateTimer.start(
            benchRun.users.eventLoop,
            1000.0 / every,
            (number, intended) -> {
              int index = (int) (number % writing);
              others.get(index).send(conversations.get(index), intended, 1);
            });
    CpuTime used = measurement.measureSteadyLoad();
    timer.stop();
    return measurement.result(used);
  }
}
