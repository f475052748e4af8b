package parley.monitoring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The two programs of Prometheus: {@code prometheus} and {@code promtool}, in the folder {@code
 * PARLEY_PROMETHEUS}, or in {@code /usr/bin}. Downloads nothing.
 */
final class PrometheusPrograms {
  private PrometheusPrograms() {}

  /** What a run said and how it ended. */
  record Result(int exitCode, String output) {}

  /** The path of a program; fails with what to install if it is missing. */
  static String path(String program) {
    Path folder =
        Path.of(Objects.requireNonNullElse(System.getenv("PARLEY_PROMETHEUS"), "/usr/bin"));
    Path file = folder.resolve(program);
    if (!Files.isExecutable(file)) {
      throw new AssertionError(
          file
              + " is missing: install it (Debian: apt-get install --no-install-recommends"
              + " prometheus), let .ci/run install it, or name its folder in PARLEY_PROMETHEUS");
    }
    return file.toString();
  }

  /** Runs promtool, at most two minutes. */
  static Result promtool(Path folder, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        Stream.concat(Stream.of(path("promtool")), Stream.of(arguments)).toList();
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("promtool does not end: " + output);
    }
    return new Result(process.exitValue(), output);
  }
}
