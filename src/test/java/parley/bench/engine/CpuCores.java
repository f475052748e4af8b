package parley.bench.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import parley.bench.report.RunFailedException;

/**
 * Pins the server to the first core and the generator to the second, so that neither uses the
 * other's time. The load of each core then shows the bottleneck. Without {@code taskset} nothing is
 * pinned, and the report says so.
 */
public final class CpuCores {
  private static final boolean HAS_TASKSET = isInstalled("taskset");
  private static final int MAX_ATTEMPTS = 20;

  private CpuCores() {}

  /** Whether processes can be pinned on this machine. */
  public static boolean canPin() {
    return HAS_TASKSET;
  }

  /** The command prefix for a process on the server's core. */
  public static List<String> onServerCore() {
    return HAS_TASKSET ? List.of("taskset", "-c", "0") : List.of();
  }

  /** The command prefix for a process on the generator's core. */
  static List<String> onGeneratorCore() {
    return HAS_TASKSET ? List.of("taskset", "-c", "1") : List.of();
  }

  /**
   * The command prefix for a process on both cores. Otherwise a child process inherits its parent's
   * core.
   */
  static List<String> onBothCores() {
    return HAS_TASKSET ? List.of("taskset", "-c", "0-1") : List.of();
  }

  /** Pins this process with all its current and future threads to the generator's core. */
  public static void pinSelf() {
    pin(ProcessHandle.current().pid(), "1");
  }

  /** Pins a running process with all its current and future threads to the server's core. */
  static void pinToServerCore(long pid) {
    pin(pid, "0");
  }

  private static void pin(long pid, String core) {
    for (int attempt = 1; HAS_TASKSET; attempt++) {
      try {
        run("taskset", "-a", "-c", "-p", core, String.valueOf(pid));
        return;
      } catch (RunFailedException e) {
        // The command fails if a thread ends meanwhile. A later attempt succeeds.
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** Runs a command and returns its output. */
  static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new RunFailedException(String.join(" ", command) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new RunFailedException(String.join(" ", command) + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RunFailedException("interrupted");
    }
  }

  private static boolean isInstalled(String tool) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, tool))) {
        return true;
      }
    }
    return false;
  }
}
