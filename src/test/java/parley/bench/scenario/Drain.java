package parley.bench.scenario;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * A device comes back and 5,000 entries of ten conversations wait for it: how long until the first,
 * and how many a second until the last, both from the hello. It acknowledges as it reads. Several
 * such devices, one after the other; the first ones only warm up.
 */
public final class Drain implements Scenario {
  private static final Duration REST = Duration.ofSeconds(1);

  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int entries = benchRun.options.number("entries", 5_000);
    int conversations = benchRun.options.number("conversations", 10);
    int warm = benchRun.options.number("warm", 4);
    int devices = benchRun.options.number("devices", 5);
    Histogram first = SendSchedule.histogram();
    long[] sum = new long[2];
    double least = Double.MAX_VALUE;
    CpuTime total = null;
    for (int i = 0; i < warm + devices; i++) {
      BenchDevice benchDevice = crowd.users(1).get(0);
      List<BenchDevice> senders = crowd.users(conversations);
      crowd.open(List.of(benchDevice), 1);
      crowd.open(senders, BenchRun.AT_ONCE);
      List<BenchConversation> convs =
          crowd.acquaint(senders, Collections.nCopies(conversations, benchDevice));
      crowd.pass(REST);
      benchDevice.leave();
      crowd.pass(REST);
      ConversationFiller.fill(crowd, senders, convs, entries / conversations, 16, 0);
      senders.forEach(BenchDevice::leave);
      crowd.pass(REST);
      CpuTime before = i == warm ? benchRun.begin() : benchRun.measuredServer.cpu();
      long[] came = new long[2];
      long all = (long) entries / conversations * conversations;
      crowd.ear(
          new Crowd.Ear() {
            @Override
            public void replayed(BenchDevice to, long now) {
              if (came[0]++ == 0) {
                came[1] = now - benchDevice.helloAt();
              }
            }
          });
      crowd.connect(benchDevice, () -> {});
      if (!crowd.until(() -> came[0] >= all, Crowd.PATIENCE)) {
        throw new RunFailedException(came[0] + " of " + all + " waiting entries came");
      }
      long nanos = System.nanoTime() - benchDevice.helloAt();
      if (i >= warm) {
        CpuTime used = benchRun.measuredServer.cpu().since(before);
        total = total == null ? used : total.plus(used);
        first.recordValue(came[1]);
        sum[0] += all;
        sum[1] += nanos;
        least = Math.min(least, all * 1e9 / nanos);
      }
      crowd.until(benchDevice::synced, Crowd.PATIENCE);
    }
    CpuTime used = Objects.requireNonNull(total);
    benchRun.end(benchRun.measuredServer.cpu());
    BenchResult benchResult =
        new BenchResult()
            .with("entries/s", sum[0] * 1e9 / sum[1])
            .with("slowest device (entries/s)", least)
            .with("first entry mean (ms)", first.getMean() / 1e6)
            .with("first entry max (ms)", first.getMaxValue() / 1e6)
            .cpu(used, "entry", sum[0])
            .uncosted(); // The recording has the sending, too.
    return benchRun.settled(benchResult);
  }
}
