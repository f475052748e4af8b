package parley.bench.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import parley.bench.Options;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Groups whose members are all online, in a closed loop. In each group W messages are in flight,
 * sent by one member after the other. A message is done when all other members have it. One group
 * of ten with a large window is a hot conversation.
 */
public final class Groups implements Scenario {
  private final int members;
  private final int window;

  /** The size and the window where the options do not say. */
  public Groups(int members, int window) {
    this.members = members;
    this.window = window;
  }

  @Override
  public int ackMillis(Options options) {
    return 200; // As the web client does: a few times a second, or at 64.
  }

  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int groups = benchRun.options.number("groups", 1);
    int size = benchRun.options.number("members", members);
    int atOnce = benchRun.options.number("window", window);
    List<BenchDevice> all = crowd.users(groups * size);
    crowd.open(all, BenchRun.AT_ONCE);
    List<BenchConversation> convs = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      convs.add(crowd.group(all.subList(g * size, (g + 1) * size)));
    }
    Histogram latency = SendSchedule.histogram();
    long[] count = new long[2];
    boolean[] on = {true};
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(MessageInFlight messageInFlight, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(latency, messageInFlight.intended, now);
              count[1]++;
            }
          }

          @Override
          public void done(MessageInFlight messageInFlight, long now) {
            if (benchRun.measuring()) {
              count[0]++;
            }
            if (on[0]) {
              BenchConversation benchConversation =
                  Objects.requireNonNull(messageInFlight.benchConversation);
              int next = (benchConversation.members.indexOf(messageInFlight.from) + atOnce) % size;
              benchConversation.members.get(next).send(benchConversation, now, size - 1);
            }
          }
        });
    for (BenchConversation benchConversation : convs) {
      for (int n = 0; n < atOnce; n++) {
        benchConversation
            .members
            .get(n % size)
            .send(benchConversation, System.nanoTime(), size - 1);
      }
    }
    CpuTime used = benchRun.measure();
    on[0] = false;
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", count[0] / used.seconds())
            .with("deliveries/s", count[1] / used.seconds())
            .latencies("end to end", latency)
            .cpu(used, "delivery", count[1])
            .serverTime(used, "message", count[0])
            .asked(benchRun.asked(), "message", count[0]);
    return benchRun.settled(benchResult);
  }
}
