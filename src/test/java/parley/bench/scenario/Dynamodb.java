package parley.bench.scenario;

import parley.bench.Options;
import parley.bench.engine.BenchRun;
import parley.bench.report.BenchResult;

/**
 * One-to-one messages like {@link Pairs} on the stand-in for DynamoDB, or with {@code hot=true} one
 * conversation of ten members, all of whom send. Also counts requests and units of the store per
 * message. Commands that wait for a running write share the next event, so a message costs less
 * under higher load. The stand-in does not have DynamoDB's performance and shares the generator's
 * core: messages per second count only if it was not the bottleneck.
 */
public final class Dynamodb implements Scenario {
  private final Scenario pairs = new Pairs();
  private final Scenario hot = new Groups(10, 320);

  private Scenario scenario(Options options) {
    return Boolean.parseBoolean(options.text("hot", "false")) ? hot : pairs;
  }

  @Override
  public boolean usesDynamoDb() {
    return true;
  }

  @Override
  public int defaultAckMillis(Options options) {
    return scenario(options).defaultAckMillis(options);
  }

  @Override
  public BenchResult run(BenchRun benchRun) {
    return scenario(benchRun.options).run(benchRun);
  }
}
