package parley.bench.scenario;

import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * One-to-one messages in a closed loop: each of N senders keeps W messages in flight to its own
 * peer. A message is done when its sender has {@code sent} and its receiver has the message; both
 * acknowledge what they have.
 */
public final class Pairs implements Scenario {
  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int pairs = benchRun.options.number("pairs", 200);
    int window = benchRun.options.number("window", 1);
    List<BenchDevice> all = crowd.users(2 * pairs);
    crowd.open(all, benchRun.atOnce());
    List<BenchDevice> senders = BenchRun.half(all, 0);
    List<BenchConversation> convs = crowd.acquaint(senders, BenchRun.half(all, 1));
    Histogram latency = SendSchedule.histogram();
    long[] done = {0};
    boolean[] on = {true};
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(MessageInFlight messageInFlight, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(latency, messageInFlight.intended, now);
            }
          }

          @Override
          public void done(MessageInFlight messageInFlight, long now) {
            if (benchRun.measuring()) {
              done[0]++;
            }
            if (on[0]) {
              messageInFlight.from.send(
                  Objects.requireNonNull(messageInFlight.benchConversation), now, 1);
            }
          }
        });
    for (int i = 0; i < pairs; i++) {
      for (int n = 0; n < window; n++) {
        senders.get(i).send(convs.get(i), System.nanoTime(), 1);
      }
    }
    CpuTime used = benchRun.measure();
    on[0] = false;
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", done[0] / used.seconds())
            .latencies("end to end", latency)
            .cpu(used, "message", done[0])
            .asked(benchRun.asked(), "message", done[0]);
    return benchRun.settled(benchResult);
  }
}
