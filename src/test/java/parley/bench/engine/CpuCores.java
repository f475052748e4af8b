package parley.bench.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import parley.bench.report.RunFailedException;

/**
 * Pins the program to the first core and the generator to the second, so that neither uses the
 * other's time. How busy each core is shows which was the limit. Without {@code taskset} nothing is
 * pinned, and the report says so.
 */
public final class CpuCores {
  private static final boolean PINS = exists("taskset");
  private static final int TRIES = 20;

  private CpuCores() {}

  /** Whether processes can be pinned here. */
  public static boolean pins() {
    return PINS;
  }

  /** The command that becomes a process on the program's core. */
  public static List<String> program() {
    return PINS ? List.of("taskset", "-c", "0") : List.of();
  }

  /** The command that becomes a process on the generator's core. */
  static List<String> generator() {
    return PINS ? List.of("taskset", "-c", "1") : List.of();
  }

  /** The command that becomes a process on both, though its parent is on one. */
  static List<String> both() {
    return PINS ? List.of("taskset", "-c", "0-1") : List.of();
  }

  /** Pins this process, with all threads it has and will have. */
  public static void pinSelf() {
    pin(ProcessHandle.current().pid(), "1");
  }

  /** Pins a process that runs to the program's core, with all threads it has and will have. */
  static void pinProgram(long pid) {
    pin(pid, "0");
  }

  private static void pin(long pid, String core) {
    for (int tries = 1; PINS; tries++) {
      try {
        run("taskset", "-a", "-c", "-p", core, String.valueOf(pid));
        return;
      } catch (RunFailedException e) {
        // A thread that ends just then makes it fail, and another time it does not.
        if (tries == TRIES) {
          throw e;
        }
      }
    }
  }

  /** Runs a command and gives what it prints. */
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

  private static boolean exists(String tool) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, tool))) {
        return true;
      }
    }
    return false;
  }
}
