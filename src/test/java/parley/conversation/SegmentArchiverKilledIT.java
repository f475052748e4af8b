package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.archive.ColdStore;
import parley.archive.ColdTiers;
import parley.archive.S3Server;
import parley.calendar.Calendar;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryIntent;
import parley.model.HistoryPage;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.store.EmbeddedStore;

/**
 * Kills the whole program while it archives, at random moments around each new segment and manifest
 * in the cold tier (files, and a real S3 server). After each kill the history has the same bytes,
 * and {@code verify} finds nothing wrong.
 */
@Timeout(300)
class SegmentArchiverKilledIT {
  private static final int KILLS = Integer.getInteger("parley.archive.kills", 1);

  /** A segment ends at 4 MiB: about 400 of these entries. */
  private static final int ENTRIES = 400 * (2 * KILLS + 2);

  private static final int TEXT = 10_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private final Random random = new Random(seed());
  private Path data = Path.of("");
  private Path objects = Path.of("");
  private ColdStore place = new ColdStore.Files(objects);
  private final Map<String, String> environment = new HashMap<>(ServerProcess.SHORT_LIVED);
  private ConversationId id =
      ConversationId.direct(ConversationHarness.ANN, ConversationHarness.BOB);
  private UserId ann = ConversationHarness.ANN;
  private UserId bob = ConversationHarness.BOB;

