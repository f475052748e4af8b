package parley.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Commands that run in a bash of their own, and what they have printed so far. */
final class Terminal implements AutoCloseable {
  /** For a machine that has others to serve. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final Path printed;

  private Terminal(Process process, Path printed) {
    this.process = process;
    this.printed = printed;
  }

  /**
   * Starts the commands.
   *
   * @param folder the working directory, which also gets a file with the output
   * @param environment variables in addition to those of this process
   */
  static Terminal open(Path folder, Map<String, String> environment, String commands) {
    try {
      Path printed = Files.createTempFile(folder, "terminal", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder("bash", "-c", commands)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(printed.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      return new Terminal(process, printed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the commands have ended, and returns all that they printed. */
  String outputAtEnd() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(process.isAlive()).as(output()).isFalse());
    return output();
  }

  /** Waits until the commands have printed this text. */
  void awaitOutput(String text) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(output()).contains(text));
  }

  /** What the commands have printed so far, to both streams. */
  String output() {
    try {
      return new String(Files.readAllBytes(printed), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the commands, as Ctrl-C does, and waits until their processes are gone. */
  @Override
  public void close() {
    List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
    family.add(process.toHandle());
    family.forEach(ProcessHandle::destroy);
    for (ProcessHandle member : family) {
      member.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
  }
}
