package parley.app;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import parley.settings.ExitCode;

/**
 * Settings of the JVM that hold however it was started: from Maven, from the jar, in an image. They
 * are in code and not in options, so that there is one place for them.
 *
 * <p>The JVM chooses collector and heap size for the machine (G1 and a quarter of the memory on a
 * machine with two processors). Options of an operator take precedence.
 */
final class Jvm {
  private Jvm() {}

  /**
   * Sets what happens when memory runs out: the JVM writes a heap dump into the data folder, and
   * the process ends.
   */
  static void prepare(Path dataDir) {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (jvm != null && jvm.getVMOption("HeapDumpPath").getValue().isEmpty()) {
      jvm.setVMOption("HeapDumpPath", dataDir.toAbsolutePath().normalize().toString());
      jvm.setVMOption("HeapDumpOnOutOfMemoryError", "true");
    }
    // If only a thread of a library died of the error, the process would still look alive.
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) -> {
          System.err.println("Uncaught in " + thread.getName() + ": " + error);
          if (error instanceof VirtualMachineError) {
            Runtime.getRuntime().halt(ExitCode.FAILED);
          }
        });
  }
}
