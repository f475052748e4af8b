package parley.bench.scenario;

import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * One-to-one messages in a closed loop: each sender keeps a window of messages in flight to its
 * peer. A message is complete when its sender has {@code sent} and its receiver has the message.
 * Both devices acknowledge.
 */
public final class Pairs implements Scenario {
  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int pairs = benchRun.options.number("pairs", 200);
    int window = benchRun.options.number("window", 1);
    List<BenchDevice> all = users.create(2 * pairs);
    users.connectAll(all, benchRun.concurrentConnects());
    List<BenchDevice> senders = BenchRun.firstHalf(all);
    List<BenchConversation> conversations =
        users.startConversations(senders, BenchRun.secondHalf(all));
    Histogram latency = SendSchedule.histogram();
    long[] done = {0};
    boolean[] sending = {true};
    users.listener(
        new VirtualUsers.MessageListener() {
          @Override
          public void delivered(MessageInFlight message, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(latency, message.intended, now);
            }
          }

          @Override
          public void completed(MessageInFlight message, long now) {
            if (benchRun.measuring()) {
              done[0]++;
            }
            if (sending[0]) {
              message.from.send(Objects.requireNonNull(message.conversation), now, 1);
            }
          }
        });
    for (int i = 0; i < pairs; i++) {
      for (int n = 0; n < window; n++) {
        senders.get(i).send(conversations.get(i), System.nanoTime(), 1);
      }
    }
    CpuTime used = benchRun.measure();
    sending[0] = false;
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", done[0] / used.seconds())
            .latencies("end to end", latency)
            .cpu(used, "message", done[0])
            .storeRequests(benchRun.storeRequests(), "message", done[0]);
    return benchRun.verified(benchResult);
  }
}
