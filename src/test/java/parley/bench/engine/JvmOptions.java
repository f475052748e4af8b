package parley.bench.engine;

import java.util.ArrayList;
import java.util.List;

/** The options of a measured JVM, the same for the program and the floors. */
public final class JvmOptions {
  private JvmOptions() {}

  /**
   * All of the heap from the start, compilers before actors and, where there are any, compact
   * headers: as in {@code k8s/base/statefulset.yaml}. The JVM's own threads stay at nice 0, which
   * is all that a pod has the right to. The collector is the JVM's choice for one core.
   *
   * @param more options that come after them, and so win
   */
  public static List<String> options(List<String> more) {
    List<String> options = new ArrayList<>(List.of("-Xms2g", "-Xmx2g"));
    if (System.getProperty("os.name").equals("Linux")) {
      options.add("-XX:ThreadPriorityPolicy=1");
      options.add("-XX:JavaPriority5_To_OSPriority=9");
      options.add("-XX:CompilerThreadPriority=0");
      options.add("-XX:VMThreadPriority=0");
    }
    if (Runtime.version().feature() >= 25) {
      options.add("-XX:+UseCompactObjectHeaders");
    }
    options.addAll(more);
    return options;
  }
}
