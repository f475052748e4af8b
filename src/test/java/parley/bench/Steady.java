package parley.bench;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * End-to-end latency at a steady rate: an open loop, message by message from one pair after the
 * other, counted from when each should have left.
 */
final class Steady implements Scenario {
  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int pairs = stage.options.number("pairs", 200);
    int rate = stage.options.number("rate", 500);
    List<Device> all = crowd.users(2 * pairs);
    crowd.open(all, Stage.AT_ONCE);
    List<Device> senders = Stage.half(all, 0);
    List<Conv> convs = crowd.acquaint(senders, Stage.half(all, 1));
    Histogram arrived = Pace.histogram();
    Histogram stored = Pace.histogram();
    Histogram late = Pace.histogram();
    long[] done = {0};
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(Flight flight, Device to, long now) {
            if (stage.measuring()) {
              Pace.record(arrived, flight.intended, now);
              done[0]++;
            }
          }

          @Override
          public void stored(Flight flight, Conv conv, long now) {
            if (stage.measuring()) {
              Pace.record(stored, flight.intended, now);
            }
          }
        });
    Metronome metronome =
        Metronome.start(
            crowd.loop,
            rate,
            (number, intended) -> {
              if (stage.measuring()) {
                Pace.record(late, intended, System.nanoTime());
              }
              int pair = (int) (number % pairs);
              senders.get(pair).send(convs.get(pair), intended, 1);
            });
    Cpu used = stage.measure();
    metronome.stop();
    Result result =
        new Result()
            .with("messages/s", done[0] / used.seconds())
            .latencies("end to end", arrived)
            .latencies("stored", stored)
            .with("generator late p99 (ms)", late.getValueAtPercentile(99) / 1e6)
            .cpu(used, "message", done[0]);
    return stage.settled(result);
  }
}
