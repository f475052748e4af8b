package parley.bench;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.bench.engine.BenchRun;
import parley.bench.engine.CpuCores;
import parley.bench.engine.JvmOptions;
import parley.bench.engine.MeasuredServer;
import parley.bench.engine.TokenIssuer;
import parley.bench.floor.AppendFloor;
import parley.bench.floor.EchoFloor;
import parley.bench.floor.Floor;
import parley.bench.floor.RemovalFloor;
import parley.bench.report.BenchReport;
import parley.bench.report.BenchResult;
import parley.bench.report.RecordingProfile;
import parley.bench.report.RunFailedException;
import parley.bench.scenario.Cluster;
import parley.bench.scenario.Drain;
import parley.bench.scenario.Dynamodb;
import parley.bench.scenario.Groups;
import parley.bench.scenario.History;
import parley.bench.scenario.HttpCalls;
import parley.bench.scenario.Idle;
import parley.bench.scenario.Latency;
import parley.bench.scenario.Mixed;
import parley.bench.scenario.Pairs;
import parley.bench.scenario.PeopleChat;
import parley.bench.scenario.PeopleCold;
import parley.bench.scenario.PeopleDay;
import parley.bench.scenario.PeopleGroup;
import parley.bench.scenario.PeopleInbox;
import parley.bench.scenario.PeoplePage;
import parley.bench.scenario.Scenario;
import parley.bench.scenario.Start;
import parley.bench.scenario.Storm;

/**
 * The load generator.
 *
 * <pre>
 *   mvn -q test-compile exec:exec@bench -Dbench="pairs pairs:window=8 latency:rate=500" -Druns=5
 * </pre>
 *
 * <p>Each run starts a new server process with an empty data folder on the first core and runs one
 * scenario from the second core. Most scenarios apply the load for {@code warmup} seconds (10),
 * then measure for {@code seconds} (10). A run fails if a message that was acknowledged to its
 * sender did not reach every receiver. A figure describes the server only if the server was the
 * bottleneck; each result names its bottleneck.
 *
 * <p>The option {@code sync=always} makes the embedded store force each commit to the disk. {@code
 * append} takes it too. {@code removal} measures the cost of removing events from the journal.
 *
 * <p>System properties:
 *
 * <ul>
 *   <li>{@code bench}: the scenarios, see {@link Options}; or {@code all} or {@code people}
 *   <li>{@code runs}: runs of each scenario
 *   <li>{@code bench.jfr}: whether to record the server and print the most expensive layers and
 *       methods
 *   <li>{@code bench.jvm}: options of the server's JVM
 *   <li>{@code bench.env}: settings of the server, as {@code NAME=value} with blanks between them
 *   <li>{@code bench.address}: a server that already runs. It must accept the generator as an
 *       external token issuer
 *   <li>{@code bench.keys}: the port at which the generator serves its public keys
 *   <li>{@code bench.out}: the JSON file
 * </ul>
 */
public final class Load {
  private static final Map<String, Scenario> SCENARIOS = scenarios();

  /** The scenarios of {@code all}: those with targets, and the floors they are compared with. */
  private static final String ALL_SCENARIOS =
      "echo echo:window=8 append pairs pairs:window=8 latency:rate=500 latency:rate=1000"
          + " groups groups:members=1000 hot drain history history:tier=hot"
          + " storm storm:cold=true mixed start idle"
          + " dynamodb dynamodb:window=8 dynamodb:hot=true"
          + " cluster:warmup=40 cluster:warmup=40:window=8";

  /** The scenarios of {@code people}: the DynamoDB cost of users at a human pace. */
  private static final String PEOPLE_SCENARIOS =
      "people-online people-fast people-cold people-page people-group people-inbox people-long"
          + " people-silent people-day";

  private static final String CLUSTER = "cluster";

  private static final Map<String, Floor> FLOORS =
      Map.of("echo", new EchoFloor(), "append", new AppendFloor(), "removal", new RemovalFloor());

  private final TokenIssuer tokenIssuer;
  private final Path folder;
  private final boolean jfr = Boolean.getBoolean("bench.jfr");
  private final List<String> jvmOptions = split(System.getProperty("bench.jvm", ""));
  private final @Nullable URI address;

  private Load(TokenIssuer tokenIssuer, Path folder) {
    this.tokenIssuer = tokenIssuer;
    this.folder = folder;
    String url = System.getProperty("bench.address", "");
    address = url.isEmpty() ? null : URI.create(url);
  }

  private static Map<String, Scenario> scenarios() {
    Map<String, Scenario> all = new LinkedHashMap<>();
    all.put("pairs", new Pairs());
    all.put("latency", new Latency());
    all.put("groups", new Groups(100, 4));
    all.put("hot", new Groups(10, 320));
    all.put("idle", new Idle());
    all.put("storm", new Storm());
    all.put("drain", new Drain());
    all.put("history", new History());
    all.put("http", new HttpCalls());
    all.put("mixed", new Mixed());
    all.put("start", new Start());
    all.put("dynamodb", new Dynamodb());
    all.put("people-online", new PeopleChat("online", 30, 6_000, 0));
    all.put("people-fast", new PeopleChat("fast", 30, 800, 0));
    all.put("people-cold", new PeopleCold());
    all.put("people-page", new PeoplePage());
    all.put("people-group", new PeopleGroup());
    all.put("people-inbox", new PeopleInbox());
    all.put("people-long", new PeopleChat("long", 1, 250, 10_300));
    all.put("people-silent", new PeopleChat("silent", 30, 0, 0));
    all.put("people-day", new PeopleDay());
    return all;
  }

