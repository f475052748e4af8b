package parley.bench.scenario;

import parley.bench.Options;
import parley.bench.engine.BenchRun;
import parley.bench.report.BenchResult;

/**
 * The program on the store that nodes share: one-to-one messages as {@link Pairs} sends them, or
 * with {@code hot=true} one conversation of ten, all of whom send. What the store was asked for
 * each message is what it costs there; what waits while a write is under way goes as one event, so
 * that it costs less the more there is to do. The stand-in is not DynamoDB and is on the
 * generator's core: messages in a second count only where it was not their limit.
 */
public final class Dynamodb implements Scenario {
  private final Scenario pairs = new Pairs();
  private final Scenario hot = new Groups(10, 320);

  private Scenario of(Options options) {
    return Boolean.parseBoolean(options.text("hot", "false")) ? hot : pairs;
  }

  @Override
  public boolean sharedStore() {
    return true;
  }

  @Override
  public int ackMillis(Options options) {
    return of(options).ackMillis(options);
  }

  @Override
  public BenchResult play(BenchRun benchRun) {
    return of(benchRun.options).play(benchRun);
  }
}
