package parley.bench;

import java.time.Duration;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Everybody comes at once: TCP, upgrade, {@code hello} with a token the server has never seen,
 * {@code welcome}, {@code synced}. Users and devices are known already. With {@code cold=true} the
 * server has just been started again, and each user is read from the store; else it is warm, after
 * some rounds of the same.
 */
final class Storm implements Scenario {
  private static final Duration REST = Duration.ofSeconds(2);

  @Override
  public Result play(Stage stage) {
    Crowd crowd = stage.crowd;
    int count = stage.options.number("users", 3_000);
    int atOnce = stage.options.number("atonce", 100);
    int rounds = stage.options.number("rounds", 3);
    boolean cold = Boolean.parseBoolean(stage.options.text("cold", "false"));
    List<Device> all = crowd.users(count);
    crowd.open(all, Stage.AT_ONCE);
    go(crowd, all);
    if (cold) {
      stage.program.own().terminate();
      stage.program.own().restart();
    } else {
      for (int round = 1; round < rounds; round++) {
        crowd.open(all, atOnce);
        go(crowd, all);
      }
    }
    Histogram times = Pace.histogram();
    Cpu before = stage.begin();
    crowd.open(all, atOnce, times);
    Cpu used = stage.end(before);
    Result result =
        new Result()
            .with("connections/s", count / used.seconds())
            .latencies("connect to synced", times)
            .cpu(used, "connection", count);
    return stage.settled(result);
  }

  private static void go(Crowd crowd, List<Device> all) {
    all.forEach(Device::leave);
    crowd.newTokens(all);
    crowd.pass(REST);
  }
}
