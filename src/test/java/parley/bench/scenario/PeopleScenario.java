package parley.bench.scenario;

import java.util.List;
import parley.bench.Options;

/**
 * Users at a human pace on the stand-in for DynamoDB. Measures the cost of the store, not the speed
 * of the server. By default devices acknowledge after 200 ms ({@code ack}). The server has a small
 * heap, because the load is small.
 */
abstract class PeopleScenario implements Scenario {
  @Override
  public boolean usesDynamoDb() {
    return true;
  }

  @Override
  public int defaultAckMillis(Options options) {
    return 200;
  }

  @Override
  public int nodes(Options options) {
    return options.number("nodes", 1);
  }

  @Override
  public List<String> jvmOptions() {
    return List.of("-Xms256m", "-Xmx512m");
  }
}
