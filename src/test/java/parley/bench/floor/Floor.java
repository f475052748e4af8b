package parley.bench.floor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import parley.bench.Options;
import parley.bench.report.BenchResult;

/** Measures the libraries alone, without Parley's code: the best that a figure can be. */
public interface Floor {
  /**
   * Measures it once.
   *
   * @param folder empty or not there
   * @param jvm options of the JVM that is measured
   */
  BenchResult measure(Options options, Path folder, List<String> jvm) throws IOException;
}
