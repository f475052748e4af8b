package parley.bench.floor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import parley.bench.Options;
import parley.bench.report.BenchResult;

/**
 * A measurement of the libraries without Parley's code. It shows the best possible value of a
 * figure.
 */
public interface Floor {
  /**
   * Measures once.
   *
   * @param folder an empty or absent data folder
   * @param jvm options of the measured JVM
   */
  BenchResult measure(Options options, Path folder, List<String> jvm) throws IOException;
}
