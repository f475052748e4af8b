package parley.client;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Prints the threads of a process that should have ended: the JVM does this at {@code SIGQUIT},
 * also during a stop.
 */
public final class ThreadDump {
  private static final String BEGIN = "Full thread dump";
  private static final String END = "JNI global refs";
  private static final int LINES_BEFORE = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private ThreadDump() {}

  /**
   * Asks for the threads and waits until they were printed.
   *
   * @param output what the process has printed so far, line by line
   * @return {@value #LINES_BEFORE} lines of what it had printed before, and its threads
   */
  public static String of(long pid, Supplier<List<String>> output) {
    long before = ends(output.get());
    try {
      new ProcessBuilder("kill", "-QUIT", String.valueOf(pid)).start().waitFor();
      await().atMost(PATIENCE).until(() -> ends(output.get()) > before);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ConditionTimeoutException e) {
      return "no threads were printed:\n" + String.join("\n", output.get());
    }
    List<String> lines = output.get();
    int begin = lines.size() - 1;
    while (begin > 0 && !lines.get(begin).startsWith(BEGIN)) {
      begin--;
    }
    return String.join("\n", lines.subList(Math.max(0, begin - LINES_BEFORE), lines.size()));
  }

  private static long ends(List<String> lines) {
    return lines.stream().filter(line -> line.contains(END)).count();
  }
}
