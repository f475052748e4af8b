package parley.bench.scenario;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;
import parley.bench.engine.BenchDevice;
import parley.bench.engine.BenchRun;
import parley.bench.engine.SendSchedule;
import parley.bench.engine.VirtualUsers;
import parley.bench.report.BenchResult;
import parley.bench.report.CpuTime;

/**
 * Known users connect at once: TCP, upgrade, {@code hello} with a token that the server has not
 * seen, {@code welcome}, {@code synced}. The server is warm after some rounds of the same. With
 * {@code cold=true} it has just restarted instead and reads each user from the store.
 */
public final class Storm implements Scenario {
  private static final Duration SETTLE_TIME = Duration.ofSeconds(2);

  @Override
  public BenchResult run(BenchRun benchRun) {
    VirtualUsers users = benchRun.users;
    int count = benchRun.options.number("users", 3_000);
    int concurrency = benchRun.options.number("atonce", 100);
    int rounds = benchRun.options.number("rounds", 3);
    boolean cold = Boolean.parseBoolean(benchRun.options.text("cold", "false"));
    List<BenchDevice> all = users.create(count);
    users.connectAll(all, BenchRun.CONCURRENT_CONNECTS);
    disconnectAndRenewTokens(users, all);
    if (cold) {
      benchRun.measuredServer.singleProcess().terminate();
      benchRun.measuredServer.singleProcess().restart();
    } else {
      for (int round = 1; round < rounds; round++) {
        users.connectAll(all, concurrency);
        disconnectAndRenewTokens(users, all);
      }
    }
    Histogram times = SendSchedule.histogram();
    CpuTime before = benchRun.startMeasuring();
    users.connectAll(all, concurrency, times);
    CpuTime used = benchRun.stopMeasuring(before);
    BenchResult benchResult =
        new BenchResult()
            .with("connections/s", count / used.seconds())
            .latencies("connect to synced", times)
            .cpu(used, "connection", count);
    return benchRun.verified(benchResult);
  }

  private static void disconnectAndRenewTokens(VirtualUsers users, List<BenchDevice> all) {
    all.forEach(BenchDevice::disconnect);
    users.renewTokens(all);
    users.runFor(SETTLE_TIME);
  }
}
