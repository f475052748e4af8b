package parley.bench.scenario;

import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.FixedRateTimer;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * End-to-end latency at a constant rate: an open loop in which the pairs send in turn. Latency
 * counts from the time at which a message was due.
 */
public final class Latency implements Scenario {
  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int pairs = benchRun.options.number("pairs", 200);
    int rate = benchRun.options.number("rate", 500);
    List<BenchDevice> all = users.create(2 * pairs);
    users.connectAll(all, BenchRun.CONCURRENT_CONNECTS);
    List<BenchDevice> senders = BenchRun.firstHalf(all);
    List<BenchConversation> conversations =
        users.startConversations(senders, BenchRun.secondHalf(all));
    Histogram delivered = SendSchedule.histogram();
    Histogram stored = SendSchedule.histogram();
    Histogram delay = SendSchedule.histogram();
    long[] done = {0};
    users.listener(
        new VirtualUsers.MessageListener() {
          @Override
          public void delivered(MessageInFlight message, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(delivered, message.intended, now);
              done[0]++;
            }
          }

          @Override
          public void stored(MessageInFlight message, BenchConversation conversation, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(stored, message.intended, now);
            }
          }
        });
    FixedRateTimer timer =
        FixedRateTimer.start(
            users.eventLoop,
            rate,
            (number, intended) -> {
              if (benchRun.measuring()) {
                SendSchedule.record(delay, intended, System.nanoTime());
              }
              int pair = (int) (number % pairs);
              senders.get(pair).send(conversations.get(pair), intended, 1);
            });
    CpuTime used = benchRun.measure();
    timer.stop();
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", done[0] / used.seconds())
            .latencies("end to end", delivered)
            .latencies("stored", stored)
            .with("generator delay p99 (ms)", delay.getValueAtPercentile(99) / 1e6)
            .cpu(used, "message", done[0]);
    return benchRun.verified(benchResult);
  }
}
