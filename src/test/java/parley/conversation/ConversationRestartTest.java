package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.seqs;
import static parley.conversation.ConversationHarness.text;

import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.snapshot.SnapshotSchedule;
import parley.user.Delivery;
import parley.user.User;

/**
 * The life of a conversation from its start to passivation: delivery to users, its reminder, and
 * other writers.
 */
class ConversationRestartTest {

  @Test
  void unacknowledgedEntriesAreRedispatchedAlsoAfterARestart() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      h.deaf.add(BOB);
      for (int i = 1; i < 400; i++) {
        h.text(ANN, "c" + i, "t");
      }
      assertThat(h.entries(BOB)).hasSize(1);
      // Nothing is repeated while the clock stands still.
      h.deaf.remove(BOB);
      h.restart();
      await()
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(
              () -> {
                h.clock.addAndGet(4_000);
                assertThat(h.entries(BOB)).isNotEmpty();
                assertThat(h.entries(BOB).getLast().seq()).isEqualTo(400);
              });
      List<Long> seqs = seqs(h.entries(BOB));
      assertThat(seqs).isEqualTo(LongStream.rangeClosed(seqs.getFirst(), 400).boxed().toList());
    }
  }

  @Test
  void acknowledgedEntriesAreNotRedispatched() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(5),
              Duration.ofMillis(50),
              SnapshotSchedule.every(200),
              "pekko.persistence.testkit.query"));
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(h.events().getLast()).isEqualTo(new ConversationEvent.Settled());
      h.told.clear();
      h.restart();
      assertThat(h.text(ANN, "c0", "again").duplicate()).isTrue();
      assertThat(h.deliveries(BOB)).isEmpty();
    }
  }

  /** Settings for a journal that other nodes write to as well, and an entity that is soon idle. */
  private static ConversationSettings shared() {
    return new ConversationSettings(
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        SnapshotSchedule.every(200),
        "pekko.persistence.testkit.query",
        true);
  }

  /** An acknowledgement may come a minute after the last entry. */
  @Test
  void acknowledgementsDoNotKeepAConversationInMemory() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(5),
              Duration.ofSeconds(1),
              SnapshotSchedule.every(200),
              "pekko.persistence.testkit.query"));
      h.opening(ANN, BOB, "c0");
      long version = h.last(BOB).version();
      await()
          .until(
              () -> {
                h.tell(new Conversation.FromUser(new User.Dispatched(BOB, 1, version)));
                h.tell(new Conversation.FromUser(new User.Holding(BOB, 1, version, false)));
                return h.events().getLast() instanceof ConversationEvent.Settled;
              });
    }
  }

  @Test
  void recoveryWithUndeliveredEntriesWritesAFirstAndALastEvent() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      int before = h.events().size();
      h.settings(shared());
      h.restart();
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(h.events().subList(before, h.events().size()))
          .containsExactly(
              new ConversationEvent.CursorsMoved(List.of()), new ConversationEvent.Settled());
    }
  }

  @Test
  void incarnationThatOnlyReadsWritesNothing() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(shared());
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      int before = h.events().size();
      h.restart();
      assertThat(h.page(ANN, null, null, 10, false).entries()).hasSize(1);
      assertThat(h.text(ANN, "c0", "again").duplicate()).isTrue();
      h.tell(new Conversation.Read(BOB, 0, null));
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(h.events()).hasSize(before);
    }
  }

  @Test
  void readingIncarnationFindsEntriesOfAnotherWriter() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(shared());
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      h.restart();
      h.page(ANN, null, null, 10, false);
      Entry foreign =
          new Entry(
              2,
              "m-other",
              ANN,
              h.clock.get(),
              "c1",
              new EntryBody.Text("late", null, null, false));
      h.journal()
          .persistForRecovery(
              "conversation|" + h.id.value(),
              List.of(new ConversationEvent.EntriesAppended(List.of(foreign), null, 1)));
      h.woken.clear();
      await().until(() -> h.woken.contains(h.id));
      h.restart();
      await().until(() -> h.entries(BOB).size() == 2);
    }
  }

  @Test
  void nothingIsWrittenBeforeTheReminderIsDurable() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      EntryIntent text = new EntryIntent.Text("hello", null, List.of());
      h.tell(new Conversation.Post(ANN, "c0", text, BOB, h.posts.getRef()));
      await().until(() -> !reminders.isEmpty());
      assertThat(h.events()).isEmpty();
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getFirst()).nr()));
      h.posts.expectMessageClass(Conversation.Posted.class);
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(reminders.getLast()).isEqualTo(new ConversationReminder.Release(h.entity()));
      assertThat(h.events().getLast()).isEqualTo(new ConversationEvent.Settled());

      reminders.clear();
      h.restart();
      int before = h.events().size();
      for (int i = 1; i <= 3; i++) {
        h.tell(new Conversation.Post(ANN, "c" + i, text, null, h.posts.getRef()));
      }
      assertThat(h.page(ANN, null, null, 10, false).entries()).hasSize(1);
      await().until(() -> !reminders.isEmpty());
      assertThat(h.events()).hasSize(before);
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getLast()).nr()));
      for (int i = 1; i <= 3; i++) {
        Conversation.Posted posted = h.posts.expectMessageClass(Conversation.Posted.class);
        assertThat(posted.clientMsgId()).isEqualTo("c" + i);
        assertThat(posted.seq()).isEqualTo(i + 1L);
      }
    }
  }

  @Test
  void reminderIsReleasedOnlyAfterAWriteOfTheSameIncarnation() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(shared());
      h.opening(ANN, BOB, "c0");
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      List<Integer> eventsAtRelease =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.reminders((id, message) -> eventsAtRelease.add(h.events().size()));
      int before = h.events().size();
      h.restart();
      h.tell(new Conversation.Wake());
      await().until(() -> !eventsAtRelease.isEmpty());
      assertThat(eventsAtRelease.getFirst()).isEqualTo(before + 1);
    }
  }

  /** Another node's first write is in flight while the reminder asks here. */
  @Test
  void reminderOfAnEmptyConversationIsNotReleased() {
    List<ConversationEvent> written;
    try (ConversationHarness elsewhere = ConversationHarness.direct()) {
      elsewhere.deaf.add(BOB);
      elsewhere.opening(ANN, BOB, "c0");
      written = elsewhere.events();
    }
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      h.tell(new Conversation.Wake());
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(reminders).containsExactly(new ConversationReminder.NotThere());

      h.journal()
          .persistForRecovery(
              "conversation|" + h.id.value(), new java.util.ArrayList<Object>(written));
      h.restart();
      h.tell(new Conversation.Wake());
      await().until(() -> !h.deliveries(BOB).isEmpty());
      await().until(() -> reminders.getLast() instanceof ConversationReminder.Keep);
    }
  }

  /** Nor is it released by an incarnation that asked for it and wrote nothing. */
  @Test
  void incarnationWithoutAWriteReleasesNoReminder() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.settings(shared());
      h.reminders((id, message) -> reminders.add(message));
      EntryIntent text = new EntryIntent.Text("hello", null, List.of());
      h.tell(new Conversation.Post(ANN, "c0", text, BOB, h.posts.getRef()));
      await().until(() -> !reminders.isEmpty());
      h.journal().failNextPersisted("conversation|" + h.id.value());
      h.tell(new Conversation.Kept(((ConversationReminder.Keep) reminders.getFirst()).nr()));
      h.posts.expectMessageClass(Conversation.PostRefused.class);
      h.restart();
      h.tell(new Conversation.Wake());
      await().until(() -> reminders.getLast() instanceof ConversationReminder.NotThere);
      assertThat(reminders).noneMatch(ConversationReminder.Release.class::isInstance);
    }
  }

  /** No other node writes to a store that is not shared. */
  @Test
  void storeOfOneNodeNeedsNoFirstWrite() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      List<ConversationReminder.Command> reminders =
          java.util.Collections.synchronizedList(new java.util.ArrayList<>());
      h.reminders((id, message) -> reminders.add(message));
      h.tell(new Conversation.Wake());
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      assertThat(reminders).containsExactly(new ConversationReminder.Release(h.entity()));
    }
  }

  @Test
  void conversationWithoutMembersStopsAtOnce() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.tell(new Conversation.Typing(ANN, true));
      h.shard.expectMessageClass(ClusterSharding.Passivate.class);
      h.opening(ANN, BOB, "c0");
      h.text(BOB, "c1", "answered when all before has been handled");
      Marker.nothingMore(h.shard);
    }
  }

  @Test
  void lostCursorsAreSentAgain() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      h.text(ANN, "c1", "t");
      h.deaf.add(ANN);
      h.tell(new Conversation.Read(BOB, 2, h.reads.getRef()));
      h.reads.expectMessageClass(Conversation.ReadDone.class);
      h.deaf.remove(ANN);
      await()
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(
              () -> {
                h.clock.addAndGet(4_000);
                assertThat(h.deliveries(ANN).getLast().receipts())
                    .contains(new Delivery.Receipt(BOB, 2, 2));
              });
    }
  }

  @Test
  void stopBeforeFullDeliveryIsFollowedByAWake() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      h.deaf.add(BOB);
      h.tell(
          new Conversation.Post(
              ANN, "c1", new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
      h.tell(Conversation.Stop.STOP);
      assertThat(h.posts.expectMessageClass(Conversation.Posted.class).seq()).isEqualTo(2);
      await().untilAsserted(() -> assertThat(h.woken).containsExactly(h.id));
    }
  }
}
