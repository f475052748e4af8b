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
  private final long startupNanos;

  private MeasuredServer(
      List<ServerProcess> nodes, @Nullable StandInProcess store, boolean jfr, long startedAt) {
    this.nodes = nodes;
    this.uris = nodes.stream().map(ServerProcess::uri).toList();
    this.store = store;
    this.jfr = jfr;
    this.startupNanos = System.nanoTime() - startedAt;
  }

  private MeasuredServer(URI address) {
    this.nodes = List.of();
    this.uris = List.of(address);
    this.store = null;
    this.jfr = false;
    this.startupNanos = 0;
  }

  /** Uses a server that already runs. Its processor time and memory are not known. */
  public static MeasuredServer running(URI address) {
    return new MeasuredServer(address);
  }

  /**
   * Starts a server on an empty data folder with the embedded store.
   *
   * @param jvm options of the server's JVM
   * @param jfr whether to record the server in the measured time
   */
  public static MeasuredServer start(
      Path folder, Map<String, String> settings, List<String> jvm, boolean jfr) {
    delete(folder);
    long start = System.nanoTime();
    ServerProcess process = prepare(folder, settings, CpuCores.onServerCore(), jvm, jfr);
    process.launch();
    return new MeasuredServer(List.of(process), null, jfr, start);
  }

  /**
   * Starts a server of one or more nodes on an empty stand-in for DynamoDB. The nodes write their
   * logs to files beside the data folder. Several nodes run on both cores until {@link #pin}, but
   * with the thread pools of one core.
   *
   * @param count the number of nodes
   * @param jvm options of each node's JVM
   * @param jfr whether to record the server in the measured time
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
      List<String> remotePorts =
          Stream.generate(() -> String.valueOf(Ports.free())).limit(count).toList();
      if (count > 1) {
        all.put("PARLEY_CLUSTER", "seed");
        all.put("PARLEY_SEED_NODES", "127.0.0.1:" + String.join(",127.0.0.1:", remotePorts));
        all.putAll(NodeCertificates.of(folder.resolveSibling("node-tls")));
      }
      List<String> launcher = count > 1 ? CpuCores.onBothCores() : CpuCores.onServerCore();
      List<String> options = new ArrayList<>();
      if (count > 1) {
        options.add("-XX:ActiveProcessorCount=1");
      }
      options.addAll(jvm);
      for (int node = 0; node < count; node++) {
        all.put("PARLEY_REMOTE_PORT", remotePorts.get(node));
        Path log = folder.resolveSibling("node-" + node + ".log");
        Files.deleteIfExists(log);
        nodes.add(prepare(folder.resolve("node-" + node), all, launcher, options, jfr).alsoTo(log));
      }
      // In parallel: a node listens only after it has joined the cluster, for which it needs the
      // other nodes.
      CompletableFuture.allOf(
              nodes.stream()
                  .map(node -> CompletableFuture.runAsync(node::launch, Thread::startVirtualThread))
                  .toArray(CompletableFuture[]::new))
          .join();
      return new MeasuredServer(nodes, store, jfr, start);
    } catch (IOException | RuntimeException | AssertionError e) {
      nodes.forEach(ServerProcess::close);
      store.close();
      throw new RunFailedException("the server did not start on DynamoDB: " + e);
    }
  }

  /**
   * Prepares a process without rate limits, because they would refuse the load. The property {@code
   * bench.env} may set anything else, and these limits too.
   */
  private static ServerProcess prepare(
      Path folder,
      Map<String, String> settings,
      List<String> launcher,
      List<String> jvm,
      boolean jfr) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    all.put("PARLEY_RATE_CONVERSATION_PER_SECOND", "0");
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    all.put("PARLEY_GROUPS_PER_DAY", "0");
    all.put("PARLEY_REGISTRATIONS_PER_DAY", "0");
    all.putAll(settingsOfProperty());
    List<String> options = new ArrayList<>();
    options.add("-Dsun.misc.unsafe.memory.access=allow");
    if (jfr) {
      options.add("-XX:+UnlockDiagnosticVMOptions");
      options.add("-XX:+DebugNonSafepoints");
    }
    options.addAll(JvmOptions.options(jvm));
    return ServerProcess.prepare(folder, all, launcher, options);
  }

  private static Map<String, String> settingsOfProperty() {
    Map<String, String> settings = new HashMap<>();
    for (String setting : System.getProperty("bench.env", "").trim().split("\\s+", -1)) {
      int equals = setting.indexOf('=');
      if (equals > 0) {
        settings.put(setting.substring(0, equals), setting.substring(equals + 1));
      } else if (!setting.isEmpty()) {
        throw new IllegalArgumentException("bench.env: not NAME=value: " + setting);
      }
    }
    return settings;
  }

  /** Pins all nodes to the server's core. */
  void pin() {
    nodes.forEach(node -> CpuCores.pinToServerCore(node.pid()));
  }

  /** The addresses for clients, one for each node. */
  List<URI> uris() {
    return uris;
  }

  /** The time from the start of the process until it listened. */
  public long startupNanos() {
    return startupNanos;
  }

  /** The processor time so far of the generator, the server and the stand-in of the store. */
  public CpuTime cpu() {
    List<Long> pids = nodes.stream().map(ServerProcess::pid).toList();
    return CpuTime.now(pids, store == null ? 0 : store.pid());
  }

  /** The requests to the store so far; none if the store does not count them. */
  StoreRequests storeRequests() {
    return store == null ? StoreRequests.NONE : store.storeRequests();
  }

  /** The bill of the store so far; empty if the store does not count. */
  Bill bill() {
    return store == null ? Bill.EMPTY : store.bill();
  }

  /** The only process of the server, for measurements that need its process id or a restart. */
  public ServerProcess singleProcess() {
    if (nodes.size() != 1) {
      throw new RunFailedException("this scenario needs one server that the generator has started");
    }
    return nodes.getFirst();
  }

  /** Bytes of the live heap after a full collection. */
  public long liveHeap() {
    String pid = String.valueOf(singleProcess().pid());
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
        throw new RunFailedException("unexpected output of GC.heap_info: " + heap);
      }
      kilobytes = Long.parseLong(any.group(1));
    }
    return kilobytes * 1024;
  }

  /** Starts a flight recording if {@code jfr} is set. */
  void startRecording() {
    if (jfr) {
      List<String> start =
          new ArrayList<>(List.of(tool("jcmd"), String.valueOf(singleProcess().pid())));
      start.addAll(List.of("JFR.start", "name=bench", "settings=profile"));
      if (Runtime.version().feature() >= 25) {
        // Samples by processor time cover all running threads.
        start.addAll(
            List.of(
                "jdk.CPUTimeSample#enabled=true",
                "jdk.CPUTimeSample#throttle=" + RecordingProfile.PERIOD_MILLIS + "ms"));
      }
      CpuCores.run(start.toArray(String[]::new));
    }
  }

  /** Ends the recording and evaluates it. Null if {@code jfr} is not set. */
  @Nullable RecordingProfile stopRecording(Path file) {
    if (!jfr) {
      return null;
    }
    String name = file.toAbsolutePath().toString();
    CpuCores.run(
        tool("jcmd"),
        String.valueOf(singleProcess().pid()),
        "JFR.stop",
        "name=bench",
        "filename=" + name);
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

  /** Deletes a folder with its content, if it exists. */
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
