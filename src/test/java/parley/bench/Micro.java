package parley.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import parley.bench.engine.CpuCores;

/**
 * Runs the JMH benchmarks: all test classes named {@code *Jmh}. The system property {@code
 * jmh.options} replaces the default options.
 *
 * <pre>
 *   mvn -q test-compile exec:exec@jmh -Djmh=Codec -Djmh.options="-f 3 -prof gc"
 * </pre>
 *
 * <p>JMH generates classes with an annotation processor. It runs here and not in the build, because
 * the generated code would fail the build's checks and nothing else needs it.
 */
public final class Micro {
  /**
   * Used if {@code jmh.options} is blank: one fork, 3 warm-up and 5 measured iterations of 2 s, and
   * the allocation profiler.
   */
  private static final List<String> DEFAULT_OPTIONS =
      List.of("-f", "1", "-wi", "3", "-w", "2", "-i", "5", "-r", "2", "-prof", "gc");

  private Micro() {}

  /** Compiles and runs the benchmarks. Ignores the arguments. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path out = Path.of("target", "jmh");
    Files.createDirectories(out);
    String classPath = System.getProperty("java.class.path");
    compile(out, classPath);
    List<String> command = new ArrayList<>(CpuCores.onServerCore());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", out + File.pathSeparator + classPath, "org.openjdk.jmh.Main"));
    command.add(System.getProperty("jmh", ".*"));
    command.addAll(List.of("-rf", "json", "-rff", out.resolve("jmh.json").toString()));
    String jmhOptions = System.getProperty("jmh.options", "");
    command.addAll(
        jmhOptions.isBlank() ? DEFAULT_OPTIONS : List.of(jmhOptions.trim().split("\\s+", -1)));
    System.exit(new ProcessBuilder(command).inheritIO().start().waitFor());
  }

  private static void compile(Path out, String classPath) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-proc:full",
                "-nowarn",
                "-processor",
                "org.openjdk.jmh.generators.BenchmarkProcessor",
                "-cp",
                classPath,
                "-d",
                out.toString()));
    try (Stream<Path> sources = Files.walk(Path.of("src", "test", "java"))) {
      sources
          .filter(file -> file.getFileName().toString().endsWith("Jmh.java"))
          .forEach(file -> arguments.add(file.toString()));
    }
    if (compiler.run(null, System.out, System.err, arguments.toArray(String[]::new)) != 0) {
      throw new IllegalStateException("the benchmarks do not compile");
    }
  }
}
