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

/** Old entries move to the cold tier, and nobody notices. */
@Timeout(90)
class SegmentArchiverTest {

  private static ColdTierHarness rig() {
    ConversationHarness h = ConversationHarness.direct();
    h.opening(ConversationHarness.ANN, ConversationHarness.BOB, "first");
    return new ColdTierHarness(h);
  }

  @Test
  void archivedEntriesAreReadAsBefore() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(6_099);
      rig.days(40);
      rig.texts(300);
      List<Entry> before = rig.history(ConversationHarness.ANN);
      rig.archive();
      ConversationState state = rig.state();
      assertThat(state.archive().archivedTo()).isEqualTo(6_100);
      assertThat(state.archive().removedTo()).isEqualTo(state.archive().archivedEvent());
      assertThat(rig.tier.segments(rig.h.id))
          .hasSize(2)
          .allMatch(one -> one.size() <= ColdTier.SEGMENT_ENTRIES);
      assertThat(rig.h.events())
          .filteredOn(event -> event instanceof ConversationEvent.EntriesAppended)
          .allMatch(event -> LogReader.entriesOf(event).getFirst().seq() > 6_100);
      assertThat(rig.history(ConversationHarness.ANN)).isEqualTo(before);
      rig.h.restart();
      assertThat(rig.history(ConversationHarness.BOB)).isEqualTo(before);
      assertThat(rig.calendar.registered.getLast()).isGreaterThan(rig.today());
    }
  }

  @Test
  void pageNamesItsTier() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(1_199);
      rig.days(31);
      rig.texts(600);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(1_200);
      assertThat(rig.page(ConversationHarness.ANN, 0, 100).orElseThrow().tier())
          .isEqualTo(Tier.COLD);
      assertThat(rig.page(ConversationHarness.ANN, 1_150, 50).orElseThrow().tier())
          .isEqualTo(Tier.COLD);
      assertThat(rig.page(ConversationHarness.ANN, 1_150, 51).orElseThrow().tier())
          .isEqualTo(Tier.MIXED);
      assertThat(rig.page(ConversationHarness.ANN, 1_200, 50).orElseThrow().tier())
          .isEqualTo(Tier.HOT);
      long inMemory = 1_800 - RecentEntries.ENTRIES;
      assertThat(rig.page(ConversationHarness.ANN, inMemory - 50, 100).orElseThrow().tier())
          .isEqualTo(Tier.MIXED);
      assertThat(rig.page(ConversationHarness.ANN, 1_790, 100).orElseThrow().tier())
          .isEqualTo(Tier.MEMORY);
    }
  }

  @Test
  void retryOfAnArchivedEntryIsADuplicate() {
    try (ColdTierHarness rig = rig()) {
      String plain = "no-time-in-it";
      String ulid = UlidCreator.getUlid(rig.h.clock.get()).toString();
      long one = rig.h.text(ConversationHarness.ANN, plain, "one").seq();
      long two = rig.h.text(ConversationHarness.ANN, ulid, "two").seq();
      rig.texts(10_500);
      rig.days(100);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(10_503);
      // The first is out of the window of ids by now; the second is known for ever.
      assertThat(rig.h.text(ConversationHarness.ANN, ulid, "again").seq()).isEqualTo(two);
      assertThat(rig.h.text(ConversationHarness.ANN, ulid, "again").duplicate()).isTrue();
      // One within the window, too old for memory.
      Entry inside = rig.page(ConversationHarness.BOB, 5_000, 1).orElseThrow().entries().getFirst();
      Conversation.Posted again =
          rig.h.text(inside.senderId(), String.valueOf(name(rig, inside.seq())), "again");
      assertThat(again.seq()).isEqualTo(inside.seq());
      assertThat(again.duplicate()).isTrue();
      assertThat(one).isEqualTo(2);
    }
  }

  @Test
  void clockLeadDoesNotSearchTheColdTierForEachMessage() {
    try (ColdTierHarness rig = rig()) {
      String ahead = UlidCreator.getUlid(rig.h.clock.get() + 400 * Calendar.DAY).toString();
      long seq = rig.h.text(ConversationHarness.ANN, ahead, "from the future").seq();
      rig.texts(10_500);
      rig.days(100);
      rig.archive();
      rig.tier.reads.set(0);
      for (int i = 0; i < 20; i++) {
        String right = UlidCreator.getUlid(rig.h.clock.addAndGet(1_000)).toString();
        assertThat(rig.h.text(ConversationHarness.ANN, right, "now").duplicate()).isFalse();
        rig.texts(1);
      }
      // Only the entry with the wrong time is looked at.
      assertThat(rig.tier.reads).hasValue(1);
      assertThat(rig.tier.scans).hasValue(0);
      // That the others are new does not make a retry new.
      assertThat(rig.h.text(ConversationHarness.ANN, ahead, "again").seq()).isEqualTo(seq);
      assertThat(rig.tier.reads).hasValue(2);
    }
  }

  @Test
  void oldTimedIdsOfAHeavySenderReadTheLogOnce() {
    try (ColdTierHarness rig = rig()) {
      long start = rig.h.clock.get();
      List<String> stored = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        String id = UlidCreator.getUlid(rig.h.clock.addAndGet(10)).toString();
        stored.add(id);
        rig.h.tell(
            new Conversation.Post(
                ConversationHarness.ANN,
                id,
                new EntryIntent.Text("timed " + i, null, List.of()),
                null,
                rig.h.posts.getRef()));
        if (i % 100 == 99) {
          rig.h.posts.receiveSeveralMessages(100, Duration.ofSeconds(20));
        }
      }
      rig.texts(10_500);
      rig.days(100);
      rig.archive();
      rig.tier.scans.set(0);
      for (int i = 0; i < 20; i++) {
        String old = UlidCreator.getUlid(start + 40_000 - 1_000L * i).toString();
        assertThat(rig.h.text(ConversationHarness.ANN, old, "old").duplicate()).isFalse();
      }
      assertThat(rig.tier.scans.get()).as("scans for 20 old ids").isLessThanOrEqualTo(4);

      // What is there is found, as often as it comes, and not by another search.
      String known = stored.get(2_500);
      long seq = rig.h.text(ConversationHarness.ANN, known, "again").seq();
      int scans = rig.tier.scans.get();
      for (int i = 0; i < 5; i++) {
        Conversation.Posted again = rig.h.text(ConversationHarness.ANN, known, "again");
        assertThat(again.duplicate()).isTrue();
        assertThat(again.seq()).isEqualTo(seq);
      }
      assertThat(rig.tier.scans).hasValue(scans);
      for (int i = 0; i < 5_000; i += 500) {
        assertThat(rig.h.text(ConversationHarness.ANN, stored.get(i), "again").duplicate())
            .isTrue();
      }
    }
  }

  private static String name(ColdTierHarness rig, long seq) {
    return rig.written.stream()
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
    try (ColdTierHarness rig = rig()) {
      rig.texts(1_199);
      rig.days(31);
      rig.texts(600);
      rig.archive();
      Entry mine = rig.page(ConversationHarness.ANN, 9, 1).orElseThrow().entries().getFirst();
      Entry other = rig.page(ConversationHarness.ANN, 10, 1).orElseThrow().entries().getFirst();
      rig.h.post(mine.senderId(), "edit", new EntryIntent.Edit(mine.seq(), "newer"));
      rig.h.post(other.senderId(), "delete", new EntryIntent.Delete(other.seq()));
      assertThat(rig.h.post(ConversationHarness.BOB, "react", new EntryIntent.React(12, "+")))
          .isInstanceOf(Conversation.Posted.class);
      rig.h.read(ConversationHarness.BOB, 5);
      long expected =
          rig.history(ConversationHarness.BOB).stream()
              .filter(e -> e.seq() > 5 && e.body() instanceof EntryBody.Text && !e.deleted())
              .filter(e -> !e.senderId().equals(ConversationHarness.BOB))
              .count();
      assertThat(rig.state().member(ConversationHarness.BOB))
          .extracting(m -> m.unread())
          .isEqualTo(expected);
      List<Entry> page = rig.page(ConversationHarness.ANN, 9, 2).orElseThrow().entries();
      assertThat(page.getFirst().body()).isEqualTo(new EntryBody.Text("newer", null, null, true));
      assertThat(page.getLast().deleted()).isTrue();
      // The edit goes too, one day, and is still the wording that counts.
      rig.days(61);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(rig.state().lastSeq());
      rig.h.restart();
      assertThat(rig.page(ConversationHarness.ANN, 9, 2).orElseThrow().entries()).isEqualTo(page);
    }
  }

  @Test
  void deletedEntryIsArchivedWithoutContent() {
    try (ColdTierHarness rig = rig()) {
      long seq = rig.h.text(ConversationHarness.ANN, "secret", "a secret").seq();
      rig.h.post(ConversationHarness.ANN, "edit", new EntryIntent.Edit(seq, "another secret"));
      rig.h.post(ConversationHarness.ANN, "delete", new EntryIntent.Delete(seq));
      rig.days(31);
      List<Entry> before = rig.history(ConversationHarness.BOB);
      rig.archive();
      assertThat(rig.tier.segments(rig.h.id).getFirst())
          .hasSize(4)
          .noneMatch(
              entry ->
                  (entry.body() instanceof EntryBody.Text text
                          && String.valueOf(text.content()).contains("secret"))
                      || (entry.body() instanceof EntryBody.Edit edit && edit.content() != null));
      rig.h.restart();
      assertThat(rig.history(ConversationHarness.BOB)).isEqualTo(before);
    }
  }

  @Test
  void smallSegmentsWaitUntilTwiceTheAge() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(20);
      rig.days(31);
      rig.texts(20);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isZero();
      assertThat(rig.calendar.registered).containsExactly(rig.today() + 30);
      rig.days(30);
      rig.texts(1);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(41);
      rig.days(31);
      rig.archive();
      // Nobody uses it any more: all of it is gone, and nobody needs to remember it.
      assertThat(rig.state().archive().archivedTo()).isEqualTo(42);
      assertThat(rig.tier.segments(rig.h.id)).hasSize(2);
      assertThat(rig.calendar.registered).hasSize(2);
    }
  }

  @Test
  void undeliveredEntriesAreNotArchived() {
    try (ColdTierHarness rig = rig()) {
      rig.texts(5);
      await().until(() -> rig.h.entries(ConversationHarness.BOB).size() == 6);
      rig.h.deaf.add(ConversationHarness.BOB);
      rig.texts(5);
      rig.days(70);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isLessThanOrEqualTo(6);
      rig.h.deaf.clear();
      rig.days(1);
      await().until(() -> rig.h.entries(ConversationHarness.BOB).size() == 11);
      rig.archive();
      assertThat(rig.state().archive().archivedTo()).isEqualTo(11);
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
    try (ColdTierHarness rig = rig()) {
      rig.h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(20),
              Duration.ofMillis(50),
              200,
              rig.h.settings().readJournal()));
      rig.calendar.deaf = true;
      rig.h.restart();
      rig.texts(3);
      await()
          .during(Duration.ofMillis(500))
          .until(() -> !(rig.written.getLast() instanceof ConversationEvent.Settled));
      rig.calendar.deaf = false;
      rig.calendar.fullUntil = rig.today() + 32;
      rig.h.shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(20));
      assertThat(rig.calendar.registered).containsExactly(rig.today() + 33);
      assertThat(rig.written.getLast()).isEqualTo(new ConversationEvent.Settled(rig.today() + 33));
      // What was promised once is not asked for again.
      rig.h.restart();
      rig.h.shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(20));
      assertThat(rig.calendar.registered).hasSize(1);
    }
  }

  @Test
  void noColdTierMeansNoArchivingAndNoRegistration() {
    try (ColdTierHarness rig = rig()) {
      rig.h.archive(new NoArchive());
      rig.h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(20),
              Duration.ofMillis(50),
              200,
              rig.h.settings().readJournal()));
      rig.h.restart();
      rig.texts(3);
      rig.days(100);
      rig.h.tell(new Conversation.Archive(rig.today()));
      rig.h.shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(20));
      assertThat(rig.tier.writes).hasValue(0);
      assertThat(rig.calendar.registered).isEmpty();
      assertThat(rig.written.getLast()).isEqualTo(new ConversationEvent.Settled());
    }
  }
}
