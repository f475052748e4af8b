package parley.bench.scenario;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.Options;
import parley.bench.engine.BenchConversation;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.MessageInFlight;
import parley.bench.engine.Metronome;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * A bit of everything at a steady rate: one-to-one messages, messages into groups of fifty, pages
 * of history, and among two thousand who only listen some who go and come back. An open loop.
 */
public final class Mixed implements Scenario {
  private static final int GROUP = 50;

  @Override
  public int ackMillis(Options options) {
    return 200;
  }

  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int pairs = benchRun.options.number("pairs", 250);
    int groups = benchRun.options.number("groups", 5);
    List<BenchDevice> idle = crowd.users(benchRun.options.number("idle", 2_000));
    List<BenchDevice> talking = crowd.users(2 * pairs);
    crowd.open(talking, BenchRun.AT_ONCE);
    crowd.open(idle, BenchRun.AT_ONCE);
    List<BenchDevice> senders = BenchRun.half(talking, 0);
    List<BenchConversation> convs = crowd.acquaint(senders, BenchRun.half(talking, 1));
    List<BenchConversation> rooms = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      rooms.add(crowd.group(talking.subList(g * GROUP, (g + 1) * GROUP)));
    }
    Histogram direct = SendSchedule.histogram();
    Histogram inGroups = SendSchedule.histogram();
    Histogram pages = SendSchedule.histogram();
    Histogram connects = SendSchedule.histogram();
    long[] count = new long[2];
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(MessageInFlight messageInFlight, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              boolean room = rooms.contains(messageInFlight.benchConversation);
              SendSchedule.record(room ? inGroups : direct, messageInFlight.intended, now);
              count[room ? 1 : 0]++;
            }
          }
        });
    List<Metronome> all =
        List.of(
            Metronome.start(
                crowd.eventLoop,
                benchRun.options.number("rate", 300),
                (number, intended) -> {
                  int pair = (int) (number % pairs);
                  senders.get(pair).send(convs.get(pair), intended, 1);
                }),
            Metronome.start(
                crowd.eventLoop,
                benchRun.options.number("grouprate", 10),
                (number, intended) -> {
                  BenchConversation room = rooms.get((int) (number % groups));
                  int member = (int) (number / groups % GROUP);
                  room.members.get(member).send(room, intended, GROUP - 1);
                }),
            Metronome.start(
                crowd.eventLoop,
                benchRun.options.number("pages", 10),
                (number, intended) -> {
                  int pair = (int) (number % pairs);
                  senders
                      .get(pair)
                      .history(
                          convs.get(pair), 0, 50, (from, page) -> count(benchRun, pages, intended));
                }),
            Metronome.start(
                crowd.eventLoop,
                benchRun.options.number("reconnects", 5),
                (number, intended) -> {
                  BenchDevice benchDevice = idle.get((int) (number % idle.size()));
                  if (benchDevice.synced()) {
                    benchDevice.leave();
                    crowd.connect(benchDevice, () -> count(benchRun, connects, intended));
                  }
                }));
    CpuTime used = benchRun.measure();
    all.forEach(Metronome::stop);
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", count[0] / used.seconds())
            .with("group deliveries/s", count[1] / used.seconds())
            .latencies("one to one", direct)
            .latencies("in groups", inGroups)
            .with("page p99 (ms)", pages.getValueAtPercentile(99) / 1e6)
            .with("reconnect p99 (ms)", connects.getValueAtPercentile(99) / 1e6)
            .cpu(used, "delivery", count[0] + count[1]);
    return benchRun.settled(benchResult);
  }

  private static void count(BenchRun benchRun, Histogram in, long intended) {
    if (benchRun.measuring()) {
      SendSchedule.record(in, intended, System.nanoTime());
    }
  }
}
