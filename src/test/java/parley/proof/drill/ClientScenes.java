package parley.proof.drill;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import parley.client.JsonTrees;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.monitoring.ShortRules;
import parley.proof.faults.SmallDisk;

/** Faults of clients and of the machine, on a single node with the embedded store. */
@SuppressWarnings("try") // clients disturb by being there
final class ClientScenes {
  private static final String NAMESPACE = "single";
  private static final int CONNECTIONS = 120;
  private static final int NEAR = 105;
  private static final int IDLE = 40;
  private static final int DISK_MEGABYTES = 512;
  private static final Duration MOST = Duration.ofMinutes(1);

  private final AlertBoard board;
  private final Path folder;

  ClientScenes(AlertBoard board, Path folder) {
    this.board = board;
    this.folder = folder;
  }

  // ---- connections and descriptors

  void connections() throws Exception {
    try (DrillServer server =
            DrillServer.start(
                folder.resolve("connections"),
                Map.of("PARLEY_CONNECTIONS", String.valueOf(CONNECTIONS)),
                List.of());
        Crowd crowd = new Crowd(server.client, "crowd", NEAR)) {
      board.ask(NAMESPACE, List.of(server.management()));
      crowd.connect(server.client, IDLE);
      board.quiet();
      AlertBoard.Provocation near =
          board.provoke(
              "sockets fill seven eighths of the connections that a node takes",
              "ParleyConnectionsNearLimit");
      crowd.connect(server.client, NEAR - IDLE);
      near.awaitFiring(MOST);
      try (Strangers strangers = new Strangers(server)) {
        board
            .provoke("more connections come than a node takes", "ParleyConnectionsRefused")
            .awaitFiring(MOST);
      }
      crowd.leave();
      crowd.connect(server.client, IDLE);
      board.awaitSilence("ParleyConnectionsNearLimit", "ParleyConnectionsRefused");
      AlertBoard.Provocation descriptors =
          board.provoke(
              "the limit of descriptors falls until 95 % are open", "ParleyDescriptorsHigh");
      descriptors(server.process(), 1 / 0.95);
      descriptors.awaitFiring(MOST);
      AlertBoard.Provocation accepts =
          board.provoke(
              "the limit falls to what is open, and clients come", "ParleyAcceptFailures");
      descriptors(server.process(), 1);
      try (Strangers strangers = new Strangers(server)) {
        accepts.awaitFiring(MOST);
      } finally {
        descriptors(server.process(), 100);
      }
    }
  }

  /** Sets the limit of a running process to so many times of what it has open. */
  private static void descriptors(ServerProcess process, double times) throws Exception {
    long open;
    try (Stream<Path> files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      open = files.count();
    }
    // Only the lower of the two limits: not everybody may raise the other one again.
    long limit = Math.min((long) (open * times), mostDescriptors(process));
    run("prlimit", "--pid", String.valueOf(process.pid()), "--nofile=" + limit + ":");
  }

