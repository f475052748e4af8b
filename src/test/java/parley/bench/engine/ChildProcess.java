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

/** Runs a class of the tests as a process, and reads what it prints. */
public final class ChildProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private ChildProcess(Process process) {
    this.process = process;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** On the program's core. */
  public static ChildProcess start(Class<?> main, List<String> jvm, String... arguments) {
    return start(CpuCores.program(), main, jvm, arguments);
  }

  /**
   * Starts one.
   *
   * @param prefix a command that becomes the process
   */
  public static ChildProcess start(
      List<String> prefix, Class<?> main, List<String> jvm, String... arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx2g");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dsun.misc.unsafe.memory.access=allow");
    command.addAll(jvm);
    String path = System.getProperty("java.class.path");
    command.addAll(List.of("-cp", path, main.getName()));
    command.addAll(List.of(arguments));
    try {
      return new ChildProcess(
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    } catch (IOException e) {
      throw new RunFailedException("no process: " + e);
    }
  }

  public long pid() {
    return process.pid();
  }

  /** Gives it a line to read. */
  void say(String line) {
    try {
      OutputStream input = process.getOutputStream();
      input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      input.flush();
    } catch (IOException e) {
      throw new RunFailedException("the process does not listen: " + e);
    }
  }

  /** Waits for the next line that begins so, and gives the rest of it. */
  public String line(String beginning) {
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith(beginning)) {
          return line.substring(beginning.length());
        }
      }
      throw new RunFailedException("the process ended and did not say " + beginning);
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
