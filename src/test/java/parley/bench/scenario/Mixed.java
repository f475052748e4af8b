package parley.bench.scenario;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.Options;
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
 * An open loop with several constant rates: one-to-one messages, messages to groups of 50, pages of
 * history, and reconnects among 2,000 users who only receive.
 */
public final class Mixed implements Scenario {
  private static final int GROUP_SIZE = 50;

  @Override
  public int defaultAckMillis(Options options) {
    return 200;
  }

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int pairs = benchRun.options.number("pairs", 250);
    int groups = benchRun.options.number("groups", 5);
    List<BenchDevice> idle = users.create(benchRun.options.number("idle", 2_000));
    List<BenchDevice> inPairs = users.create(2 * pairs);
    users.connectAll(inPairs, BenchRun.CONCURRENT_CONNECTS);
    users.connectAll(idle, BenchRun.CONCURRENT_CONNECTS);
    List<BenchDevice> senders = BenchRun.firstHalf(inPairs);
    List<BenchConversation> conversations =
        users.startConversations(senders, BenchRun.secondHalf(inPairs));
    List<BenchConversation> groupConversations = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      groupConversations.add(
          users.createGroup(inPairs.subList(g * GROUP_SIZE, (g + 1) * GROUP_SIZE)));
    }
    Histogram direct = SendSchedule.histogram();
    Histogram inGroups = SendSchedule.histogram();
    Histogram pages = SendSchedule.histogram();
    Histogram connects = SendSchedule.histogram();
    long[] count = new long[2];
    users.listener(
        new VirtualUsers.MessageListener() {
          @Override
          public void delivered(MessageInFlight message, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              boolean inGroup = groupConversations.contains(message.conversation);
              SendSchedule.record(inGroup ? inGroups : direct, message.intended, now);
              count[inGroup ? 1 : 0]++;
            }
          }
        });
    List<FixedRateTimer> all =
        List.of(
            FixedRateTimer.start(
                users.eventLoop,
                benchRun.options.number("rate", 300),
                (number, intended) -> {
                  int pair = (int) (number % pairs);
                  senders.get(pair).send(conversations.get(pair), intended, 1);
                }),
            FixedRateTimer.start(
                users.eventLoop,
                benchRun.options.number("grouprate", 10),
                (number, intended) -> {
                  BenchConversation group = groupConversations.get((int) (number % groups));
                  int member = (int) (number / groups % GROUP_SIZE);
                  group.members.get(member).send(group, intended, GROUP_SIZE - 1);
                }),
            FixedRateTimer.start(
                users.eventLoop,
                benchRun.options.number("pages", 10),
                (number, intended) -> {
                  int pair = (int) (number % pairs);
                  senders
                      .get(pair)
                      .history(
                          conversations.get(pair),
                          0,
                          50,
                          (from, page) -> recordLatency(benchRun, pages, intended));
                }),
            FixedRateTimer.start(
                users.eventLoop,
                benchRun.options.number("reconnects", 5),
                (number, intended) -> {
                  BenchDevice device = idle.get((int) (number % idle.size()));
                  if (device.synced()) {
                    device.disconnect();
                    users.connect(device, () -> recordLatency(benchRun, connects, intended));
                  }
                }));
    CpuTime used = benchRun.measure();
    all.forEach(FixedRateTimer::stop);
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", count[0] / used.seconds())
            .with("group deliveries/s", count[1] / used.seconds())
            .latencies("one to one", direct)
            .latencies("in groups", inGroups)
            .with("page p99 (ms)", pages.getValueAtPercentile(99) / 1e6)
            .with("reconnect p99 (ms)", connects.getValueAtPercentile(99) / 1e6)
            .cpu(used, "delivery", count[0] + count[1]);
    return benchRun.verified(benchResult);
  }

  private static void recordLatency(BenchRun benchRun, Histogram in, long intended) {
    if (benchRun.measuring()) {
      SendSchedule.record(in, intended, System.nanoTime());
    }
  }
}
