package parley.bench.engine;

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
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.bench.bill.Bill;
import parley.bench.report.CpuTime;
import parley.bench.report.RecordingProfile;
import parley.bench.report.RunFailedException;
import parley.bench.report.StoreRequests;
import parley.client.NodeCertificates;
import parley.client.Ports;
import parley.client.ServerProcess;

/**
 * The measured server: a new process on an empty data folder, several processes that form a
 * cluster, or a server that already runs.
 */
public final class MeasuredServer implements AutoCloseable {
  private static final Pattern USED = Pattern.compile("used (\\d+)K");
  private static final Pattern TOTAL_AND_USED =
      Pattern.compile("total (?:reserved )?\\d+K, used (\\d+)K");

  private final List<ServerProcess> nodes;
  private final List<URI> uris;
  private final @Nullable StandInProcess store;
  private final boolean jfr;
  private final long startNanos;

  private MeasuredServer(
      List<ServerProcess> nodes, @Nullable StandInProcess store, boolean jfr, long startedAt) {
    this.nodes = nodes;
    this.uris = nodes.stream().map(ServerProcess::uri).toList();
    this.store = store;
    this.jfr = jfr;
    this.startNanos = System.nanoTime() - startedAt;
  }

  private MeasuredServer(URI address) {
    this.nodes = List.of();
    this.uris = List.of(address);
    this.store = null;
    this.jfr = false;
    this.startNanos = 0;
  }

  /** The one that runs there. Its processor time and memory are not known. */
  public static MeasuredServer at(URI address) {
    return new MeasuredServer(address);
  }

  /**
   * A new one, on an empty folder.
   *
   * @param jvm options of its JVM
   * @param jfr whether to record what it does while it is measured
   */
  public static MeasuredServer start(
      Path folder, Map<String, String> settings, List<String> jvm, boolean jfr) {
    delete(folder);
    long start = System.nanoTime();
    ServerProcess process = prepare(folder, settings, CpuCores.program(), jvm, jfr);
    process.launch();
    return new MeasuredServer(List.of(process), null, jfr, start);
  }

  /**
   * New ones that are one cluster, on an empty stand-in for DynamoDB. What they print is in files
   * beside the folder. Several may use both cores until they are {@link #pin pinned}, but as if
   * there was one.
   *
   * @param jvm options of each one's JVM
   */
  public static MeasuredServer onDynamo(
      int count, Path folder, Map<String, String> settings, List<String> jvm, boolean jfr) {
    delete(folder);
    StandInProcess store = StandInProcess.start();
    List<ServerProcess> nodes = new ArrayList<>();
    try {
      long start = System.nanoTime();
      Map<String, String> all = new HashMap<>(settings);
      all.putAll(store.settings());
      List<String> remote =
          Stream.generate(() -> String.valueOf(Ports.free())).limit(count).toList();
      if (count > 1) {
        all.put("PARLEY_CLUSTER", "seed");
        all.put("PARLEY_SEED_NODES", "127.0.0.1:" + String.join(",127.0.0.1:", remote));
        all.putAll(NodeCertificates.of(folder.resolveSibling("node-tls")));
      }
      List<String> prefix = count > 1 ? CpuCores.both() : CpuCores.program();
      List<String> options = new ArrayList<>();
      if (count > 1) {
        options.add("-XX:ActiveProcessorCount=1");
      }
      options.addAll(jvm);
      for (int node = 0; node < count; node++) {
        all.put("PARLEY_REMOTE_PORT", remote.get(node));
        Path log = folder.resolveSibling("node-" + node + ".log");
        Files.deleteIfExists(log);
        nodes.add(prepare(folder.resolve("node-" + node), all, prefix, options, jfr).alsoTo(log));
      }
      // At the same time: each listens when it is a member, for which it needs the others.
      CompletableFuture.allOf(
              nodes.stream()
                  .map(node -> CompletableFuture.runAsync(node::launch, Thread::startVirtualThread))
                  .toArray(CompletableFuture[]::new))
          .join();
      return new MeasuredServer(nodes, store, jfr, start);
    } catch (IOException | RuntimeException | AssertionError e) {
      nodes.forEach(ServerProcess::close);
      store.close();
      throw new RunFailedException("no program on DynamoDB: " + e);
    }
  }

  /** No rates are limited: the limits are there to refuse what is measured here. */
  private static ServerProcess prepare(
      Path folder,
      Map<String, String> settings,
      List<String> prefix,
      List<String> jvm,
      boolean jfr) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    all.put("PARLEY_GROUPS_PER_DAY", "0");
    all.put("PARLEY_REGISTRATIONS_PER_DAY", "0");
    List<String> options = new ArrayList<>();
    options.add("-Dsun.misc.unsafe.memory.access=allow");
    if (jfr) {
      options.add("-XX:+UnlockDiagnosticVMOptions");
      options.add("-XX:+DebugNonSafepoints");
    }
    options.addAll(JvmOptions.options(jvm));
    return ServerProcess.prepare(folder, all, prefix, options);
  }

  /** From now on all of it is on the program's core. */
  void pin() {
    nodes.forEach(node -> CpuCores.pinProgram(node.pid()));
  }

  /** Where clients connect, one for each node. */
  List<URI> uris() {
    return uris;
  }

  /** How long it took from its start to listening. */
  public long startNanos() {
    return startNanos;
  }

  /** Processor time now: the generator's, its own, and that of its store's stand-in. */
  public CpuTime cpu() {
    List<Long> pids = nodes.stream().map(ServerProcess::pid).toList();
    return CpuTime.now(pids, store == null ? 0 : store.pid());
  }

  /** What its store has been asked so far; nothing where it is not one that counts. */
  StoreRequests asked() {
    return store == null ? StoreRequests.NOTHING : store.asked();
  }

  /**
   * What its store has cost so far, by what it was for; nothing where it is not one that counts.
   */
  Bill bill() {
    return store == null ? Bill.NOTHING : store.bill();
  }

  /** The process, for what only one of ours can show. */
  public ServerProcess own() {
    if (nodes.size() != 1) {
      throw new RunFailedException("this needs one server, of the generator's own");
    }
    return nodes.getFirst();
  }

  /** Bytes of live heap, after a full collection. */
  public long liveHeap() {
    String pid = String.valueOf(own().pid());
    CpuCores.run(tool("jcmd"), pid, "GC.run");
    String heap = CpuCores.run(tool("jcmd"), pid, "GC.heap_info");
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
        start.addAll(
            List.of(
                "jdk.CPUTimeSample#enabled=true",
                "jdk.CPUTimeSample#throttle=" + RecordingProfile.PERIOD_MILLIS + "ms"));
      }
      CpuCores.run(start.toArray(String[]::new));
    }
  }

  /** Ends the recording, and gives where the time went; null if none was made. */
  @Nullable RecordingProfile recorded(Path file) {
    if (!jfr) {
      return null;
    }
    String name = file.toAbsolutePath().toString();
    CpuCores.run(
        tool("jcmd"), String.valueOf(own().pid()), "JFR.stop", "name=bench", "filename=" + name);
    return RecordingProfile.of(file);
  }

  private static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  @Override
  public void close() {
    nodes.forEach(ServerProcess::close);
    if (store != null) {
      store.close();
    }
    nodes.forEach(node -> delete(node.data()));
  }

  /** Removes a folder with all that is in it, if it is there. */
  public static void delete(Path folder) {
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
