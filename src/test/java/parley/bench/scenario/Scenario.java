package parley.bench.scenario;

import java.util.List;
import parley.bench.Options;
import parley.bench.engine.BenchRun;
import parley.bench.report.BenchResult;

/** One kind of load. */
public interface Scenario {
  /** Plays it once, from an empty program to a settled account. */
  BenchResult play(BenchRun benchRun);

  /** How long acknowledgements are gathered where nobody says, in milliseconds. */
  default int ackMillis(Options options) {
    return 0;
  }

  /** After how long users read where nobody says, in milliseconds; -1 if nobody reads. */
  default int readMillis() {
    return -1;
  }

  /** How many nodes share the store where nobody says. */
  default int nodes(Options options) {
    return 1;
  }

  /** JVM options the program needs for it, before those that the caller gives. */
  default List<String> jvm() {
    return List.of();
  }

  /** Whether the program keeps its events in the store that nodes share, not in its own. */
  default boolean sharedStore() {
    return false;
  }
}