  private static long seed() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    return seed;
  }

  /** The content of the stores of a stopped server. */
  private record Found(
      String digest, ConversationVerifier.Result result, boolean planned, long removed) {}

  @AfterEach
  void forget() {
    for (String name : List.of("aws.accessKeyId", "aws.secretAccessKey", "aws.region")) {
      System.clearProperty(name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "s3"})
  void whateverItWasDoingNothingIsLost(String kind) throws Exception {
    data = folder.resolve("data");
    environment.put("PARLEY_ARCHIVE_SEGMENTS_PER_MINUTE", "6000");
    if (kind.equals("file")) {
      objects = data.resolve("cold");
      place = new ColdStore.Files(objects);
      run();
    } else {
      try (S3Server s3 = new S3Server(folder.resolve("s3"))) {
        objects = s3.bucket("cold");
        place = new ColdStore.S3(s3.endpoint(), "cold");
        credentials(s3.endpoint());
        run();
      }
    }
  }

  private void credentials(URI endpoint) {
    System.setProperty("aws.accessKeyId", S3Server.KEY);
    System.setProperty("aws.secretAccessKey", S3Server.SECRET);
    System.setProperty("aws.region", "us-east-1");
    environment.putAll(
        Map.of(
            "PARLEY_COLD_STORE",
            "s3",
            "PARLEY_S3_ENDPOINT",
            endpoint.toString(),
            "PARLEY_S3_BUCKET",
            "cold",
            "AWS_ACCESS_KEY_ID",
            S3Server.KEY,
            "AWS_SECRET_ACCESS_KEY",
            S3Server.SECRET,
            "AWS_REGION",
            "us-east-1"));
  }

  private void run() throws Exception {
    try (ServerProcess server = ServerProcess.start(data, environment)) {
      try (ParleyClient client = new ParleyClient(server.uri())) {
        ann = new UserId(client.register("ann").userId());
        bob = new UserId(client.register("bob").userId());
      }
      server.terminate();
      id = ConversationId.direct(ann, bob);
      String before = writeLongAgo();
      int underWay = 0;
      for (int kill = 1; kill <= KILLS; kill++) {
        String moment = killWhileItArchives(server);
        Found found = look();
        System.out.printf(
            "kill %d, %s: %d of %d archived, a plan %s, events removed up to %d%n",
            kill,
            moment,
            found.result().archived(),
            found.result().entries(),
            found.planned() ? "under way" : "not begun",
            found.removed());
        assertThat(found.result().problems()).isEmpty();
        assertThat(found.digest()).isEqualTo(before);
        underWay += found.result().archived() < found.result().entries() ? 1 : 0;
      }
      assertThat(underWay).as("kills in the middle of it").isPositive();
      finish();
      Found found = look();
      assertThat(found.result())
          .isEqualTo(new ConversationVerifier.Result(id, ENTRIES, ENTRIES, List.of()));
      assertThat(found.digest()).isEqualTo(before);
    }
  }

  // ---- the server

  /**
   * Starts the server and the conversation, and kills the server when something new is in the cold
   * tier.
   */
  private String killWhileItArchives(ServerProcess server) throws Exception {
    String suffix = random.nextBoolean() ? ".gz" : ".json";
    int more = 1 + random.nextInt(2);
    int wait = random.nextInt(60_000_000);
    long had = count(suffix);
    wake(server);
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(1))
        .pollDelay(Duration.ZERO)
        .until(() -> count(suffix) >= had + more || count(".json") * 400L >= ENTRIES - 800);
    long until = System.nanoTime() + wait;
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    server.kill9();
    return wait / 1_000 + " µs after " + more + " more " + suffix;
  }

  /** Starts the server and opens the conversation, which then finishes what it had begun. */
  private void wake(ServerProcess server) {
    server.launch();
    open(server);
  }

  private void open(ServerProcess server) {
    try (ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount testAccount = client.login("ann", ParleyClient.PASSWORD);
      client.direct(testAccount, bob.value());
    }
  }

  private void finish() {
    try (ServerProcess server = ServerProcess.start(data, environment);
        HttpClient operator = HttpClient.newHttpClient()) {
      open(server);
      HttpRequest verify =
          HttpRequest.newBuilder(server.management().resolve("/admin/verify/" + id.value()))
              .build();
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .until(
              () -> operator.send(verify, HttpResponse.BodyHandlers.ofString()).body(),
              said -> said.contains(ENTRIES + " of them in the cold tier, 0 problems"));
      server.terminate();
    }
  }

  private long count(String suffix) throws Exception {
    if (!Files.isDirectory(objects)) {
      return 0;
    }
    try (Stream<Path> all = Files.walk(objects)) {
      return all.filter(file -> file.toString().endsWith(suffix)).count();
    } catch (java.io.UncheckedIOException e) {
      // A file disappeared while the folder was listed.
      return 0;
    }
  }

  // ---- the stores, while nobody runs

  private String writeLongAgo() throws Exception {
    try (EmbeddedStore store = open();
        ConversationHarness h = harness(store)) {
      h.settings(idle(store));
      h.clock.set(System.currentTimeMillis() - 40 * Calendar.DAY);
      h.opening(ann, bob, "first");
      for (int i = 1; i < ENTRIES; i++) {
        byte[] bytes = new byte[TEXT / 2];
        random.nextBytes(bytes);
        h.tell(
            new Conversation.Post(
                i % 2 == 0 ? ann : bob,
                "m-" + i,
                new EntryIntent.Text(HexFormat.of().formatHex(bytes), null, List.of()),
                null,
                h.posts.getRef()));
        if (i % 20 == 0 || i == ENTRIES - 1) {
          h.posts.receiveSeveralMessages(i % 20 == 0 ? 20 : i % 20, PATIENCE);
        }
      }
      h.shard.expectMessageClass(ClusterSharding.Passivate.class, PATIENCE);
      String digest = digest(h);
      plan(h);
      return digest;
    }
  }

  /** Begins to archive as the calendar would ask, and stops after the plan. */
  private void plan(ConversationHarness h) {
    MemoryTier nowhere = new MemoryTier();
    nowhere.fault = MemoryTier.Fault.HANG;
    h.archive(ColdTierHarness.store(nowhere, new ManualCalendar()));
    h.clock.set(System.currentTimeMillis());
    h.restart();
    h.tell(new Conversation.Archive(Calendar.day(h.clock.get())));
    await().atMost(PATIENCE).until(() -> nowhere.writes.get() == 1);
  }

  private Found look() throws Exception {
    try (EmbeddedStore store = open();
        ConversationHarness h = harness(store)) {
      var tier = ColdTiers.open(h.kit.system(), place, h.telemetry);
      ConversationVerifier.Result result =
          new ConversationVerifier(h.kit.system(), store.readJournal(), tier)
              .verify(id)
              .toCompletableFuture()
              .get();
      ConversationState state = state(h, store);
      // An archive whose turns never come, so nothing is archived.
      h.archive(
          new ArchiveDependencies(
              tier,
              Duration.ofDays(30),
              new ArchiveRate(1, new AtomicLong()::decrementAndGet),
              new ManualCalendar()));
      h.clock.set(System.currentTimeMillis());
      String digest = digest(h);
      if (state.archive().planned() == null
          && state.archive().removedTo() == state.archive().archivedEvent()
          && state.archive().archivedTo() < state.lastSeq()) {
        plan(h);
      }
      return new Found(
          digest, result, state.archive().planned() != null, state.archive().removedTo());
    }
  }

  private ConversationState state(ConversationHarness h, EmbeddedStore store) throws Exception {
    ConversationState state =
        new JournalRemoval(h.kit.system(), LogReader.persistenceId(id))
            .snapshot()
            .toCompletableFuture()
            .get()
            .map(found -> ConversationState.of(id, found))
            .orElseGet(() -> new ConversationState(id));
    new LogReader(
            h.kit.system(),
            store.readJournal(),
            id,
            new MissingColdTier(),
            new LogScans(() -> {}, System::nanoTime))
        .events(state.eventNr() + 1, Long.MAX_VALUE)
        .runForeach(event -> state.apply((ConversationEvent) event.event()), h.kit.system())
        .toCompletableFuture()
        .get();
    return state;
  }

  private EmbeddedStore open() throws Exception {
    EmbeddedStore store = EmbeddedStore.open(data);
    store.openJournal();
    return store;
  }

  private ConversationHarness harness(EmbeddedStore store) {
    return new ConversationHarness(
        id, store.config().withFallback(ConfigFactory.load()).resolve(), store.readJournal());
  }

  private static ConversationSettings idle(EmbeddedStore store) {
    return new ConversationSettings(
        Duration.ofMillis(1),
        Duration.ofMillis(20),
        Duration.ofSeconds(1),
        SnapshotSchedule.every(500),
        store.readJournal());
  }

  private String digest(ConversationHarness h) throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    ObjectMapper json = new ObjectMapper();
    for (long after = 0; ; ) {
      HistoryPage page = h.page(bob, null, after, 100, false);
      for (Entry entry : page.entries()) {
        sha.update(json.writeValueAsBytes(entry));
        after = entry.seq();
      }
      if (!page.hasMore()) {
        return HexFormat.of().formatHex(sha.digest());
      }
    }
  }
}
