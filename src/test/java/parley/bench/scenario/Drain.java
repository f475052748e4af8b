package parley.bench.scenario;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;
import parley.bench.report.RunFailedException;

/**
 * A device reconnects while 5,000 entries of ten conversations wait for it. Measures the time from
 * its hello to the first entry, and the rate until the last. The device acknowledges while it
 * reads. Several devices follow one another; the first ones are the warm-up.
 */
public final class Drain implements Scenario {
  private static final Duration SETTLE_TIME = Duration.ofSeconds(1);

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int entries = benchRun.options.number("entries", 5_000);
    int conversationCount = benchRun.options.number("conversations", 10);
    int warmUps = benchRun.options.number("warm", 4);
    int devices = benchRun.options.number("devices", 5);
    Histogram firstEntry = SendSchedule.histogram();
    long[] sum = new long[2];
    double slowest = Double.MAX_VALUE;
    CpuTime total = null;
    for (int i = 0; i < warmUps + devices; i++) {
      BenchDevice device = users.create(1).get(0);
      List<BenchDevice> senders = users.create(conversationCount);
      users.connectAll(List.of(device), 1);
      users.connectAll(senders, BenchRun.CONCURRENT_CONNECTS);
      List<BenchConversation> conversations =
          users.startConversations(senders, Collections.nCopies(conversationCount, device));
      users.runFor(SETTLE_TIME);
      device.disconnect();
      users.runFor(SETTLE_TIME);
      ConversationFiller.fill(users, senders, conversations, entries / conversationCount, 16, 0);
      senders.forEach(BenchDevice::disconnect);
      users.runFor(SETTLE_TIME);
      CpuTime before = i == warmUps ? benchRun.startMeasuring() : benchRun.measuredServer.cpu();
      long[] received = new long[2];
      long all = (long) entries / conversationCount * conversationCount;
      users.listener(
          new VirtualUsers.MessageListener() {
            @Override
            public void replayed(BenchDevice to, long now) {
              if (received[0]++ == 0) {
                received[1] = now - device.helloSentAt();
              }
            }
          });
      users.connect(device, () -> {});
      if (!users.runUntil(() -> received[0] >= all, VirtualUsers.ARRIVAL_TIMEOUT)) {
        throw new RunFailedException(received[0] + " of " + all + " waiting entries arrived");
      }
      long nanos = System.nanoTime() - device.helloSentAt();
      if (i >= warmUps) {
        CpuTime used = benchRun.measuredServer.cpu().since(before);
        total = total == null ? used : total.plus(used);
        firstEntry.recordValue(received[1]);
        sum[0] += all;
        sum[1] += nanos;
        slowest = Math.min(slowest, all * 1e9 / nanos);
      }
      users.runUntil(device::synced, VirtualUsers.ARRIVAL_TIMEOUT);
    }
    CpuTime used = Objects.requireNonNull(total);
    benchRun.stopMeasuring(benchRun.measuredServer.cpu());
    BenchResult benchResult =
        new BenchResult()
            .with("entries/s", sum[0] * 1e9 / sum[1])
            .with("slowest device (entries/s)", slowest)
            .with("first entry mean (ms)", firstEntry.getMean() / 1e6)
            .with("first entry max (ms)", firstEntry.getMaxValue() / 1e6)
            .cpu(used, "entry", sum[0])
            .withoutCpuCost(); // The recording also covers the sending.
    return benchRun.verified(benchResult);
  }
}
