package parley.bench.floor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import parley.bench.Options;
import parley.bench.report.BenchResult;

/** The same libraries with nothing of ours in them: what a figure can be at the best. */
public interface Floor {
  /**
   * Measures it once.
   *
   * @param folder empty or not there
   * @param jvm options of the JVM that is measured
   */
  BenchResult measure(Options options, Path folder, List<String> jvm) throws IOException;
}
