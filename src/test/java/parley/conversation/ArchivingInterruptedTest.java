package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.apache.pekko.persistence.testkit.DeleteEvents;
import org.apache.pekko.persistence.testkit.DeleteSnapshotsByCriteria;
import org.apache.pekko.persistence.testkit.JournalOperation;
import org.apache.pekko.persistence.testkit.ReadSnapshot;
import org.apache.pekko.persistence.testkit.WriteEvents;
import org.apache.pekko.persistence.testkit.WriteSnapshot;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import parley.model.Entry;
import parley.model.EntryIntent;

/**
 * The archiver is interrupted after each of its steps. Afterwards no entry is missing, doubled or
 * different.
 */
@Timeout(90)
class ArchivingInterruptedTest {
  /** The steps at which it is interrupted, in their order. */
  enum Cut {
    PLAN_NOT_WRITTEN,
    SEGMENT_NOT_STORED,
    SEGMENT_REFUSED,
    SEGMENT_STORED_NOBODY_KNOWS,
    SEAL_NOT_WRITTEN,
    SNAPSHOT_NOT_STORED,
    SNAPSHOT_NOT_READ,
    OLD_SNAPSHOTS_NOT_DELETED,
    EVENTS_NOT_DELETED,
    NOTE_NOT_WRITTEN
  }

  @ParameterizedTest
  @EnumSource(Cut.class)
  void interruptedRunIsFinishedAfterRestart(Cut cut) {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    try (ColdTierHarness harness = new ColdTierHarness(h)) {
      harness.texts(1_300);
      h.post(ConversationHarness.ANN, "gone", new EntryIntent.Delete(2));
      h.read(ConversationHarness.BOB, 700);
      harness.days(31);
      harness.texts(300);
      List<Entry> before = harness.history(ConversationHarness.BOB);
      ConversationState was = harness.state();
      cut(harness, cut);
      h.tell(new Conversation.Archive(harness.today()));
      await().atMost(Duration.ofSeconds(20)).until(() -> wasCut(harness, cut));
      heal(harness);
      h.restart();
      assertThat(harness.history(ConversationHarness.BOB))
          .as("while it is finished")
          .isEqualTo(before);
      harness.archive();
      ConversationState is = harness.state();
      assertThat(is.archive().archivedTo()).isEqualTo(1_302);
      assertThat(is.archive().removedTo()).isEqualTo(is.archive().archivedEvent());
      assertThat(h.events()).hasSize((int) (is.eventNr() - is.archive().removedTo()));
      assertThat(harness.tier.segments(h.id)).hasSize(1);
      h.restart();
      assertThat(harness.history(ConversationHarness.BOB)).as("finished").isEqualTo(before);
      assertThat(is.lastSeq()).isEqualTo(was.lastSeq());
      assertThat(is.member(ConversationHarness.BOB))
          .usingRecursiveComparison()
          .isEqualTo(was.member(ConversationHarness.BOB));
      // And the conversation goes on as before.
      assertThat(h.text(ConversationHarness.ANN, "next", "next").seq())
          .isEqualTo(was.lastSeq() + 1);
    }
  }

  private static void cut(ColdTierHarness harness, Cut cut) {
    switch (cut) {
      case PLAN_NOT_WRITTEN ->
          harness.journalFails(op -> writes(op, ConversationEvent.SegmentPlanned.class));
      case SEGMENT_NOT_STORED -> harness.tier.fault = MemoryTier.Fault.HANG;
      case SEGMENT_REFUSED -> harness.tier.fault = MemoryTier.Fault.REFUSE;
      case SEGMENT_STORED_NOBODY_KNOWS -> harness.tier.fault = MemoryTier.Fault.STORE_AND_HANG;
      case SEAL_NOT_WRITTEN ->
          harness.journalFails(op -> writes(op, ConversationEvent.SegmentSealed.class));
      case SNAPSHOT_NOT_STORED -> harness.snapshotsFail(op -> op instanceof WriteSnapshot);
      case SNAPSHOT_NOT_READ -> harness.snapshotsFail(op -> op instanceof ReadSnapshot);
      case OLD_SNAPSHOTS_NOT_DELETED ->
          harness.snapshotsFail(op -> op instanceof DeleteSnapshotsByCriteria);
      case EVENTS_NOT_DELETED -> harness.journalFails(op -> op instanceof DeleteEvents);
      case NOTE_NOT_WRITTEN ->
          harness.journalFails(op -> writes(op, ConversationEvent.EventsRemoved.class));
    }
  }

  private static boolean wasCut(ColdTierHarness harness, Cut cut) {
    return switch (cut) {
      case SEGMENT_NOT_STORED, SEGMENT_STORED_NOBODY_KNOWS -> harness.tier.writes.get() == 1;
      case PLAN_NOT_WRITTEN, SEAL_NOT_WRITTEN, NOTE_NOT_WRITTEN -> harness.failures.get() == 1;
      default -> !harness.calendar.finished.isEmpty();
    };
  }

  private static void heal(ColdTierHarness harness) {
    harness.tier.fault = MemoryTier.Fault.NONE;
    harness.journalFails(null);
    harness.snapshotsFail(null);
  }

  private static boolean writes(JournalOperation operation, Class<?> type) {
    return operation instanceof WriteEvents events
        && events.getBatch().stream().anyMatch(type::isInstance);
  }
}
