package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.Crowd;
import parley.bench.engine.SendSchedule;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Everybody comes at once: TCP, upgrade, {@code hello} with a token the server has never seen,
 * {@code welcome}, {@code synced}. Users and devices are known already. With {@code cold=true} the
 * server has just been started again, and each user is read from the store; else it is warm, after
 * some rounds of the same.
 */
public final class Storm implements Scenario {
  private static final Duration REST = Duration.ofSeconds(2);

  @Override
  public BenchResult play(BenchRun benchRun) {
    Crowd crowd = benchRun.crowd;
    int count = benchRun.options.number("users", 3_000);
    int atOnce = benchRun.options.number("atonce", 100);
    int rounds = benchRun.options.number("rounds", 3);
    boolean cold = Boolean.parseBoolean(benchRun.options.text("cold", "false"));
    List<BenchDevice> all = crowd.users(count);
    crowd.open(all, BenchRun.AT_ONCE);
    go(crowd, all);
    if (cold) {
      benchRun.measuredServer.own().terminate();
      benchRun.measuredServer.own().restart();
    } else {
      for (int round = 1; round < rounds; round++) {
        crowd.open(all, atOnce);
        go(crowd, all);
      }
    }
    Histogram times = SendSchedule.histogram();
    CpuTime before = benchRun.begin();
    crowd.open(all, atOnce, times);
    CpuTime used = benchRun.end(before);
    BenchResult benchResult =
        new BenchResult()
            .with("connections/s", count / used.seconds())
            .latencies("connect to synced", times)
            .cpu(used, "connection", count);
    return benchRun.settled(benchResult);
  }

  private static void go(Crowd crowd, List<BenchDevice> all) {
    all.forEach(BenchDevice::leave);
    crowd.newTokens(all);
    crowd.pass(REST);
  }
}
