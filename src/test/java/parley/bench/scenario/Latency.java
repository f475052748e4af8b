package parley.bench.scenario;

import java.util.List;
import org.HdrHistogram.Histogram;
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
 * End-to-end latency at a steady rate: an open loop in which the pairs send in turn. Latency counts
 * from the time at which each message was due.
 */
public final class Latency implements Scenario {
  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int pairs = benchRun.options.number("pairs", 200);
    int rate = benchRun.options.number("rate", 500);
    List<BenchDevice> all = crowd.users(2 * pairs);
    crowd.open(all, BenchRun.AT_ONCE);
    List<BenchDevice> senders = BenchRun.half(all, 0);
    List<BenchConversation> convs = crowd.acquaint(senders, BenchRun.half(all, 1));
    Histogram arrived = SendSchedule.histogram();
    Histogram stored = SendSchedule.histogram();
    Histogram late = SendSchedule.histogram();
    long[] done = {0};
    crowd.ear(
        new Crowd.Ear() {
          @Override
          public void delivered(MessageInFlight messageInFlight, BenchDevice to, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(arrived, messageInFlight.intended, now);
              done[0]++;
            }
          }

          @Override
          public void stored(
              MessageInFlight messageInFlight, BenchConversation benchConversation, long now) {
            if (benchRun.measuring()) {
              SendSchedule.record(stored, messageInFlight.intended, now);
            }
          }
        });
    Metronome metronome =
        Metronome.start(
            crowd.eventLoop,
            rate,
            (number, intended) -> {
              if (benchRun.measuring()) {
                SendSchedule.record(late, intended, System.nanoTime());
              }
              int pair = (int) (number % pairs);
              senders.get(pair).send(convs.get(pair), intended, 1);
            });
    CpuTime used = benchRun.measure();
    metronome.stop();
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s", done[0] / used.seconds())
            .latencies("end to end", arrived)
            .latencies("stored", stored)
            .with("generator late p99 (ms)", late.getValueAtPercentile(99) / 1e6)
            .cpu(used, "message", done[0]);
    return benchRun.settled(benchResult);
  }
}
