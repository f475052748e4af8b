package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.archive.ColdTier;
import parley.calendar.Calendar;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.HistoryPage.Tier;
import parley.snapshot.SnapshotSchedule;

/** Old entries move to the cold tier, and members see no difference. */
@Timeout(90)
class SegmentArchiverTest {

  private static ColdTierHarness harness() {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    return new ColdTierHarness(h);
  }

  @Test
  void archivedEntriesAreReadAsBefore() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(6_099);
      harness.days(40);
      harness.texts(300);
      List<Entry> before = harness.history(ConversationHarness.ANN);
      harness.archive();
      ConversationState state = harness.state();
      assertThat(state.archive().archivedTo()).isEqualTo(6_100);
      assertThat(state.archive().removedTo()).isEqualTo(state.archive().archivedEvent());
      assertThat(harness.tier.segments(harness.h.id))
          .hasSize(2)
          .allMatch(one -> one.size() <= ColdTier.SEGMENT_ENTRIES);
      assertThat(harness.h.events())
          .filteredOn(event -> event instanceof ConversationEvent.EntriesAppended)
          .allMatch(event -> LogReader.entriesOf(event).getFirst().seq() > 6_100);
      assertThat(harness.history(ConversationHarness.ANN)).isEqualTo(before);
      harness.h.restart();
      assertThat(harness.history(ConversationHarness.BOB)).isEqualTo(before);
      assertThat(harness.calendar.registered.getLast()).isGreaterThan(harness.today());
    }
  }

  @Test
  void pageNamesItsTier() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(1_199);
      harness.days(31);
      harness.texts(600);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(1_200);
      assertThat(harness.page(ConversationHarness.ANN, 0, 100).orElseThrow().tier())
          .isEqualTo(Tier.COLD);
      assertThat(harness.page(ConversationHarness.ANN, 1_150, 50).orElseThrow().tier())
          .isEqualTo(Tier.COLD);
      assertThat(harness.page(ConversationHarness.ANN, 1_150, 51).orElseThrow().tier())
          .isEqualTo(Tier.MIXED);
      assertThat(harness.page(ConversationHarness.ANN, 1_200, 50).orElseThrow().tier())
          .isEqualTo(Tier.HOT);
      long inMemory = 1_800 - RecentEntries.ENTRIES;
      assertThat(harness.page(ConversationHarness.ANN, inMemory - 50, 100).orElseThrow().tier())
          .isEqualTo(Tier.MIXED);
      assertThat(harness.page(ConversationHarness.ANN, 1_790, 100).orElseThrow().tier())
          .isEqualTo(Tier.MEMORY);
    }
  }

  @Test
  void retryOfAnArchivedEntryIsADuplicate() {
    try (ColdTierHarness harness = harness()) {
      String plain = "no-time-in-it";
      String ulid = UlidCreator.getUlid(harness.h.clock.get()).toString();
      long one = harness.h.text(ConversationHarness.ANN, plain, "one").seq();
      long two = harness.h.text(ConversationHarness.ANN, ulid, "two").seq();
      harness.texts(10_500);
      harness.days(100);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(10_503);
      // The first id has left the window by now; the second carries a time and can always be found.
      assertThat(harness.h.text(ConversationHarness.ANN, ulid, "again").seq()).isEqualTo(two);
      assertThat(harness.h.text(ConversationHarness.ANN, ulid, "again").duplicate()).isTrue();
      // An entry that is in the window but no longer in memory.
      Entry inside =
          harness.page(ConversationHarness.BOB, 5_000, 1).orElseThrow().entries().getFirst();
      Conversation.Posted again =
          harness.h.text(inside.senderId(), String.valueOf(name(harness, inside.seq())), "again");
      assertThat(again.seq()).isEqualTo(inside.seq());
      assertThat(again.duplicate()).isTrue();
      assertThat(one).isEqualTo(2);
    }
  }

  @Test
  void clockLeadDoesNotSearchTheColdTierForEachMessage() {
    try (ColdTierHarness harness = harness()) {
      String ahead = UlidCreator.getUlid(harness.h.clock.get() + 400 * Calendar.DAY).toString();
      long seq = harness.h.text(ConversationHarness.ANN, ahead, "from the future").seq();
      harness.texts(10_500);
      harness.days(100);
      harness.archive();
      harness.tier.reads.set(0);
      for (int i = 0; i < 20; i++) {
        String right = UlidCreator.getUlid(harness.h.clock.addAndGet(1_000)).toString();
        assertThat(harness.h.text(ConversationHarness.ANN, right, "now").duplicate()).isFalse();
        harness.texts(1);
      }
      // Only the entry with the wrong time is read.
      assertThat(harness.tier.reads).hasValue(1);
      assertThat(harness.tier.scans).hasValue(0);
      // New ids beside it do not make the retry new.
      assertThat(harness.h.text(ConversationHarness.ANN, ahead, "again").seq()).isEqualTo(seq);
      assertThat(harness.tier.reads).hasValue(2);
    }
  }

  @Test
  void oldTimedIdsOfAHeavySenderReadTheLogOnce() {
    try (ColdTierHarness harness = harness()) {
      long start = harness.h.clock.get();
      List<String> stored = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        String id = UlidCreator.getUlid(harness.h.clock.addAndGet(10)).toString();
        stored.add(id);
        harness.h.tell(
            new Conversation.Post(
                ConversationHarness.ANN,
                id,
                new EntryIntent.Text("timed " + i, null, List.of()),
                null,
                harness.h.posts.getRef()));
        if (i % 100 == 99) {
          harness.h.posts.receiveSeveralMessages(100, Duration.ofSeconds(20));
        }
      }
      harness.texts(10_500);
      harness.days(100);
      harness.archive();
      harness.tier.scans.set(0);
      for (int i = 0; i < 20; i++) {
        String old = UlidCreator.getUlid(start + 40_000 - 1_000L * i).toString();
        assertThat(harness.h.text(ConversationHarness.ANN, old, "old").duplicate()).isFalse();
      }
      assertThat(harness.tier.scans.get()).as("scans for 20 old ids").isLessThanOrEqualTo(4);

      // A stored id is found however often it is retried, without another search.
      String known = stored.get(2_500);
      long seq = harness.h.text(ConversationHarness.ANN, known, "again").seq();
      int scans = harness.tier.scans.get();
      for (int i = 0; i < 5; i++) {
        Conversation.Posted again = harness.h.text(ConversationHarness.ANN, known, "again");
        assertThat(again.duplicate()).isTrue();
        assertThat(again.seq()).isEqualTo(seq);
      }
      assertThat(harness.tier.scans).hasValue(scans);
      for (int i = 0; i < 5_000; i += 500) {
        assertThat(harness.h.text(ConversationHarness.ANN, stored.get(i), "again").duplicate())
            .isTrue();
      }
    }
  }

  private static String name(ColdTierHarness harness, long seq) {
    return harness.written.stream()
        .flatMap(event -> LogReader.entriesOf(event).stream())
        .filter(entry -> entry.seq() == seq)
        .map(entry -> String.valueOf(entry.clientMsgId()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void controlCharactersSurviveArchiving() {
    List<Entry> entries = new ArrayList<>();
    SegmentSelection segmentSelection = new SegmentSelection(1, Long.MAX_VALUE, Long.MAX_VALUE);
    for (long seq = 1; ; seq++) {
      Entry entry =
          new Entry(
              seq,
              "m",
              ConversationHarness.ANN,
              1,
              null,
              new EntryBody.Text("\0".repeat(10_900), null, null, false));
      var event = new ConversationEvent.EntriesAppended(List.of(entry), null, 0);
      if (!segmentSelection.add(new EventEnvelope(Offset.noOffset(), "c", seq, event, 1L))) {
        break;
      }
      entries.add(entry);
    }
    assertThat(entries.size()).isBetween(50, 70);
    assertThat(segmentSelection.entries()).isEqualTo(entries);
  }

  @Test
  void archivedEntriesTakeEditsDeletesReactionsAndCounts() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(1_199);
      harness.days(31);
      harness.texts(600);
      harness.archive();
      Entry mine = harness.page(ConversationHarness.ANN, 9, 1).orElseThrow().entries().getFirst();
      Entry other = harness.page(ConversationHarness.ANN, 10, 1).orElseThrow().entries().getFirst();
      harness.h.post(mine.senderId(), "edit", new EntryIntent.Edit(mine.seq(), "newer"));
      harness.h.post(other.senderId(), "delete", new EntryIntent.Delete(other.seq()));
      assertThat(harness.h.post(ConversationHarness.BOB, "react", new EntryIntent.React(12, "+")))
          .isInstanceOf(Conversation.Posted.class);
      harness.h.read(ConversationHarness.BOB, 5);
      long expected =
          harness.history(ConversationHarness.BOB).stream()
              .filter(e -> e.seq() > 5 && e.body() instanceof EntryBody.Text && !e.deleted())
              .filter(e -> !e.senderId().equals(ConversationHarness.BOB))
              .count();
      assertThat(harness.state().member(ConversationHarness.BOB))
          .extracting(m -> m.unread())
          .isEqualTo(expected);
      List<Entry> page = harness.page(ConversationHarness.ANN, 9, 2).orElseThrow().entries();
      assertThat(page.getFirst().body()).isEqualTo(new EntryBody.Text("newer", null, null, true));
      assertThat(page.getLast().deleted()).isTrue();
      // One day the edit is archived too, and its text is still the current one.
      harness.days(61);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(harness.state().lastSeq());
      harness.h.restart();
      assertThat(harness.page(ConversationHarness.ANN, 9, 2).orElseThrow().entries())
          .isEqualTo(page);
    }
  }

  @Test
  void deletedEntryIsArchivedWithoutContent() {
    try (ColdTierHarness harness = harness()) {
      long seq = harness.h.text(ConversationHarness.ANN, "secret", "a secret").seq();
      harness.h.post(ConversationHarness.ANN, "edit", new EntryIntent.Edit(seq, "another secret"));
      harness.h.post(ConversationHarness.ANN, "delete", new EntryIntent.Delete(seq));
      harness.days(31);
      List<Entry> before = harness.history(ConversationHarness.BOB);
      harness.archive();
      assertThat(harness.tier.segments(harness.h.id).getFirst())
          .hasSize(4)
          .noneMatch(
              entry ->
                  (entry.body() instanceof EntryBody.Text text
                          && String.valueOf(text.content()).contains("secret"))
                      || (entry.body() instanceof EntryBody.Edit edit && edit.content() != null));
      harness.h.restart();
      assertThat(harness.history(ConversationHarness.BOB)).isEqualTo(before);
    }
  }

  @Test
  void smallSegmentsWaitUntilTwiceTheAge() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(20);
      harness.days(31);
      harness.texts(20);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isZero();
      assertThat(harness.calendar.registered).containsExactly(harness.today() + 30);
      harness.days(30);
      harness.texts(1);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(41);
      harness.days(31);
      harness.archive();
      // Nobody uses the conversation any more: all entries are archived, and the calendar forgets
      // it.
      assertThat(harness.state().archive().archivedTo()).isEqualTo(42);
      assertThat(harness.tier.segments(harness.h.id)).hasSize(2);
      assertThat(harness.calendar.registered).hasSize(2);
    }
  }

  @Test
  void undeliveredEntriesAreNotArchived() {
    try (ColdTierHarness harness = harness()) {
      harness.texts(5);
      await().until(() -> harness.h.entries(ConversationHarness.BOB).size() == 6);
      harness.h.deaf.add(ConversationHarness.BOB);
      harness.texts(5);
      harness.days(70);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isLessThanOrEqualTo(6);
      harness.h.deaf.clear();
      harness.days(1);
      await().until(() -> harness.h.entries(ConversationHarness.BOB).size() == 11);
      harness.archive();
      assertThat(harness.state().archive().archivedTo()).isEqualTo(11);
    }
  }

  @Test
  void snapshotOfAnEarlierVersionKeepsUndeliveredEntries() {
    ConversationId id = new ConversationId("c");
    ConversationSnapshot now = new ConversationState(id).toSnapshot();
    ConversationSnapshot old =
        new ConversationSnapshot(
            now.eventNr(),
            now.type(),
            now.createdAt(),
            now.name(),
            now.avatarUrl(),
            now.people(),
            now.opener(),
            60,
            now.lastAt(),
            now.lastTextAt(),
            now.lastMessage(),
            now.previewLost(),
            3,
            now.settled(),
            now.members(),
            now.former(),
            now.formerAhead(),
            now.formerFarFrom(),
            now.formerFarTo(),
            now.hashes(),
            now.amended(),
            now.amendments(),
            now.indexSeqs(),
            now.indexEvents(),
            now.indexTimes(),
            now.indexStride(),
            now.tail(),
            51,
            now.archivedEvent(),
            now.removedTo(),
            now.planned(),
            now.hotSince(),
            now.due());
    assertThat(ConversationState.of(id, old).dispatchedTo()).isEqualTo(51);
  }

  @Test
  void conversationStaysInMemoryUntilItsCalendarEntryIsDurable() {
    try (ColdTierHarness harness = harness()) {
      harness.h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(20),
              Duration.ofMillis(50),
              SnapshotSchedule.every(200),
              harness.h.settings().readJournal()));
      harness.calendar.deaf = true;
      harness.h.restart();
      harness.texts(3);
      await()
          .during(Duration.ofMillis(500))
          .until(() -> !(harness.written.getLast() instanceof ConversationEvent.Settled));
      harness.calendar.deaf = false;
      harness.calendar.fullUntil = harness.today() + 32;
      harness.h.shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(20));
      assertThat(harness.calendar.registered).containsExactly(harness.today() + 33);
      assertThat(harness.written.getLast())
          .isEqualTo(new ConversationEvent.Settled(harness.today() + 33));
      // A promised day is not requested again.
      harness.h.restart();
      harness.h.shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(20));
      assertThat(harness.calendar.registered).hasSize(1);
    }
  }

  @Test
  void noColdTierMeansNoArchivingAndNoRegistration() {
    try (ColdTierHarness harness = harness()) {
      harness.h.archive(new NoArchive());
      harness.h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(20),
              Duration.ofMillis(50),
              SnapshotSchedule.every(200),
              harness.h.settings().readJournal()));
      harness.h.restart();
      harness.texts(3);
      harness.days(100);
      harness.h.tell(new Conversation.Archive(harness.today()));
      harness.h.shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(20));
      assertThat(harness.tier.writes).hasValue(0);
      assertThat(harness.calendar.registered).isEmpty();
      assertThat(harness.written.getLast()).isEqualTo(new ConversationEvent.Settled());
    }
  }
}
