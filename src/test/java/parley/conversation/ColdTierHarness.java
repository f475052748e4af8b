package parley.conversation;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.pekko.persistence.testkit.JournalOperation;
import org.apache.pekko.persistence.testkit.ProcessingResult;
import org.apache.pekko.persistence.testkit.ProcessingSuccess$;
import org.apache.pekko.persistence.testkit.SnapshotOperation;
import org.apache.pekko.persistence.testkit.StorageFailure;
import org.apache.pekko.persistence.testkit.WriteEvents;
import org.apache.pekko.persistence.testkit.javadsl.SnapshotTestKit;
import org.jspecify.annotations.Nullable;
import parley.calendar.Calendar;
import parley.model.Entry;
import parley.model.EntryIntent;
import parley.model.HistoryPage;
import parley.model.UserId;

/**
 * A conversation with a cold tier and a calendar that the test controls, and with a store that
 * fails on demand.
 */
final class ColdTierHarness implements AutoCloseable {
  static final int HOT_DAYS = 30;

  final ConversationHarness h;
  final MemoryTier tier = new MemoryTier();
  final ManualCalendar calendar = new ManualCalendar();

  /** Every event that was ever written, including removed ones. */
  final List<ConversationEvent> written = new CopyOnWriteArrayList<>();

  /** How often the journal has failed because the test said so. */
  final AtomicInteger failures = new AtomicInteger();

  private volatile @Nullable Predicate<JournalOperation> failing;
  private volatile @Nullable Predicate<SnapshotOperation> snapshotsFailing;

  ColdTierHarness(ConversationHarness conversationHarness) {
    h = conversationHarness;
    h.archive(store(tier, calendar));
    SnapshotTestKit snapshots = SnapshotTestKit.create(h.kit.system());
    written.addAll(h.events());
    h.journal().withPolicy((id, operation) -> operate(id, operation));
    snapshots.withPolicy(
        (id, operation) -> answer(snapshotsFailing != null && snapshotsFailing.test(operation)));
    h.restart();
  }

  static ArchiveDependencies store(parley.archive.ColdTier tier, Calendar calendar) {
    return new ArchiveDependencies(
        tier, Duration.ofDays(HOT_DAYS), new ArchiveRate(60_000_000, System::nanoTime), calendar);
  }

  private ProcessingResult operate(String id, JournalOperation operation) {
    Predicate<JournalOperation> bad = failing;
    if (bad != null && bad.test(operation)) {
      failures.incrementAndGet();
      return answer(true);
    }
    if (operation instanceof WriteEvents events && id.equals(LogReader.persistenceId(h.id))) {
      events.getBatch().forEach(event -> written.add((ConversationEvent) event));
    }
    return answer(false);
  }

  private static ProcessingResult answer(boolean fails) {
    return fails
        ? new StorageFailure(new IllegalStateException("by hand"))
        : ProcessingSuccess$.MODULE$;
  }

  /** Which operations of the journal fail from now on; null is none. */
  void journalFails(@Nullable Predicate<JournalOperation> which) {
    failing = which;
  }

  /** Which operations of the snapshot store fail from now on; null is none. */
  void snapshotsFail(@Nullable Predicate<SnapshotOperation> which) {
    snapshotsFailing = which;
  }

  void days(int days) {
    h.clock.addAndGet(days * Calendar.DAY);
  }

  long today() {
    return Calendar.day(h.clock.get());
  }

  /** Both members write texts in turn; each event has several. */
  void texts(int count) {
    int before = (int) written.stream().filter(e -> !LogReader.entriesOf(e).isEmpty()).count();
    for (int i = 0; i < count; i++) {
      UserId author = i % 2 == 0 ? ConversationHarness.ANN : ConversationHarness.BOB;
      h.tell(
          new Conversation.Post(
              author,
              "t-" + h.clock.get() + "-" + before + "-" + i,
              new EntryIntent.Text("text " + h.clock.get() + " " + i, null, List.of()),
              null,
              h.posts.getRef()));
      if (i % 100 == 99) {
        h.posts.receiveSeveralMessages(100, Duration.ofSeconds(20));
      }
    }
    h.posts.receiveSeveralMessages(count % 100, Duration.ofSeconds(20));
  }

  /** Asks the conversation to archive, and waits until it has finished. */
  void archive() {
    int before = calendar.finished.size();
    h.tell(new Conversation.Archive(today()));
    await().atMost(Duration.ofSeconds(30)).until(() -> calendar.finished.size() > before);
  }

  /** The state, computed from all events. */
  ConversationState state() {
    ConversationState state = new ConversationState(h.id);
    written.forEach(state::apply);
    return state;
  }

  /** The whole log as a member sees it, page by page. */
  List<Entry> history(UserId viewer) {
    List<Entry> all = new ArrayList<>();
    for (long after = 0; ; ) {
      long from = after;
      // Entries that are just being moved cannot be read for a moment; a repeated request gets
      // them.
      HistoryPage page =
          await()
              .pollInSameThread()
              .until(() -> page(viewer, from, 100), Optional::isPresent)
              .orElseThrow();
      all.addAll(page.entries());
      if (!page.hasMore()) {
        return all;
      }
      after = all.getLast().seq();
    }
  }

  /** A page; empty if the request is refused. */
  Optional<HistoryPage> page(UserId viewer, long after, int limit) {
    h.tell(new Conversation.GetPage(viewer, null, after, limit, false, h.pages.getRef()));
    return h.pages.receiveMessage(Duration.ofSeconds(20)) instanceof Conversation.Page page
        ? Optional.of(page.page())
        : Optional.empty();
  }

  /** The page before an entry; empty if the request is refused. */
  Optional<HistoryPage> before(UserId viewer, @Nullable Long before, int limit) {
    h.tell(new Conversation.GetPage(viewer, before, null, limit, false, h.pages.getRef()));
    return h.pages.receiveMessage(Duration.ofSeconds(20)) instanceof Conversation.Page page
        ? Optional.of(page.page())
        : Optional.empty();
  }

  @Override
  public void close() {
    h.close();
  }
}
