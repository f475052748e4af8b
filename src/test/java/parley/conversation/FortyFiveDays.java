package parley.conversation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.Stream;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import parley.archive.ColdStore;
import parley.archive.ColdTier;
import parley.archive.ColdTiers;
import parley.archive.Manifest;
import parley.archive.S3Server;
import parley.calendar.Calendar;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryIntent;
import parley.model.HistoryPage;
import parley.store.EmbeddedStore;
import parley.telemetry.Telemetry;

/**
 * A measurement, started by hand. One conversation writes 100,000 entries over 45 simulated days to
 * the embedded store, and is archived. The program then checks where the entries are and that none
 * has changed, and prints sizes and how long a page takes from each tier.
 *
 * <pre>mvn -q test-compile exec:exec@45-days</pre>
 */
final class FortyFiveDays {
  private static final int DAYS = 45;
  private static final int PAGES = 300;

  /** Pages that are read to warm up. */
  private static final int WARM = 20;

  private FortyFiveDays() {}

  /** Argument: the number of entries, 100,000 if it is not given. */
  public static void main(String[] args) throws Exception {
    int entries = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
    Path folder = Files.createTempDirectory("parley-45-days");
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      run(store, folder, entries);
    }
  }

  private static void run(EmbeddedStore store, Path folder, int entries) throws Exception {
    ConversationId id = ConversationId.direct(ConversationHarness.ANN, ConversationHarness.BOB);
    try (ConversationHarness h =
        new ConversationHarness(
            id, store.config().withFallback(ConfigFactory.load()).resolve(), store.readJournal())) {
      ManualCalendar calendar = new ManualCalendar();
      var tier =
          ColdTiers.open(h.kit.system(), new ColdStore.Files(folder.resolve("cold")), h.telemetry);
      h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
      long start = System.nanoTime();
      write(h, 2, entries);
      System.out.printf(
          "written: %d entries over %d days in %d s, journal %d bytes%n",
          entries, DAYS, seconds(start), journalBytes(h, store, id));
      start = System.nanoTime();
      String before = digest(h);
      System.out.printf("history before: sha256 %s, read in %d s%n", before, seconds(start));

      h.archive(ColdTierHarness.store(tier, calendar));
      h.restart();
      long bytesBefore = journalBytes(h, store, id);
      start = System.nanoTime();
      h.tell(new Conversation.Archive(Calendar.day(h.clock.get())));
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(10))
          .until(() -> !calendar.finished.isEmpty());
      System.out.printf("archived in %d s%n", seconds(start));
      ConversationVerifier.Result result =
          new ConversationVerifier(h.kit.system(), store.readJournal(), tier)
              .verify(id)
              .toCompletableFuture()
              .get();
      long bytesAfter = journalBytes(h, store, id);
      long cold = coldBytes(folder);
      System.out.printf(
          "cold: %d entries, hot: %d, problems: %s%n",
          result.archived(), result.entries() - result.archived(), result.problems());
      System.out.printf(
          "journal %d -> %d bytes, cold tier %d bytes: 1 byte of the tier for %.1f of the journal%n",
          bytesBefore, bytesAfter, cold, (double) (bytesBefore - bytesAfter) / cold);
      start = System.nanoTime();
      String after = digest(h);
      System.out.printf(
          "history after: sha256 %s, read in %d s: %s%n",
          after, seconds(start), after.equals(before) ? "the same" : "ANOTHER");
      latencies(h, folder, result, tier);
    }
  }

  /** Measures pages of 50 entries, each kind separately, one page at a time. */
  private static void latencies(
      ConversationHarness h, Path folder, ConversationVerifier.Result result, ColdTier files)
      throws Exception {
    for (int i = 0; i < 100; i++) {
      h.text(
          ConversationHarness.ANN,
          "new-" + i,
          "Something newer, so that there is something in memory");
    }
    long last = result.entries() + 100;
    latency(h, "memory", i -> last - 60);
    long hot = Math.max(1, (result.entries() - result.archived() - 600) / PAGES);
    latency(h, "hot", i -> result.archived() + 100 + i * hot);
    cold(h, "files", result);
    System.setProperty("aws.accessKeyId", S3Server.KEY);
    System.setProperty("aws.secretAccessKey", S3Server.SECRET);
    System.setProperty("aws.region", "us-east-1");
    try (S3Server server = new S3Server(folder.resolve("s3"))) {
      server.bucket("cold");
      ColdTier s3 =
          ColdTiers.open(
              h.kit.system(), new ColdStore.S3(server.endpoint(), "cold"), new Telemetry());
      copy(h, files, s3);
      h.archive(ColdTierHarness.store(s3, new ManualCalendar()));
      h.restart();
      cold(h, "S3", result);
    }
  }

  /**
   * A node caches three segments of a conversation. A reader of more segments reads the store each
   * time, a reader of one never does.
   */
  private static void cold(
      ConversationHarness h, String where, ConversationVerifier.Result result) {
    long segments = result.archived() / ColdTier.SEGMENT_ENTRIES;
    if (segments < 4) {
      System.out.println("too few segments to say anything of the cold tier");
      return;
    }
    latency(
        h,
        "cold, " + where + ", uncached",
        i -> i % segments * ColdTier.SEGMENT_ENTRIES + 100 + i * 10L % 4_000);
    latency(h, "cold, " + where + ", cached", i -> 100 + i * 10L % 4_000);
  }

  private static void copy(ConversationHarness h, ColdTier from, ColdTier to) throws Exception {
    List<Manifest> all =
        from.manifests(h.id).runWith(Sink.seq(), h.kit.system()).toCompletableFuture().get();
    for (Manifest one : all) {
      List<Entry> entries =
          from.readStored(h.id, one.from(), one.to())
              .runWith(Sink.seq(), h.kit.system())
              .toCompletableFuture()
              .get();
      to.write(h.id, entries).toCompletableFuture().get();
    }
  }

  private static void write(ConversationHarness h, int from, int to) {
    int waiting = 0;
    for (int i = from; i <= to; i++) {
      h.clock.set(1_700_000_000_000L + DAYS * Calendar.DAY * i / to);
      h.tell(
          new Conversation.Post(
              i % 2 == 0 ? ConversationHarness.ANN : ConversationHarness.BOB,
              "m-" + i,
              new EntryIntent.Text(
                  "Message " + i + ", as people write them: see you at " + i % 24 + "?",
                  null,
                  List.of()),
              null,
              h.posts.getRef()));
      if (++waiting == 20) {
        h.posts.receiveSeveralMessages(waiting, Duration.ofSeconds(60));
        waiting = 0;
      }
    }
    h.posts.receiveSeveralMessages(waiting, Duration.ofSeconds(60));
  }

  private static String digest(ConversationHarness h) throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    ObjectMapper json = new ObjectMapper();
    for (long after = 0; ; ) {
      HistoryPage page = h.page(ConversationHarness.BOB, null, after, 100, false);
      for (Entry entry : page.entries()) {
        sha.update(json.writeValueAsBytes(entry));
        after = entry.seq();
      }
      if (!page.hasMore()) {
        return HexFormat.of().formatHex(sha.digest());
      }
    }
  }

  private static void latency(ConversationHarness h, String what, IntToLongFunction after) {
    for (int i = 0; i < WARM; i++) {
      h.page(ConversationHarness.BOB, null, after.applyAsLong(i), 50, false);
    }
    List<Long> times = new ArrayList<>();
    List<HistoryPage.Tier> tiers = new ArrayList<>();
    for (int i = 0; i < PAGES; i++) {
      long start = System.nanoTime();
      HistoryPage page = h.page(ConversationHarness.BOB, null, after.applyAsLong(i), 50, false);
      times.add(System.nanoTime() - start);
      if (page.entries().size() != 50) {
        throw new IllegalStateException(what + ": a page of " + page.entries().size());
      }
      if (!tiers.contains(page.tier())) {
        tiers.add(page.tier());
      }
    }
    long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
    System.out.printf(
        "page of 50, %s %s: p50 %.2f ms, p99 %.2f ms%n",
        what, tiers, sorted[PAGES / 2] / 1e6, sorted[PAGES * 99 / 100] / 1e6);
  }

  private static long journalBytes(ConversationHarness h, EmbeddedStore store, ConversationId id)
      throws Exception {
    var serialization = org.apache.pekko.serialization.SerializationExtension.get(h.kit.system());
    return PersistenceQuery.get(h.kit.system())
        .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal())
        .currentEventsByPersistenceId(LogReader.persistenceId(id), 1, Integer.MAX_VALUE)
        .runWith(
            Sink.fold(
                0L, (sum, event) -> sum + serialization.serialize(event.event()).get().length),
            h.kit.system())
        .toCompletableFuture()
        .get();
  }

  private static long coldBytes(Path folder) throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("cold"))) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private static long seconds(long since) {
    return Duration.ofNanos(System.nanoTime() - since).toSeconds();
  }
}
