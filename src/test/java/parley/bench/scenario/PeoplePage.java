package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.Metronome;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * Connected users each request a page of a conversation that is not in memory. The measurement ends
 * when the conversations have left memory again.
 */
public final class PeoplePage extends PeopleScenario {
  @Override
  public BenchResult play(BenchRun benchRun) {
    CostRun costRun = new CostRun(benchRun, "page");
    int pairs = CostRun.scaled(benchRun, benchRun.options.number("pairs", 50));
    int rate = benchRun.options.number("rate", 5);
    List<BenchDevice> all = costRun.users(2 * pairs);
    List<BenchDevice> readers = BenchRun.half(all, 0);
    List<BenchConversation> convs = benchRun.crowd.acquaint(readers, BenchRun.half(all, 1));
    // One after the other, as people write; the first entry is there.
    int entries = benchRun.options.number("entries", 30);
    ConversationFiller.fill(benchRun.crowd, readers, convs, entries - 1, 1, 1);
    costRun.asleep();
    int[] came = {0};
    CpuTime before = costRun.begin();
    Metronome metronome =
        Metronome.start(
            benchRun.crowd.eventLoop,
            rate,
            (number, intended) -> {
              if (number < pairs) {
                int which = (int) number;
                readers.get(which).history(convs.get(which), 0, entries, (from, page) -> came[0]++);
              }
            });
    benchRun.crowd.pass(Duration.ofSeconds(pairs / rate + 1));
    metronome.stop();
    if (!benchRun.crowd.until(() -> came[0] == pairs, Crowd.PATIENCE)) {
      throw new RunFailedException(came[0] + " of " + pairs + " pages came");
    }
    costRun.asleep();
    return costRun.result(benchRun.end(before), "page", pairs);
  }
}
