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
import java.util.stream.Stream;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import parley.archive.ColdStore;
import parley.archive.ColdTiers;
import parley.calendar.Calendar;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.HistoryPage;
import parley.model.Intent;
import parley.store.EmbeddedStore;

/**
 * Measurement, by hand: 100,000 entries of one conversation over 45 simulated days on the embedded
 * store, then archived; what is where afterwards, that all is as before, sizes, and how long a page
 * takes from each tier.
 *
 * <pre>mvn -q test-compile exec:exec@45-days</pre>
 */
final class FortyFiveDays {
  private static final int DAYS = 45;
  private static final int PAGES = 300;

  private FortyFiveDays() {}

  /** Arguments: how many entries, 100,000 if none is given. */
  public static void main(String[] args) throws Exception {
    int entries = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
    Path folder = Files.createTempDirectory("parley-45-days");
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      run(store, folder, entries);
    }
  }

  private static void run(EmbeddedStore store, Path folder, int entries) throws Exception {
    ConversationId id = ConversationId.direct(Harness.ANN, Harness.BOB);
    try (Harness h =
        new Harness(
            id, store.config().withFallback(ConfigFactory.load()).resolve(), store.readJournal())) {
      HandCalendar calendar = new HandCalendar();
      var tier =
          ColdTiers.open(h.kit.system(), new ColdStore.Files(folder.resolve("cold")), h.telemetry);
      h.opening(Harness.ANN, Harness.BOB, "first");
      long start = System.nanoTime();
      write(h, 2, entries);
      System.out.printf(
          "written: %d entries over %d days in %d s, journal %d bytes%n",
          entries, DAYS, seconds(start), journalBytes(h, store, id));
      start = System.nanoTime();
      String before = digest(h);
      System.out.printf("history before: sha256 %s, read in %d s%n", before, seconds(start));

      h.archive(ColdRig.store(tier, calendar));
      h.restart();
      long bytesBefore = journalBytes(h, store, id);
      start = System.nanoTime();
      h.tell(new Conversation.Archive(Calendar.day(h.clock.get())));
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(10))
          .until(() -> !calendar.finished.isEmpty());
      System.out.printf("archived in %d s%n", seconds(start));
      Verification.Result result =
          new Verification(h.kit.system(), store.readJournal(), tier)
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
      latency(h, "memory", result.entries() - 60, 1);
      latency(
          h,
          "hot",
          result.archived() + 100,
          Math.max(1, (result.entries() - result.archived() - 600) / PAGES));
      latency(h, "cold, in order", 100, Math.max(1, (result.archived() - 200) / PAGES));
    }
  }

  private static void write(Harness h, int from, int to) {
    int waiting = 0;
    for (int i = from; i <= to; i++) {
      h.clock.set(1_700_000_000_000L + DAYS * Calendar.DAY * i / to);
      h.tell(
          new Conversation.Post(
              i % 2 == 0 ? Harness.ANN : Harness.BOB,
              "m-" + i,
              new Intent.Text(
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

  private static String digest(Harness h) throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    ObjectMapper json = new ObjectMapper();
    for (long after = 0; ; ) {
      HistoryPage page = h.page(Harness.BOB, null, after, 100, false);
      for (Entry entry : page.entries()) {
        sha.update(json.writeValueAsBytes(entry));
        after = entry.seq();
      }
      if (!page.hasMore()) {
        return HexFormat.of().formatHex(sha.digest());
      }
    }
  }

  private static void latency(Harness h, String tier, long from, long step) {
    List<Long> times = new ArrayList<>();
    List<HistoryPage.Tier> tiers = new ArrayList<>();
    for (int i = 0; i < PAGES; i++) {
      long start = System.nanoTime();
      HistoryPage page = h.page(Harness.BOB, null, from + i * step % 90_000, 50, false);
      times.add(System.nanoTime() - start);
      if (!tiers.contains(page.tier())) {
        tiers.add(page.tier());
      }
    }
    long[] sorted = times.stream().mapToLong(Long::longValue).sorted().toArray();
    System.out.printf(
        "page of 50, %s %s: p50 %.1f ms, p99 %.1f ms%n",
        tier, tiers, sorted[PAGES / 2] / 1e6, sorted[PAGES * 99 / 100] / 1e6);
  }

  private static long journalBytes(Harness h, EmbeddedStore store, ConversationId id)
      throws Exception {
    var serialization = org.apache.pekko.serialization.SerializationExtension.get(h.kit.system());
    return PersistenceQuery.get(h.kit.system())
        .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal())
        .currentEventsByPersistenceId(Log.persistenceId(id), 1, Integer.MAX_VALUE)
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
