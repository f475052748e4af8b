package parley.app;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import parley.settings.ExitCode;

/**
 * What the JVM is told, however it was started: from Maven, from the jar, in an image. In code and
 * not as options, so that there is one place for it.
 *
 * <p>Collector and heap are the JVM's own choice for the machine (G1 and a quarter of the memory
 * where there are two processors); an operator's options win.
 */
final class Jvm {
  private Jvm() {}

  /** Sets up what happens when memory ends. */
  static void prepare(Path dataDir) {
    HotSpotDiagnosticMXBean jvm =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (jvm != null && jvm.getVMOption("HeapDumpPath").getValue().isEmpty()) {
      jvm.setVMOption("HeapDumpPath", dataDir.toAbsolutePath().normalize().toString());
      jvm.setVMOption("HeapDumpOnOutOfMemoryError", "true");
    }
    // A thread of a library that dies of it would leave a process that looks alive.
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) -> {
          System.err.println("Uncaught in " + thread.getName() + ": " + error);
          if (error instanceof VirtualMachineError) {
            Runtime.getRuntime().halt(ExitCode.FAILED);
          }
        });
  }
}
