package parley.bench.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import parley.bench.Options;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Groups whose members are all online, in a closed loop. Each group keeps a window of messages in
 * flight; its members send in turn. A message is complete when it is stored and all other members
 * have it. One group of ten with a large window is a hot conversation.
 */
public final class Groups implements Scenario {
  private final int members;
  private final int window;

  /** Creates a scenario with its default group size and window. */
  public Groups(int members, int window) {
    this.members = members;
    this.window = window;
  }

  @Override
  public int defaultAckMillis(Options options) {
    return 200; // Like the web client, which acknowledges after 200 ms or 64 entries.
  }

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int groups = benchRun.options.number("groups", 1);
    int size = benchRun.options.number("members", members);
    int inFlight = benchRun.options.number("window", window);
    List<BenchDevice> all = users.create(groups * size);
    users.connectAll(all, BenchRun.CONCURRENT_CONNECTS);
    List<BenchConversation> conversations = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      conversations.add(users.createGroup(all.subList(g * size, (g + 1) * size)));
    }
    Histogram latency = SendSchedule.histogram();
    long[] count = new long[2];
    boolean[] sending = {true};
    users.listener(
        new VirtualUsers.MessageListener() {
          @Override
          public void delivered(MessageInFlight message, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(latency, message.intended, now);
              count[1]++;
            }
          }

          @Override
          public void completed(MessageInFlight message, long now) {
            if (benchRun.measuring()) {
              count[0]++;
            }
            if (sending[0]) {
              BenchConversation conversation = Objects.requireNonNull(message.conversation);
              int next = (conversation.members.indexOf(message.from) + inFlight) % size;
              conversation.members.get(next).send(conversation, now, size - 1);
            }
          }
        });
    for (BenchConversation conversation : conversations) {
      for (int n = 0; n < inFlight; n++) {
        conversation.members.get(n % size).send(conversation, System.nanoTime(), size - 1);
      }
    }
    CpuTime used = benchRun.measure();
    sending[0] = false;
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", count[0] / used.seconds())
            .with("deliveries/s", count[1] / used.seconds())
            .latencies("end to end", latency)
            .cpu(used, "delivery", count[1])
            .serverTime(used, "message", count[0])
            .storeRequests(benchRun.storeRequests(), "message", count[0]);
    return benchRun.verified(benchResult);
  }
}
