package parley.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;

/**
 * Groups whose members are all there, as fast as they go: in each, W messages are on their way,
 * from one member after the other. A message is done when all others have it. With one group of ten
 * and a large window it is one hot conversation.
 */
final class Groups implements Scenario {
  private final int members;
  private final int window;

  /** The size and the window where the options do not say. */
  Groups(int members, int window) {
    this.members = members;
    this.window = window;
  }

  @Override
  public int ackMillis(Options options) {
    return 200; // As the web client does: a few times a second, or at 64.
  }

  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int groups = stage.options.number("groups", 1);
    int size = stage.options.number("members", members);
    int atOnce = stage.options.number("window", window);
    List<Device> all = crowd.users(groups * size);
    crowd.open(all, Stage.AT_ONCE);
    List<Conv> convs = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      convs.add(crowd.group(all.subList(g * size, (g + 1) * size)));
    }
    Histogram latency = Pace.histogram();
    long[] count = new long[2];
    boolean[] on = {true};
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(Flight flight, Device to, long now) {
            if (stage.measuring()) {
              Pace.record(latency, flight.intended, now);
              count[1]++;
            }
          }

          @Override
          public void done(Flight flight, long now) {
            if (stage.measuring()) {
              count[0]++;
            }
            if (on[0]) {
              Conv conv = Objects.requireNonNull(flight.conv);
              int next = (conv.members.indexOf(flight.from) + atOnce) % size;
              conv.members.get(next).send(conv, now, size - 1);
            }
          }
        });
    for (Conv conv : convs) {
      for (int n = 0; n < atOnce; n++) {
        conv.members.get(n % size).send(conv, System.nanoTime(), size - 1);
      }
    }
    Cpu used = stage.measure();
    on[0] = false;
    Result result =
        new Result()
            .with("messages/s", count[0] / used.seconds())
            .with("deliveries/s", count[1] / used.seconds())
            .latencies("end to end", latency)
            .cpu(used, "delivery", count[1])
            .serverTime(used, "message", count[0])
            .asked(stage.asked(), "message", count[0]);
    return stage.settled(result);
  }
}