  /** Runs the scenarios that the system properties name. Ignores the arguments. */
  public static void main(String[] args) throws IOException {
    CpuCores.pinSelf();
    Path folder = Path.of("target", "bench");
    Files.createDirectories(folder);
    // Child processes end with this process, unless SIGKILL ends it.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () ->
                    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly)));
    boolean succeeded = false;
    try (FileChannel lock = FileChannel.open(folder.resolve("lock"), CREATE, WRITE);
        FileLock exclusive = lock.tryLock();
        TokenIssuer tokenIssuer = new TokenIssuer(Integer.getInteger("bench.keys", 0))) {
      if (exclusive == null) {
        System.out.println("another load generator uses " + folder + "; wait until it has ended");
      } else {
        succeeded = new Load(tokenIssuer, folder).runAll();
      }
    }
    System.exit(succeeded ? 0 : 1);
  }

  private boolean runAll() throws IOException {
    int runs = Integer.getInteger("runs", 1);
    BenchReport benchReport = new BenchReport();
    benchReport.machine("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
    benchReport.machine("pinned", String.valueOf(CpuCores.canPin()));
    benchReport.machine("java", Runtime.version().toString());
    benchReport.machine("jvm", String.join(" ", JvmOptions.options(jvmOptions)));
    if (!CpuCores.canPin()) {
      System.out.println("taskset is not installed: nothing is pinned, so the figures are rough");
    }
    if (address != null) {
      System.out.println(
          "the server at " + address + " needs the settings " + tokenIssuer.settings());
    }
    boolean succeeded = true;
    Path json = Path.of(System.getProperty("bench.out", folder.resolve("load.json").toString()));
    for (Options options : Options.parse(requestedScenarios())) {
      List<BenchResult> results = new ArrayList<>();
      for (int run = 1; run <= runs; run++) {
        try {
          results.add(run(options, run));
        } catch (RunFailedException e) {
          succeeded = false;
          System.out.println("FAILED: " + options + " run " + run + ": " + e.getMessage());
        }
      }
      if (!results.isEmpty()) {
        BenchReport.Entry entry = new BenchReport.Entry(options.toString(), results);
        System.out.println(BenchReport.table(entry));
        benchReport.add(entry);
        benchReport.write(json);
      }
    }
    System.out.println("written to " + json);
    return succeeded;
  }

  // Replaces "all" and "people". Both may stand beside options for all scenarios.
  private static String requestedScenarios() {
    return System.getProperty("bench", "pairs")
        .replaceAll("(^|[\\s,])all($|[\\s,])", " " + ALL_SCENARIOS + " ")
        .replaceAll("(^|[\\s,])people($|[\\s,])", " " + PEOPLE_SCENARIOS + " ");
  }

  private BenchResult run(Options options, int run) throws IOException {
    Floor floor = FLOORS.get(options.name());
    if (floor != null) {
      Path data = folder.resolve("floor");
      MeasuredServer.delete(data);
      BenchResult benchResult = floor.measure(options, data, jvmOptions);
      MeasuredServer.delete(data);
      return benchResult;
    }
    if (options.name().equals(CLUSTER)) {
      if (address != null) {
        throw new RunFailedException("this scenario needs servers that the generator has started");
      }
      return new Cluster(tokenIssuer, folder, jvmOptions).compare(options);
    }
    Scenario scenario = SCENARIOS.get(options.name());
    if (scenario == null) {
      throw new RunFailedException(
          "unknown scenario; known are %s, %s and %s"
              .formatted(SCENARIOS.keySet(), CLUSTER, FLOORS.keySet()));
    }
    Path recording = folder.resolve(options.name() + "-" + run + ".jfr");
    MeasuredServer measuredServer = startServer(scenario, options);
    int ack = scenario.defaultAckMillis(options);
    try (BenchRun benchRun = new BenchRun(options, measuredServer, tokenIssuer, recording, ack)) {
      BenchResult benchResult = scenario.run(benchRun);
      RecordingProfile recordingProfile = benchRun.profile();
      if (recordingProfile != null) {
        System.out.println(recordingProfile.table(benchResult));
      }
      return benchResult;
    }
  }

  private MeasuredServer startServer(Scenario scenario, Options options) {
    if (address != null) {
      return MeasuredServer.running(address);
    }
    Path data = folder.resolve("data");
    List<String> all = new ArrayList<>(scenario.jvmOptions());
    all.addAll(jvmOptions);
    if (scenario.usesDynamoDb()) {
      return MeasuredServer.onDynamo(
          scenario.nodes(options), data, tokenIssuer.settings(), all, jfr);
    }
    Map<String, String> settings = new LinkedHashMap<>(tokenIssuer.settings());
    settings.put("PARLEY_JOURNAL_SYNC", options.text("sync", "os"));
    return MeasuredServer.start(data, settings, all, jfr);
  }

  private static List<String> split(String text) {
    return text.isBlank() ? List.of() : List.of(text.trim().split("\\s+", -1));
  }
}
