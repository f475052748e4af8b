package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Metronome;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * All entities are out of memory. One user of each pair connects, writes one message and
 * disconnects after five seconds. The measurement ends when all entities have left memory again.
 * The other users stay away until the end, when they fetch their messages.
 */
public final class PeopleCold extends PeopleScenario {
  private static final long STAY_NANOS = 5_000_000_000L;

  @Override
  public BenchResult play(BenchRun benchRun) {
    CostRun costRun = new CostRun(benchRun, "cold");
    int pairs = CostRun.scaled(benchRun, benchRun.options.number("pairs", 50));
    List<BenchDevice> all = costRun.users(2 * pairs);
    List<BenchDevice> senders = BenchRun.half(all, 0);
    List<BenchConversation> convs = benchRun.crowd.acquaint(senders, BenchRun.half(all, 1));
    benchRun.crowd.pass(Duration.ofSeconds(5));
    all.forEach(BenchDevice::leave);
    costRun.asleep();
    CpuTime before = costRun.begin();
    Metronome metronome =
        Metronome.start(
            benchRun.crowd.eventLoop,
            benchRun.options.number("rate", 5),
            (number, intended) -> {
              if (number < pairs) {
                write(benchRun, senders.get((int) number), convs.get((int) number));
              }
            });
    benchRun.crowd.pass(Duration.ofSeconds(pairs / benchRun.options.number("rate", 5) + 6));
    metronome.stop();
    costRun.asleep();
    CpuTime used = benchRun.end(before);
    benchRun.crowd.open(all, benchRun.atOnce());
    benchRun.crowd.pass(Duration.ofSeconds(5));
    return costRun.result(used);
  }

  private static void write(
      BenchRun benchRun, BenchDevice sender, BenchConversation benchConversation) {
    benchRun.crowd.connect(
        sender,
        () -> {
          sender.send(benchConversation, System.nanoTime(), 0);
          benchRun.crowd.eventLoop.at(System.nanoTime() + STAY_NANOS, sender::leave);
        });
  }
}
