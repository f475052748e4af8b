package parley.bench.engine;

import java.util.ArrayList;
import java.util.List;

/** The JVM options of the server and of the floors. */
public final class JvmOptions {
  private JvmOptions() {}

  /**
   * The options of {@code k8s/base/statefulset.yaml}: a fixed heap, compilers with priority over
   * actors, and compact headers where the JVM has them. The JVM's own threads stay at nice 0, the
   * lowest value that a pod may use. The collector is the JVM's choice for one core.
   *
   * @param more options that follow and so take precedence
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
