package parley.bench.scenario;

import java.util.List;
import parley.bench.Options;
import parley.bench.engine.BenchRun;
import parley.bench.report.BenchResult;

/** A workload for the server. */
public interface Scenario {
  /** Runs the scenario once on a new server and checks that every message arrived. */
  BenchResult run(BenchRun benchRun);

  /** For how long devices gather acknowledgements by default, in milliseconds. */
  default int defaultAckMillis(Options options) {
    return 0;
  }

  /** The number of server nodes. */
  default int nodes(Options options) {
    return 1;
  }

  /** JVM options for the server. Options of the caller follow them and take precedence. */
  default List<String> jvmOptions() {
    return List.of();
  }

  /** Whether the server uses the stand-in for DynamoDB instead of its embedded store. */
  default boolean usesDynamoDb() {
    return false;
  }
}
