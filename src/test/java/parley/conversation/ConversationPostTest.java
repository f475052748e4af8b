package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.CAT;
import static parley.conversation.ConversationHarness.DAN;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.UserId;
import parley.snapshot.SnapshotSchedule;
import parley.user.Delivery;
import parley.user.User;

/** Entries are added to the log once and in order, and are confirmed only when they are durable. */
class ConversationPostTest {

  @Test
  void postIsDurableBeforeItsAnswer() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      Conversation.Posted posted = h.opening(ANN, BOB, "c1");
      assertThat(posted.seq()).isEqualTo(1);
      assertThat(h.events()).hasSize(2);
      assertThat(h.events().get(1)).isInstanceOf(ConversationEvent.EntriesAppended.class);
    }
  }

  @Test
  void failedWriteIsNotAcknowledgedAndCanBeRetried() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.journal().failNextPersisted("conversation|" + h.id.value());
      Conversation.PostReply reply =
          h.post(ANN, "c2", new EntryIntent.Text("two", null, List.of()));
      assertThat(reply).isInstanceOf(Conversation.PostRefused.class);
      assertThat(((Conversation.PostRefused) reply).refusal().code())
          .isEqualTo(ErrorCode.UNAVAILABLE);
      h.restart();
      assertThat(h.text(ANN, "c2", "two").seq()).isEqualTo(2);
    }
  }

  /** A device has what it sends, so no acknowledgement has to be sent and written. */
  @Test
  void entryOfADeviceMovesTheDeliveredCursorOfItsSender() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      fromDevice(h, ANN, "c2");
      assertThat(h.last(ANN).member().delivered()).as("the first entry came without").isZero();
      h.tell(new Conversation.FromUser(new User.Delivered(ANN, 2)));
      await().until(() -> h.last(ANN).member().delivered() == 2);
      fromDevice(h, ANN, "c3");
      await().until(() -> h.last(ANN).member().delivered() == 3);
      assertThat(h.last(BOB).receipts()).contains(new Delivery.Receipt(ANN, 3, 0));
      assertThat(h.last(ANN).member().read()).isZero();
      h.text(ANN, "c4", "by HTTP");
      assertThat(h.last(ANN).member().delivered()).isEqualTo(3);
      h.restart();
      h.text(BOB, "c5", "x");
      assertThat(h.last(ANN).member().delivered()).isEqualTo(3);
    }
  }

  private static void fromDevice(ConversationHarness h, UserId author, String clientMsgId) {
    h.tell(
        new Conversation.Post(
            author,
            clientMsgId,
            new EntryIntent.Text("x", null, List.of()),
            null,
            h.posts.getRef(),
            0,
            true));
    h.posts.expectMessageClass(Conversation.Posted.class, Duration.ofSeconds(20));
  }

  @Test
  void clientMsgIdMakesOneEntryAlsoAfterARestart() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      Conversation.Posted first = h.opening(ANN, BOB, "c1");
      Conversation.Posted again = h.text(ANN, "c1", "other words");
      assertThat(again.duplicate()).isTrue();
      assertThat(again.seq()).isEqualTo(first.seq());
      assertThat(again.messageId()).isEqualTo(first.messageId());
      assertThat(again.at()).isEqualTo(first.at());
      assertThat(h.text(BOB, "c1", "another sender").seq()).isEqualTo(2);
      h.restart();
      assertThat(h.text(ANN, "c1", "x").messageId()).isEqualTo(first.messageId());
      assertThat(h.text(ANN, "c2", "x").seq()).isEqualTo(3);
    }
  }

  @Test
  void retriesInOneBurstMakeOneEntry() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      for (int i = 0; i < 20; i++) {
        h.tell(
            new Conversation.Post(
                ANN, "c1", new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
      }
      int fresh = 0;
      for (int i = 0; i < 20; i++) {
        Conversation.Posted posted = h.posts.expectMessageClass(Conversation.Posted.class);
        assertThat(posted.seq()).isEqualTo(2);
        fresh += posted.duplicate() ? 0 : 1;
      }
      assertThat(fresh).isEqualTo(1);
    }
  }

  @Test
  void waitingPostsAreWrittenInOneBatch() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c0");
      int before = h.events().size();
      for (int i = 0; i < 500; i++) {
        h.tell(
            new Conversation.Post(
                ANN, "b" + i, new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
      }
      for (int i = 0; i < 500; i++) {
        assertThat(h.posts.expectMessageClass(Conversation.Posted.class).seq()).isEqualTo(i + 2);
      }
      assertThat(h.events().size() - before).isLessThan(250);
    }
  }

  @Test
  void timedIdIsFoundForEverAndUntimedIdForTenThousandEntries() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.settings(
          new ConversationSettings(
              Duration.ofMillis(1),
              Duration.ofMillis(20),
              Duration.ofHours(1),
              SnapshotSchedule.every(1_000_000),
              "pekko.persistence.testkit.query"));
      h.opening(ANN, BOB, "plain");
      // The sender's clock is a day ahead, which the log cannot know.
      String ulid = UlidCreator.getUlid(h.clock.get() + 86_400_000).toString();
      Conversation.Posted early = h.text(ANN, ulid, "early");
      for (int i = 0; i < DedupeWindow.CAPACITY + 10; i++) {
        h.clock.incrementAndGet();
        h.tell(
            new Conversation.Post(
                BOB, "f" + i, new EntryIntent.Text("t", null, List.of()), null, h.posts.getRef()));
        if (i % 500 == 499) {
          for (int k = 0; k < 500; k++) {
            h.posts.expectMessageClass(Conversation.Posted.class);
          }
        }
      }
      for (int k = 0; k < 250; k++) {
        h.posts.expectMessageClass(Conversation.Posted.class);
      }
      Conversation.Posted again = h.text(ANN, ulid, "early");
      assertThat(again.duplicate()).isTrue();
      assertThat(again.messageId()).isEqualTo(early.messageId());
      h.restart();
      assertThat(h.text(ANN, ulid, "early").messageId()).isEqualTo(early.messageId());
      // The entry is in the window but not in memory: the log is read.
      Conversation.Posted inWindow = h.text(BOB, "f5000", "t");
      assertThat(inWindow.duplicate()).isTrue();
      assertThat(inWindow.seq()).isEqualTo(5003);
      // The id is new, but old enough to be searched for. It is not found, and later posts keep
      // their order.
      String late = UlidCreator.getUlid(h.clock.get() - 9_000_000).toString();
      h.tell(
          new Conversation.Post(
              ANN, late, new EntryIntent.Text("late", null, List.of()), null, h.posts.getRef()));
      h.tell(
          new Conversation.Post(
              ANN, "next", new EntryIntent.Text("n", null, List.of()), null, h.posts.getRef()));
      Conversation.Posted first = h.posts.expectMessageClass(Conversation.Posted.class);
      Conversation.Posted second = h.posts.expectMessageClass(Conversation.Posted.class);
      assertThat(first.clientMsgId()).isEqualTo(late);
      assertThat(second.seq()).isEqualTo(first.seq() + 1);
    }
  }

  @Test
  void entryTimesNeverGoBack() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      long at = h.opening(ANN, BOB, "c0").at();
      h.clock.addAndGet(-60_000);
      assertThat(h.text(ANN, "c1", "t").at()).isEqualTo(at);
    }
  }

  @Test
  void typingReachesOtherMembersOnly() {
    try (ConversationHarness h = ConversationHarness.group(BOB, CAT)) {
      h.tell(new Conversation.Typing(BOB, true));
      h.tell(new Conversation.Typing(DAN, true));
      h.page(BOB, null, 0L, 1, false);
      assertThat(h.typing).hasSize(2).allMatch(t -> t.from().equals(BOB));
    }
  }
}
