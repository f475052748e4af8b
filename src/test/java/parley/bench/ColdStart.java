package parley.bench;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * How long the program takes from its start to listening, and, when it has been started again, a
 * conversation with 10,000 entries from the first question to the answer: it is read from snapshot
 * and events for that. The second question is the same without the reading. Some hundred small
 * conversations are asked first, so that not the loading of classes is measured.
 */
final class ColdStart implements Scenario {
  private static final int SMALL = 200;
  private static final Duration REST = Duration.ofSeconds(2);

  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int entries = stage.options.number("entries", 10_000);
    int restarts = stage.options.number("restarts", 3);
    int big = stage.options.number("conversations", 3);
    List<Device> all = crowd.users(2 * (big + SMALL));
    crowd.open(all, Stage.AT_ONCE);
    List<Device> senders = Stage.half(all, 0);
    List<Conv> convs = crowd.acquaint(senders, Stage.half(all, 1));
    Filler.fill(
        crowd,
        senders.subList(0, big),
        convs.subList(0, big),
        entries,
        stage.options.number("window", 1),
        1);
    crowd.pass(REST);
    Histogram starts = Pace.histogram();
    Histogram small = Pace.histogram();
    Histogram first = Pace.histogram();
    Histogram second = Pace.histogram();
    for (int i = 0; i < restarts; i++) {
      all.forEach(Device::leave);
      crowd.pass(REST);
      stage.program.own().terminate();
      long start = System.nanoTime();
      stage.program.own().restart();
      starts.recordValue(System.nanoTime() - start);
      crowd.open(senders, Stage.AT_ONCE);
      crowd.pass(REST);
      for (int c = big; c < convs.size(); c++) {
        small.recordValue(ask(crowd, senders.get(c), convs.get(c)));
      }
      for (int c = 0; c < big; c++) {
        first.recordValue(ask(crowd, senders.get(c), convs.get(c)));
        second.recordValue(ask(crowd, senders.get(c), convs.get(c)));
      }
    }
    Result result =
        new Result()
            .with("first start (s)", stage.program.startNanos() / 1e9)
            .with("restart median (s)", starts.getValueAtPercentile(50) / 1e9)
            .with("restart max (s)", starts.getMaxValue() / 1e9)
            .with("recovery, first answer p50 (ms)", first.getValueAtPercentile(50) / 1e6)
            .with("recovery, first answer max (ms)", first.getMaxValue() / 1e6)
            .with("second answer p50 (ms)", second.getValueAtPercentile(50) / 1e6)
            .with("small conversation p50 (ms)", small.getValueAtPercentile(50) / 1e6);
    return stage.settled(result);
  }

  private static long ask(Crowd crowd, Device device, Conv conv) {
    boolean[] came = {false};
    long start = System.nanoTime();
    device.history(conv, 0, 50, (from, page) -> came[0] = true);
    if (!crowd.until(() -> came[0], Crowd.PATIENCE)) {
      throw new RunFailedException("no page came");
    }
    return System.nanoTime() - start;
  }
}
