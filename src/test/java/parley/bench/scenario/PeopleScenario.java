package parley.bench.scenario;

import java.util.List;
import parley.bench.Options;

/**
 * Users at a human pace, on the store that nodes share. It measures the cost of the store, not the
 * speed of the program. Devices acknowledge after {@code ack} milliseconds (200), and users read
 * after {@code read} milliseconds (1,000). The program has a small heap, because there is little to
 * do.
 */
abstract class PeopleScenario implements Scenario {
  @Override
  public boolean sharedStore() {
    return true;
  }

  @Override
  public int ackMillis(Options options) {
    return 200;
  }

  @Override
  public int readMillis() {
    return 1_000;
  }

  @Override
  public int nodes(Options options) {
    return options.number("nodes", 1);
  }

  @Override
  public List<String> jvm() {
    return List.of("-Xms256m", "-Xmx512m");
  }
}
