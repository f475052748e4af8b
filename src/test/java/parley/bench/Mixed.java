package parley.bench;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * A bit of everything at a steady rate: one-to-one messages, messages into groups of fifty, pages
 * of history, and among two thousand who only listen some who go and come back. An open loop.
 */
final class Mixed implements Scenario {
  private static final int GROUP = 50;

  @Override
  public int ackMillis(Options options) {
    return 200;
  }

  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int pairs = stage.options.number("pairs", 250);
    int groups = stage.options.number("groups", 5);
    List<Device> idle = crowd.users(stage.options.number("idle", 2_000));
    List<Device> talking = crowd.users(2 * pairs);
    crowd.open(talking, Stage.AT_ONCE);
    crowd.open(idle, Stage.AT_ONCE);
    List<Device> senders = Stage.half(talking, 0);
    List<Conv> convs = crowd.acquaint(senders, Stage.half(talking, 1));
    List<Conv> rooms = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      rooms.add(crowd.group(talking.subList(g * GROUP, (g + 1) * GROUP)));
    }
    Histogram direct = Pace.histogram();
    Histogram inGroups = Pace.histogram();
    Histogram pages = Pace.histogram();
    Histogram connects = Pace.histogram();
    long[] count = new long[2];
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(Flight flight, Device to, long now) {
            if (stage.measuring()) {
              boolean room = rooms.contains(flight.conv);
              Pace.record(room ? inGroups : direct, flight.intended, now);
              count[room ? 1 : 0]++;
            }
          }
        });
    List<Metronome> all =
        List.of(
            Metronome.start(
                crowd.loop,
                stage.options.number("rate", 300),
                (number, intended) -> {
                  int pair = (int) (number % pairs);
                  senders.get(pair).send(convs.get(pair), intended, 1);
                }),
            Metronome.start(
                crowd.loop,
                stage.options.number("grouprate", 10),
                (number, intended) -> {
                  Conv room = rooms.get((int) (number % groups));
                  int member = (int) (number / groups % GROUP);
                  room.members.get(member).send(room, intended, GROUP - 1);
                }),
            Metronome.start(
                crowd.loop,
                stage.options.number("pages", 10),
                (number, intended) -> {
                  int pair = (int) (number % pairs);
                  senders
                      .get(pair)
                      .history(
                          convs.get(pair), 0, 50, (from, page) -> count(stage, pages, intended));
                }),
            Metronome.start(
                crowd.loop,
                stage.options.number("reconnects", 5),
                (number, intended) -> {
                  Device device = idle.get((int) (number % idle.size()));
                  if (device.synced()) {
                    device.leave();
                    crowd.connect(device, () -> count(stage, connects, intended));
                  }
                }));
    Cpu used = stage.measure();
    all.forEach(Metronome::stop);
    Result result =
        new Result()
            .with("messages/s", count[0] / used.seconds())
            .with("group deliveries/s", count[1] / used.seconds())
            .latencies("one to one", direct)
            .latencies("in groups", inGroups)
            .with("page p99 (ms)", pages.getValueAtPercentile(99) / 1e6)
            .with("reconnect p99 (ms)", connects.getValueAtPercentile(99) / 1e6)
            .cpu(used, "delivery", count[0] + count[1]);
    return stage.settled(result);
  }

  private static void count(Stage stage, Histogram in, long intended) {
    if (stage.measuring()) {
      Pace.record(in, intended, System.nanoTime());
    }
  }
}
