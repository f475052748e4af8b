package parley.bench;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;

/**
 * A device comes back and 5,000 entries of ten conversations wait for it: how long until the first,
 * and how many a second until the last, both from the hello. It acknowledges as it reads. Several
 * such devices, one after the other; the first ones only warm up.
 */
final class Drain implements Scenario {
  private static final Duration REST = Duration.ofSeconds(1);

  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int entries = stage.options.number("entries", 5_000);
    int conversations = stage.options.number("conversations", 10);
    int warm = stage.options.number("warm", 4);
    int devices = stage.options.number("devices", 5);
    Histogram first = Pace.histogram();
    long[] sum = new long[2];
    double least = Double.MAX_VALUE;
    Cpu total = null;
    for (int i = 0; i < warm + devices; i++) {
      Device device = crowd.users(1).get(0);
      List<Device> senders = crowd.users(conversations);
      crowd.open(List.of(device), 1);
      crowd.open(senders, Stage.AT_ONCE);
      List<Conv> convs = crowd.acquaint(senders, Collections.nCopies(conversations, device));
      crowd.pass(REST);
      device.leave();
      crowd.pass(REST);
      Filler.fill(crowd, senders, convs, entries / conversations, 16, 0);
      senders.forEach(Device::leave);
      crowd.pass(REST);
      Cpu before = i == warm ? stage.begin() : stage.program.cpu();
      long[] came = new long[2];
      long all = (long) entries / conversations * conversations;
      crowd.ear(
          new Crowd.Ear() {
            @Override
            public void replayed(Device to, long now) {
              if (came[0]++ == 0) {
                came[1] = now - device.helloAt();
              }
            }
          });
      crowd.connect(device, () -> {});
      if (!crowd.until(() -> came[0] >= all, Crowd.PATIENCE)) {
        throw new RunFailedException(came[0] + " of " + all + " waiting entries came");
      }
      long nanos = System.nanoTime() - device.helloAt();
      if (i >= warm) {
        Cpu used = stage.program.cpu().since(before);
        total = total == null ? used : total.plus(used);
        first.recordValue(came[1]);
        sum[0] += all;
        sum[1] += nanos;
        least = Math.min(least, all * 1e9 / nanos);
      }
      crowd.until(device::synced, Crowd.PATIENCE);
    }
    Cpu used = Objects.requireNonNull(total);
    stage.end(stage.program.cpu());
    Result result =
        new Result()
            .with("entries/s", sum[0] * 1e9 / sum[1])
            .with("slowest device (entries/s)", least)
            .with("first entry mean (ms)", first.getMean() / 1e6)
            .with("first entry max (ms)", first.getMaxValue() / 1e6)
            .cpu(used, "entry", sum[0])
            .uncosted(); // The recording has the sending, too.
    return stage.settled(result);
  }
}
