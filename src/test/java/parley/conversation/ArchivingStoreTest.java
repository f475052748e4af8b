package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.javadsl.CurrentEventsByPersistenceIdQuery;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.archive.ColdStore;
import parley.archive.ColdTiers;
import parley.calendar.Calendar;
import parley.client.DynamoLocal;
import parley.journal.JournalProbe;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.HistoryPage;
import parley.store.DynamoStore;
import parley.store.EmbeddedStore;
import parley.store.Store;
import parley.telemetry.Telemetry;

/**
 * Archived events are removed from both real journals. A conversation recovers from what remains,
 * and goes on.
 */
@Timeout(180)
class ArchivingStoreTest {
  @TempDir Path folder;

  @Test
  void embedded() throws Exception {
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      archivesAndGoesOn(store);
    }
    // The command, as an operator runs it on a stopped server.
    assertThat(verify())
        .isEqualTo("1 conversations, 673 entries, 672 of them in the cold tier, 0 problems 0");
    Path segment = segments().getFirst();
    byte[] bytes = Files.readAllBytes(segment);
    byte[] other = bytes.clone();
    other[bytes.length / 2] ^= 1;
    Files.write(segment, other);
    assertThat(verify()).contains("ColdDamaged").endsWith("1 problems 1");
    Files.delete(segment);
    assertThat(verify()).contains("ColdDamaged").endsWith("1 problems 1");
    Files.write(segment, bytes);
    assertThat(verify()).endsWith("0 problems 0");
  }

  private List<Path> segments() throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("cold"))) {
      return files.filter(file -> file.toString().endsWith(".gz")).sorted().toList();
    }
  }

  /** The output of the command, which is one line, and its exit code. */
  private String verify() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "parley.app.Main",
            "verify");
    builder.environment().put("PARLEY_DATA_DIR", folder.toString());
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    List<String> lines =
        said.lines().filter(line -> line.contains("problems") || line.startsWith("d_")).toList();
    return (lines.isEmpty() ? said : String.join(" ", lines)) + " " + code;
  }

  @Test
  void dynamo() throws Exception {
    try (DynamoStore store = DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true)) {
      archivesAndGoesOn(store);
    }
  }

  /** First the mark that a journal keeps of removed events is gone, then all events are. */
  @Test
  void seqsContinueAfterRemovalFromTheJournal() throws Exception {
    ConversationId id = ConversationId.direct(ConversationHarness.ANN, ConversationHarness.BOB);
    String name = LogReader.persistenceId(id);
    ManualCalendar calendar = new ManualCalendar();
    List<Entry> before;
    long snapshot;
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      try (ConversationHarness h = archiving(store, id, calendar)) {
        h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
        for (int i = 0; i < 30; i++) {
          h.text(ConversationHarness.ANN, "a" + i, "text " + i);
        }
        h.clock.addAndGet(61 * Calendar.DAY);
        archive(h, calendar);
        before = history(h);
        snapshot =
            new JournalRemoval(h.kit.system(), name)
                .snapshot()
                .toCompletableFuture()
                .get()
                .orElseThrow()
                .eventNr();
        long last = events(h, store, id).getLast().sequenceNr();
        assertThat(snapshot).isGreaterThan(31).isLessThanOrEqualTo(last);

        // The events after the snapshot still show the highest number.
        h.kit.stop(h.entity());
        forget(name, snapshot);
        h.restart();
        assertThat(history(h)).isEqualTo(before);
        h.text(ConversationHarness.BOB, "b", "next");
        assertThat(events(h, store, id).getLast().sequenceNr()).isEqualTo(last + 1);
        assertThat(history(h)).hasSize(before.size() + 1);
      }
    }

    // Only the snapshot does: its number is the highest.
    try (EmbeddedStore store = EmbeddedStore.open(folder)) {
      store.openJournal();
      forget(name, Long.MAX_VALUE);
      try (ConversationHarness h = archiving(store, id, calendar)) {
        h.clock.addAndGet(61 * Calendar.DAY);
        h.restart();
        assertThat(history(h)).isEqualTo(before);
        assertThat(h.text(ConversationHarness.BOB, "b", "next").seq()).isEqualTo(before.size() + 1);
        assertThat(events(h, store, id).getFirst().sequenceNr()).isEqualTo(snapshot + 1);
        h.restart();
        assertThat(history(h)).hasSize(before.size() + 1).startsWith(before.toArray(Entry[]::new));
      }
    }
  }

  private ConversationHarness archiving(Store store, ConversationId id, ManualCalendar calendar) {
    Config config = store.config().withFallback(ConfigFactory.load()).resolve();
    ConversationHarness h = new ConversationHarness(id, config, store.readJournal());
    h.archive(
        ColdTierHarness.store(
            ColdTiers.open(
                h.kit.system(), new ColdStore.Files(folder.resolve("cold")), h.telemetry),
            calendar));
    return h;
  }

  /** Removes the events of an entity up to a number, and the journal's mark of its numbers. */
  private void forget(String name, long upTo) throws Exception {
    JournalProbe.forget(folder.resolve("journal"), name, upTo);
  }

  private void archivesAndGoesOn(Store store) throws Exception {
    Config config = store.config().withFallback(ConfigFactory.load()).resolve();
    ConversationId id = ConversationId.direct(ConversationHarness.ANN, ConversationHarness.BOB);
    try (ConversationHarness h = new ConversationHarness(id, config, store.readJournal())) {
      ManualCalendar calendar = new ManualCalendar();
      h.archive(
          ColdTierHarness.store(
              ColdTiers.open(
                  h.kit.system(), new ColdStore.Files(folder.resolve("cold")), h.telemetry),
              calendar));
      h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
      // Several hundred events of one entry, so that they cross the borders of the journals' own
      // pages.
      for (int i = 0; i < 640; i++) {
        h.text(
            i % 2 == 0 ? ConversationHarness.ANN : ConversationHarness.BOB, "a" + i, "text " + i);
      }
      h.clock.addAndGet(61 * Calendar.DAY);
      for (int i = 0; i < 30; i++) {
        h.text(ConversationHarness.ANN, "b" + i, "text " + i);
      }
      List<Entry> before = history(h);
      archive(h, calendar);
      List<EventEnvelope> left = events(h, store, id);
      assertThat(left).noneMatch(e -> e.sequenceNr() <= 640);
      assertThat(
              left.stream().flatMap(e -> LogReader.entriesOf(e.event()).stream()).map(Entry::seq))
          .hasSize(30)
          .startsWith(642L);
      assertThat(history(h)).isEqualTo(before);
      assertThat(h.page(ConversationHarness.BOB, null, 0L, 100, false).tier())
          .isEqualTo(HistoryPage.Tier.COLD);

      ConversationVerifier conversationVerifier =
          new ConversationVerifier(
              h.kit.system(),
              store.readJournal(),
              ColdTiers.open(
                  h.kit.system(), new ColdStore.Files(folder.resolve("cold")), new Telemetry()));
      assertThat(conversationVerifier.verify(id).toCompletableFuture().get())
          .isEqualTo(new ConversationVerifier.Result(id, before.size(), 641, List.of()));
      assertThat(
              store
                  .persistenceIds(ConversationVerifier.PERSISTENCE_ID_PREFIX)
                  .map(ConversationVerifier::named))
          .containsExactly(id);

      // The conversation recovers from what remains; seqs and sequence numbers go on.
      h.restart();
      assertThat(history(h)).isEqualTo(before);
      assertThat(h.text(ConversationHarness.BOB, "c", "next").seq()).isEqualTo(before.size() + 1);
      assertThat(events(h, store, id).getLast().sequenceNr())
          .isGreaterThan(left.getLast().sequenceNr());

      // Nobody uses the conversation any more: all entries are archived, and it still works.
      h.clock.addAndGet(31 * Calendar.DAY);
      List<Entry> all = history(h);
      archive(h, calendar);
      assertThat(
              events(h, store, id).stream().flatMap(e -> LogReader.entriesOf(e.event()).stream()))
          .isEmpty();
      h.restart();
      assertThat(history(h)).isEqualTo(all);
      assertThat(h.text(ConversationHarness.ANN, "a0", "again").seq()).isEqualTo(2);
      assertThat(h.text(ConversationHarness.ANN, "d", "next").seq()).isEqualTo(all.size() + 1);
      h.restart();
      assertThat(history(h)).hasSize(all.size() + 1).startsWith(all.toArray(Entry[]::new));
    }
  }

  private static void archive(ConversationHarness h, ManualCalendar calendar) {
    int before = calendar.finished.size();
    h.tell(new Conversation.Archive(Calendar.day(h.clock.get())));
    await().atMost(Duration.ofSeconds(60)).until(() -> calendar.finished.size() > before);
  }

  private static List<Entry> history(ConversationHarness h) {
    List<Entry> all = new ArrayList<>();
    for (long after = 0; ; after = all.getLast().seq()) {
      HistoryPage page = h.page(ConversationHarness.BOB, null, after, 100, false);
      all.addAll(page.entries());
      if (!page.hasMore()) {
        return all;
      }
    }
  }

  private static List<EventEnvelope> events(ConversationHarness h, Store store, ConversationId id)
      throws Exception {
    return PersistenceQuery.get(h.kit.system())
        .getReadJournalFor(CurrentEventsByPersistenceIdQuery.class, store.readJournal())
        .currentEventsByPersistenceId(LogReader.persistenceId(id), 1, Integer.MAX_VALUE)
        .runWith(Sink.seq(), h.kit.system())
        .toCompletableFuture()
        .get();
  }
}
