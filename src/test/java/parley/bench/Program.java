package parley.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.client.ServerProcess;

/**
 * The server that is measured: a process of ours on a fresh data folder, or one that runs
 * somewhere.
 */
final class Program implements AutoCloseable {
  private static final Pattern USED = Pattern.compile("used (\\d+)K");
  private static final Pattern TOTAL_AND_USED =
      Pattern.compile("total (?:reserved )?\\d+K, used (\\d+)K");

  private final @Nullable ServerProcess process;
  private final URI uri;
  private final boolean jfr;
  private final long startNanos;

  private Program(@Nullable ServerProcess process, URI uri, boolean jfr, long startNanos) {
    this.startNanos = startNanos;
    this.process = process;
    this.uri = uri;
    this.jfr = jfr;
  }

  /** The one that runs there. Its processor time and memory are not known. */
  static Program at(URI address) {
    return new Program(null, address, false, 0);
  }

  /**
   * A new one, on an empty folder. No rates are limited: the limits are there to refuse what is
   * measured here.
   *
   * @param jvm options of its JVM
   * @param jfr whether to record what it does while it is measured
   */
  static Program start(Path folder, Map<String, String> settings, List<String> jvm, boolean jfr) {
    delete(folder);
    Map<String, String> all = new HashMap<>(settings);
    all.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    List<String> options = new ArrayList<>();
    options.add("-Dsun.misc.unsafe.memory.access=allow");
    options.add("-Xmx2g");
    if (jfr) {
      options.add("-XX:+UnlockDiagnosticVMOptions");
      options.add("-XX:+DebugNonSafepoints");
    }
    options.addAll(jvm);
    ServerProcess process = ServerProcess.prepare(folder, all, Cores.program(), options);
    long start = System.nanoTime();
    process.launch();
    return new Program(process, process.uri(), jfr, System.nanoTime() - start);
  }

  URI uri() {
    return uri;
  }

  /** How long it took from its start to listening. */
  long startNanos() {
    return startNanos;
  }

  /** Its process, 0 where it is not ours. */
  long pid() {
    return process == null ? 0 : process.pid();
  }

  /** The process, for what only one of ours can show. */
  ServerProcess own() {
    if (process == null) {
      throw new RunFailedException("this needs a server of the generator's own");
    }
    return process;
  }

  /** Bytes of live heap, after a full collection. */
  long liveHeap() {
    String pid = String.valueOf(own().pid());
    Cores.run(tool("jcmd"), pid, "GC.run");
    String heap = Cores.run(tool("jcmd"), pid, "GC.heap_info");
    long kilobytes = 0;
    for (String line : heap.lines().toList()) {
      Matcher found = TOTAL_AND_USED.matcher(line);
      if (!line.contains("Metaspace") && !line.contains("class space") && found.find()) {
        kilobytes += Long.parseLong(found.group(1));
      }
    }
    if (kilobytes == 0) {
      Matcher any = USED.matcher(heap);
      if (!any.find()) {
        throw new RunFailedException("GC.heap_info said: " + heap);
      }
      kilobytes = Long.parseLong(any.group(1));
    }
    return kilobytes * 1024;
  }

  /** From now on a flight recording is made, if one is wanted. */
  void record() {
    if (jfr) {
      List<String> start = new ArrayList<>(List.of(tool("jcmd"), String.valueOf(own().pid())));
      start.addAll(List.of("JFR.start", "name=bench", "settings=profile"));
      if (Runtime.version().feature() >= 25) {
        // Samples by processor time, which miss no thread that works.
        start.addAll(List.of("jdk.CPUTimeSample#enabled=true", "jdk.CPUTimeSample#throttle=2ms"));
      }
      Cores.run(start.toArray(String[]::new));
    }
  }

  /** Ends the recording, and gives the file and where the time went; null if none was made. */
  @Nullable String recorded(Path file) {
    if (!jfr) {
      return null;
    }
    String name = file.toAbsolutePath().toString();
    Cores.run(
        tool("jcmd"), String.valueOf(own().pid()), "JFR.stop", "name=bench", "filename=" + name);
    return name + "\n" + Profile.of(file).table();
  }

  private static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
      delete(process.data());
    }
  }

  /** Removes a folder with all that is in it, if it is there. */
  static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
