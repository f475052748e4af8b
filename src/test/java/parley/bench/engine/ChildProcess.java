package parley.bench.engine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import parley.bench.report.RunFailedException;

/** Runs a main class of the tests as a process and exchanges lines with it. */
public final class ChildProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private ChildProcess(Process process) {
    this.process = process;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a process on the server's core. */
  public static ChildProcess start(Class<?> main, List<String> jvm, String... arguments) {
    return start(CpuCores.onServerCore(), main, jvm, arguments);
  }

  /**
   * Starts a process.
   *
   * @param launcher a command that replaces itself by the process, such as {@code taskset}
   */
  public static ChildProcess start(
      List<String> launcher, Class<?> main, List<String> jvm, String... arguments) {
    List<String> command = new ArrayList<>(launcher);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx2g");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dsun.misc.unsafe.memory.access=allow");
    command.addAll(jvm);
    String classPath = System.getProperty("java.class.path");
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(arguments));
    try {
      return new ChildProcess(
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    } catch (IOException e) {
      throw new RunFailedException("the process did not start: " + e);
    }
  }

  public long pid() {
    return process.pid();
  }

  /** Writes a line to the standard input of the process. */
  void writeLine(String line) {
    try {
      OutputStream input = process.getOutputStream();
      input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      input.flush();
    } catch (IOException e) {
      throw new RunFailedException("the process does not read its input: " + e);
    }
  }

  /** Waits for the next line with this prefix and returns the rest of the line. */
  public String readLine(String prefix) {
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith(prefix)) {
          return line.substring(prefix.length());
        }
      }
      throw new RunFailedException("the process ended without a line that starts with " + prefix);
    } catch (IOException e) {
      throw new RunFailedException("the process cannot be read: " + e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
