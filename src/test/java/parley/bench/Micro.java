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
 * The benchmarks of single methods (all {@code *Jmh} classes of the tests), on JMH; {@code
 * jmh.options} stands instead of the options that are given here.
 *
 * <pre>
 *   mvn -q test-compile exec:exec@jmh -Djmh=Codec -Djmh.options="-f 3 -prof gc"
 * </pre>
 *
 * <p>JMH makes classes around each benchmark by an annotation processor. Here they are made, not in
 * the build: what it makes would not pass the build's checks, and nobody else needs it.
 */
public final class Micro {
  /** Where {@code jmh.options} says nothing. */
  private static final List<String> STANDARD =
      List.of("-f", "1", "-wi", "3", "-w", "2", "-i", "5", "-r", "2", "-prof", "gc");

  private Micro() {}

  /** Compiles and runs them; arguments are ignored. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path out = Path.of("target", "jmh");
    Files.createDirectories(out);
    String path = System.getProperty("java.class.path");
    compile(out, path);
    List<String> command = new ArrayList<>(CpuCores.program());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", out + File.pathSeparator + path, "org.openjdk.jmh.Main"));
    command.add(System.getProperty("jmh", ".*"));
    command.addAll(List.of("-rf", "json", "-rff", out.resolve("jmh.json").toString()));
    String own = System.getProperty("jmh.options", "");
    command.addAll(own.isBlank() ? STANDARD : List.of(own.trim().split("\\s+", -1)));
    System.exit(new ProcessBuilder(command).inheritIO().start().waitFor());
  }

  private static void compile(Path out, String path) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-proc:full",
                "-nowarn",
                "-processor",
                "org.openjdk.jmh.generators.BenchmarkProcessor",
                "-cp",
                path,
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
