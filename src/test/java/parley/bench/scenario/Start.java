package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.RunFailedException;

/**
 * How long the program takes from its start to listening, and, when it has been started again, a
 * conversation with 10,000 entries from the first question to the answer: it is read from snapshot
 * and events for that. The second question is the same without the reading. Some hundred small
 * conversations are asked first, so that not the loading of classes is measured.
 */
public final class Start implements Scenario {
  private static final int SMALL = 200;
  private static final Duration REST = Duration.ofSeconds(2);

  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int entries = benchRun.options.number("entries", 10_000);
    int restarts = benchRun.options.number("restarts", 3);
    int big = benchRun.options.number("conversations", 3);
    List<BenchDevice> all = crowd.users(2 * (big + SMALL));
    crowd.open(all, BenchRun.AT_ONCE);
    List<BenchDevice> senders = BenchRun.half(all, 0);
    List<BenchConversation> convs = crowd.acquaint(senders, BenchRun.half(all, 1));
    ConversationFiller.fill(
        crowd,
        senders.subList(0, big),
        convs.subList(0, big),
        entries,
        benchRun.options.number("window", 1),
        1);
    crowd.pass(REST);
    Histogram starts = SendSchedule.histogram();
    Histogram small = SendSchedule.histogram();
    Histogram first = SendSchedule.histogram();
    Histogram second = SendSchedule.histogram();
    for (int i = 0; i < restarts; i++) {
      all.forEach(BenchDevice::leave);
      crowd.pass(REST);
      benchRun.measuredServer.own().terminate();
      long start = System.nanoTime();
      benchRun.measuredServer.own().restart();
      starts.recordValue(System.nanoTime() - start);
      crowd.open(senders, BenchRun.AT_ONCE);
      crowd.pass(REST);
      for (int c = big; c < convs.size(); c++) {
        small.recordValue(ask(crowd, senders.get(c), convs.get(c)));
      }
      for (int c = 0; c < big; c++) {
        first.recordValue(ask(crowd, senders.get(c), convs.get(c)));
        second.recordValue(ask(crowd, senders.get(c), convs.get(c)));
      }
    }
    BenchResult benchResult =
        new BenchResult()
            .with("first start (s)", benchRun.measuredServer.startNanos() / 1e9)
            .with("restart median (s)", starts.getValueAtPercentile(50) / 1e9)
            .with("restart max (s)", starts.getMaxValue() / 1e9)
            .with("recovery, first answer p50 (ms)", first.getValueAtPercentile(50) / 1e6)
            .with("recovery, first answer max (ms)", first.getMaxValue() / 1e6)
            .with("second answer p50 (ms)", second.getValueAtPercentile(50) / 1e6)
            .with("small conversation p50 (ms)", small.getValueAtPercentile(50) / 1e6);
    return benchRun.settled(benchResult);
  }

  private static long ask(
      Crowd crowd, BenchDevice benchDevice, BenchConversation benchConversation) {
    boolean[] came = {false};
    long start = System.nanoTime();
    benchDevice.history(benchConversation, 0, 50, (from, page) -> came[0] = true);
    if (!crowd.until(() -> came[0], Crowd.PATIENCE)) {
      throw new RunFailedException("no page came");
    }
    return System.nanoTime() - start;
  }
}
