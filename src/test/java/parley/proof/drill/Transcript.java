package parley.proof.drill;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Runs commands as they stand in a runbook, and keeps what they print. Commands name generic ports,
 * ids and paths; they are replaced by the real ones before a command runs, and back in its output.
 */
final class Transcript {
  private static final int MOST_LINES = 24;
  private static final String ADMIN = "java -jar target/parley.jar";

  private final StringBuilder text = new StringBuilder();

  /** Generic word → real word. */
  private final Map<String, String> names = new LinkedHashMap<>();

  private long begun = System.nanoTime();

  /** From now on, this word stands for that one. */
  void name(String generic, String real) {
    names.put(generic, real);
  }

  /** Times are counted from here. */
  void begin(String title) {
    begun = System.nanoTime();
    line("");
    line("=== " + title);
  }

  /** Something that was done to the nodes, not by a command. */
  void note(String what) {
    line(String.format(Locale.ROOT, "# +%.1f s: %s", seconds(), generic(what)));
  }

  double seconds() {
    return (System.nanoTime() - begun) / 1e9;
  }

  /** Runs a command of a runbook in bash; its exit code is shown unless it is 0. */
  String run(String command) {
    String real = command;
    for (Map.Entry<String, String> name : names.entrySet()) {
      real = real.replace(name.getKey(), name.getValue());
    }
    real = real.replace(ADMIN, program());
    line("$ " + command);
    try {
      Process process = new ProcessBuilder("bash", "-c", real).redirectErrorStream(true).start();
      String output =
          generic(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      int exit = process.waitFor();
      List<String> lines = output.lines().toList();
      lines.stream().limit(MOST_LINES).forEach(this::line);
      if (lines.size() > MOST_LINES) {
        line("… (" + (lines.size() - MOST_LINES) + " more lines)");
      }
      if (exit != 0) {
        line("(exit code " + exit + ")");
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private String generic(String output) {
    String shown = output;
    for (Map.Entry<String, String> name : names.entrySet()) {
      shown = shown.replace(name.getValue(), name.getKey());
    }
    return shown;
  }

  private static String program() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> !path.contains("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    return java + " -XX:TieredStopAtLevel=1 -cp " + classes + " parley.app.Main";
  }

  private void line(String line) {
    text.append(line).append('\n');
    System.out.println("| " + line);
  }

  void write(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