  private static long mostDescriptors(ServerProcess process) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process.pid() + "/limits")).stream()
        .filter(line -> line.startsWith("Max open files"))
        .mapToLong(line -> Long.parseLong(line.split("\\s+", -1)[4]))
        .findFirst()
        .orElseThrow();
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException(String.join(" ", command) + ": " + output);
    }
  }

  /** Connections that say nothing; ten more each second. */
  private static final class Strangers implements AutoCloseable {
    private final ConcurrentLinkedQueue<Socket> open = new ConcurrentLinkedQueue<>();
    private final Repeating more;

    Strangers(DrillServer server) {
      more =
          new Repeating(
              100,
              () ->
                  open.add(
                      new Socket(server.client.base().getHost(), server.client.base().getPort())));
    }

    @Override
    public void close() throws IOException {
      more.close();
      for (Socket one : open) {
        one.close();
      }
    }
  }

  // ---- what clients do, the keys, the log

  void clients() throws Exception {
    Path data = folder.resolve("clients");
    try (DrillServer server =
            DrillServer.start(data, Map.of("PARLEY_LOG_MESSAGES_ONE_IN", "1"), List.of());
        ParleySocket phone = server.client.connectSynced(server.ann, "phone");
        ParleySocket other = server.client.connectSynced(server.ben, "phone")) {
      other.ping();
      board.ask(NAMESPACE, List.of(server.management()));
      board.quiet();
      AtomicInteger number = new AtomicInteger();
      try (Repeating typing =
          new Repeating(
              // Of one conversation a second typing frame within a second is no news.
              87,
              () ->
                  phone.send(
                      JsonTrees.obj(
                          "op",
                          "typing",
                          "conversation_id",
                          server.conversations.get(
                              number.incrementAndGet() % server.conversations.size()),
                          "active",
                          true)))) {
        board
            .provoke("an app sends typing in 12 conversations all the time", "ParleyRequestsShed")
            .awaitFiring(MOST);
      }
      List<Repeating> forgers = new ArrayList<>();
      try {
        // Each waits up to a second, for the node reads the keys again.
        for (int forger = 0; forger < 10; forger++) {
          forgers.add(
              new Repeating(
                  200, () -> server.client.get("/v1/users/me", forged(server.ann.accessToken()))));
        }
        board
            .provoke("tokens come that no key has signed", "ParleyUnknownKeys")
            .awaitFiring(Duration.ofSeconds(90));
      } finally {
        forgers.forEach(Repeating::close);
      }
      AlertBoard.Provocation flood =
          board.provoke("somebody leaves the logger parley at DEBUG", "ParleyLogFlood");
      server.set("log.parley", "DEBUG");
      try (Repeating busy =
          new Repeating(100, () -> Messages.send(phone, server.conversations, 20))) {
        flood.awaitFiring(Duration.ofSeconds(90));
      }
      server.set("log.parley", "INFO");
      AlertBoard.Provocation keys =
          board.provoke("the file of the signing keys is gone", "ParleyKeysNotRead");
      Path file = data.resolve("auth-signing-key.json");
      Files.move(file, data.resolve("moved.json"));
      keys.awaitFiring(Duration.ofSeconds(150));
      Files.move(data.resolve("moved.json"), file);
    }
  }

  /** The token with another key's id in its head, of which nobody knows. */
  private static String forged(String token) {
    int dot = token.indexOf('.');
    String head =
        new String(Base64.getUrlDecoder().decode(token.substring(0, dot)), StandardCharsets.UTF_8);
    String other = JsonTrees.parse(head).path("kid").asText().replaceFirst("^.{8}", "forgedid");
    String changed = head.replace(JsonTrees.parse(head).path("kid").asText(), other);
    return Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(changed.getBytes(StandardCharsets.UTF_8))
        + token.substring(dot);
  }

  // ---- history

  void history() throws Exception {
    try (DrillServer server = DrillServer.start(folder.resolve("history"), Map.of(), List.of())) {
      board.ask(NAMESPACE, List.of(server.management()));
      server.write(24_000);
      board.quiet();
      AtomicInteger number = new AtomicInteger();
      try (Repeating reader =
          new Repeating(
              50,
              () -> {
                int turn = number.incrementAndGet();
                server.client.get(
                    "/v1/conversations/%s/messages?limit=50&after=%d"
                        .formatted(
                            server.conversations.get(turn % server.conversations.size()),
                            turn * 50 % 1_000),
                    server.ann.accessToken());
              })) {
        board
            .provoke("a client reads the oldest pages again and again", "ParleyMemoryHitsLow")
            .awaitFiring(Duration.ofMinutes(2));
      }
    }
  }

  // ---- restarts and memory

  void restarts() throws Exception {
    try (DrillServer server = DrillServer.start(folder.resolve("restarts"), Map.of(), List.of())) {
      board.ask(NAMESPACE, List.of(server.management()));
      board.quiet();
      AlertBoard.Provocation restarts =
          board.provoke("a node is killed three times within a minute", "ParleyNodeRestarts");
      for (int time = 0; time < 3; time++) {
        server.again(Map.of(), List.of());
        // Each start must be seen by two scrapes.
        AlertBoard.rest(2 * ShortRules.SCRAPE.toSeconds());
      }
      restarts.awaitFiring(MOST);
    }
  }

  /** The heap is made too small for what lives in it, which is measured first. */
  void heap() throws Exception {
    try (DrillServer server =
        DrillServer.start(folder.resolve("heap"), Map.of(), List.of("-Xmx256m", "-Xmn24m"))) {
      board.ask(NAMESPACE, List.of(server.management()));
      board.quiet();
      collect(server.process());
      AlertBoard.rest(2 * ShortRules.SCRAPE.toSeconds());
      double live = board.value("jvm_gc_live_data_size_bytes") / (1 << 20);
      System.out.printf("# %.0f MB live after a collection%n", live);
      small(server, live, 0.86, "ParleyHeapHigh");
      small(server, live, 0.96, "ParleyHeapFull");
    }
  }

  private void small(DrillServer server, double live, double full, String alert) throws Exception {
    AlertBoard.Provocation heap =
        board.provoke(
            "a node is started with a heap of which %.0f %% are in use".formatted(100 * full),
            alert);
    server.again(Map.of(), List.of("-Xmx" + (24 + Math.round(live / full)) + "m", "-Xmn24m"));
    try (Repeating collections = new Repeating(5_000, () -> collect(server.process()))) {
      heap.awaitFiring(Duration.ofSeconds(90));
    }
  }

  private static void collect(ServerProcess process) throws Exception {
    run(
        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
        String.valueOf(process.pid()),
        "GC.run");
  }

  // ---- the disk

  void disk() throws Exception {
    Path mount = Files.createDirectories(folder.resolve("disk"));
    try (SmallDisk disk = SmallDisk.mount(mount, DISK_MEGABYTES);
        DrillServer server =
            DrillServer.start(disk.folder().resolve("data"), Map.of(), List.of())) {
      board.ask(NAMESPACE, List.of(server.management()));
      board.quiet();
      List<Repeating> fills = new ArrayList<>();
      try {
        AlertBoard.Provocation filling =
            board.provoke("something fills the disk to 90 %", "ParleyDiskFilling");
        fills.add(new Repeating(1_000, () -> disk.fillUntil(0.1)));
        filling.awaitFiring(MOST);
        AlertBoard.Provocation full =
            board.provoke("something fills the disk to 97 %", "ParleyDiskFull");
        fills.add(new Repeating(1_000, () -> disk.fillUntil(0.03)));
        full.awaitFiring(MOST);
        AlertBoard.Provocation last =
            board.provoke(
                "something fills the disk to its last byte",
                "ParleyWriteFailed",
                "ParleyWritesFailing");
        fills.add(new Repeating(500, disk::fill));
        fills.add(server.writeMuch());
        last.awaitFiring(Duration.ofSeconds(90));
      } finally {
        fills.forEach(Repeating::close);
      }
    }
  }
}
