package parley.bench.scenario;

import java.util.List;
import parley.bench.Options;

/**
 * People at a human pace, on the store that nodes share: what the store costs, not how fast the
 * program is. Their devices acknowledge what came after {@code ack} milliseconds (200), and they
 * read it after {@code read} milliseconds (1,000). The program has a small heap, because little is
 * to do.
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
