package parley.bench;

import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;

/**
 * One-to-one messages as fast as they go: each of N senders keeps W messages on their way to its
 * own peer. A message is done when its sender has {@code sent} and its receiver has it; both
 * acknowledge what they have.
 */
final class Pairs implements Scenario {
  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int pairs = stage.options.number("pairs", 200);
    int window = stage.options.number("window", 1);
    List<Device> all = crowd.users(2 * pairs);
    crowd.open(all, stage.atOnce());
    List<Device> senders = Stage.half(all, 0);
    List<Conv> convs = crowd.acquaint(senders, Stage.half(all, 1));
    Histogram latency = Pace.histogram();
    long[] done = {0};
    boolean[] on = {true};
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(Flight flight, Device to, long now) {
            if (stage.measuring()) {
              Pace.record(latency, flight.intended, now);
            }
          }

          @Override
          public void done(Flight flight, long now) {
            if (stage.measuring()) {
              done[0]++;
            }
            if (on[0]) {
              flight.from.send(Objects.requireNonNull(flight.conv), now, 1);
            }
          }
        });
    for (int i = 0; i < pairs; i++) {
      for (int n = 0; n < window; n++) {
        senders.get(i).send(convs.get(i), System.nanoTime(), 1);
      }
    }
    Cpu used = stage.measure();
    on[0] = false;
    Result result =
        new Result()
            .with("messages/s", done[0] / used.seconds())
            .latencies("end to end", latency)
            .cpu(used, "message", done[0])
            .asked(stage.asked(), "message", done[0]);
    return stage.settled(result);
  }
}
