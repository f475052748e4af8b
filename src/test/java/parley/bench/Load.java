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
 * <p>Each run starts the program anew, as a process on the first core with an empty data folder,
 * and plays one scenario from the second core: {@code warmup} seconds (10) of the same load, then
 * {@code seconds} (10) that count. What was acknowledged to senders must have reached all receivers
 * at the end, else the run fails. A figure says how fast the program is only where it, not the
 * generator, was the limit: each scenario says which.
 *
 * <p>{@code sync=always} in a scenario's options measures the embedded store when it forces each
 * commit to the disk; {@code append} takes it too, and {@code removal} is what it costs to remove
 * from the journal.
 *
 * <p>System properties: {@code bench} (scenarios, see {@link Options}, or {@code all} or {@code
 * people}), {@code runs}, {@code bench.jfr} (record and print what was hot), {@code bench.jvm}
 * (options of the program's JVM), {@code bench.address} (a server that runs already; it must know
 * the generator as an external issuer, with keys at port {@code bench.keys}), {@code bench.out}
 * (the JSON file).
 */
public final class Load {
  private static final Map<String, Scenario> SCENARIOS = scenarios();

  /** What {@code all} stands for: the targets, and the floors they are compared with. */
  private static final String ALL =
      "echo echo:window=8 append pairs pairs:window=8 latency:rate=500 latency:rate=1000"
          + " groups groups:members=1000 hot drain history history:tier=hot"
          + " storm storm:cold=true mixed start idle"
          + " dynamodb dynamodb:window=8 dynamodb:hot=true"
          + " cluster:warmup=40 cluster:warmup=40:window=8";

  /** What {@code people} stands for: what people at a human pace cost on DynamoDB. */
  private static final String PEOPLE =
      "people-online people-fast people-cold people-page people-group people-inbox people-long"
          + " people-silent people-day";

  private static final String CLUSTER = "cluster";

  private static final Map<String, Floor> FLOORS =
      Map.of("echo", new EchoFloor(), "append", new AppendFloor(), "removal", new RemovalFloor());

  private final TokenIssuer tokenIssuer;
  private final Path folder;
  private final boolean jfr = Boolean.getBoolean("bench.jfr");
  private final List<String> jvm = words(System.getProperty("bench.jvm", ""));
  private final @Nullable URI address;

  private Load(TokenIssuer tokenIssuer, Path folder) {
    this.tokenIssuer = tokenIssuer;
    this.folder = folder;
    String at = System.getProperty("bench.address", "");
    address = at.isEmpty() ? null : URI.create(at);
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

  /** Runs it; arguments are ignored. */
  public static void main(String[] args) throws IOException {
    CpuCores.pinSelf();
    Path folder = Path.of("target", "bench");
    Files.createDirectories(folder);
    // Whatever ends this ends the processes that it has started.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () ->
                    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly)));
    boolean good = false;
    try (FileChannel lock = FileChannel.open(folder.resolve("lock"), CREATE, WRITE);
        FileLock alone = lock.tryLock();
        TokenIssuer tokenIssuer = new TokenIssuer(Integer.getInteger("bench.keys", 0))) {
      if (alone == null) {
        System.out.println(
            "another load generator has its data in " + folder + ": wait for its end");
      } else {
        good = new Load(tokenIssuer, folder).all();
      }
    }
    System.exit(good ? 0 : 1);
  }

  private boolean all() throws IOException {
    int runs = Integer.getInteger("runs", 1);
    BenchReport benchReport = new BenchReport();
    benchReport.machine("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
    benchReport.machine("pinned", String.valueOf(CpuCores.pins()));
    benchReport.machine("java", Runtime.version().toString());
    benchReport.machine("jvm", String.join(" ", JvmOptions.options(jvm)));
    if (!CpuCores.pins()) {
      System.out.println("no taskset here: nothing is pinned, the figures are rough");
    }
    if (address != null) {
      System.out.println("the server at " + address + " needs " + tokenIssuer.settings());
    }
    boolean good = true;
    Path json = Path.of(System.getProperty("bench.out", folder.resolve("load.json").toString()));
    for (Options options : Options.parse(wanted())) {
      List<BenchResult> results = new ArrayList<>();
      for (int run = 1; run <= runs; run++) {
        try {
          results.add(play(options, run));
        } catch (RunFailedException e) {
          good = false;
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
    return good;
  }

  // "all" or "people", alone or beside options that hold for all.
  private static String wanted() {
    return System.getProperty("bench", "pairs")
        .replaceAll("(^|[\\s,])all($|[\\s,])", " " + ALL + " ")
        .replaceAll("(^|[\\s,])people($|[\\s,])", " " + PEOPLE + " ");
  }

  private BenchResult play(Options options, int run) throws IOException {
    Floor floor = FLOORS.get(options.name());
    if (floor != null) {
      Path data = folder.resolve("floor");
      MeasuredServer.delete(data);
      BenchResult benchResult = floor.measure(options, data, jvm);
      MeasuredServer.delete(data);
      return benchResult;
    }
    if (options.name().equals(CLUSTER)) {
      if (address != null) {
        throw new RunFailedException("this needs servers of the generator's own");
      }
      return new Cluster(tokenIssuer, folder, jvm).compare(options);
    }
    Scenario scenario = SCENARIOS.get(options.name());
    if (scenario == null) {
      throw new RunFailedException(
          "no such scenario; there are %s, %s and %s"
              .formatted(SCENARIOS.keySet(), CLUSTER, FLOORS.keySet()));
    }
    Path recording = folder.resolve(options.name() + "-" + run + ".jfr");
    MeasuredServer measuredServer = program(scenario, options);
    int ack = scenario.ackMillis(options);
    try (BenchRun benchRun =
        new BenchRun(options, measuredServer, tokenIssuer, recording, ack, scenario.readMillis())) {
      BenchResult benchResult = scenario.play(benchRun);
      RecordingProfile recordingProfile = benchRun.profile();
      if (recordingProfile != null) {
        System.out.println(recordingProfile.table(benchResult));
      }
      return benchResult;
    }
  }

  private MeasuredServer program(Scenario scenario, Options options) {
    if (address != null) {
      return MeasuredServer.at(address);
    }
    Path data = folder.resolve("data");
    List<String> all = new ArrayList<>(scenario.jvm());
    all.addAll(jvm);
    if (scenario.sharedStore()) {
      return MeasuredServer.onDynamo(
          scenario.nodes(options), data, tokenIssuer.settings(), all, jfr);
    }
    Map<String, String> settings = new LinkedHashMap<>(tokenIssuer.settings());
    settings.put("PARLEY_JOURNAL_SYNC", options.text("sync", "os"));
    return MeasuredServer.start(data, settings, all, jfr);
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.trim().split("\\s+", -1));
  }
}
