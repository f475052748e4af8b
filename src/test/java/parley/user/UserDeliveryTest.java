package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.BOB;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.ErrorCode;
import parley.model.InboxRow;
import parley.user.UserHarness.Sent;
import parley.user.UserTestData.Mail;

/**
 * The messages of conversations to a user: rows, entries, flushes, acknowledgements, and the end of
 * membership.
 */
class UserDeliveryTest {

  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void start() {
    harness.start();
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  @Test
  void lookupCreatesNoUser() {
    assertThat(harness.ask(User.GetProfile::new)).isEqualTo(new User.NoSuchUser(ALICE));
    assertThat(harness.<User.DevicesReply>ask(User.GetDevices::new))
        .isInstanceOfSatisfying(
            User.Refused.class, r -> assertThat(r.refusal().code()).isEqualTo(ErrorCode.NOT_FOUND));
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(harness.flush()).isEmpty();
    assertThat(harness.ended(harness.hello(PHONE, "s1", false)).why())
        .isEqualTo(Delivery.End.REFUSED);
  }

  @Test
  void unknownUserLeavesMemoryAtOnce() {
    harness.ask(User.GetProfile::new);
    harness.shard.receiveMessage();
    harness.tell(new User.Watch(harness.probe().getRef(), true));
    harness.shard.receiveMessage();
    harness.tell(new User.Typing(CHAT, BOB, true));
    harness.shard.receiveMessage();
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.shard.receiveMessage();
    harness.make();
    harness.ask(User.GetProfile::new);
    Marker.nothingMore(harness.shard);
  }

  @Test
  void versionWithTheSameContentsIsAcknowledgedWithoutAWrite() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    harness.flush();
    harness.conversations.clear();
    harness.tell(Mail.of(CHAT, 1, 2).version(9).deliver());
    harness.tell(Mail.of(CHAT, 1, 2).version(9).deliver());
    assertThat(harness.conversations)
        .extracting(Sent::message)
        .as("the second time too: the answer may have been lost")
        .containsOnly(new User.Dispatched(ALICE, 2, 9))
        .hasSize(2);
    assertThat(harness.flush()).isEmpty();
  }

  @Test
  void userIsCreatedOnce() {
    harness.make();
    User.ProfileReply again = harness.ask(to -> new User.Ensure("other", "Other", to));
    assertThat(((User.Found) again).profile().displayName()).isEqualTo("Alice");
    harness.restart();
    assertThat(
            ((User.Found) harness.<User.ProfileReply>ask(User.GetProfile::new))
                .profile()
                .username())
        .isEqualTo("alice");
  }

  @Test
  void newNameIsSentToDirectConversationsUntilEachHasAnswered() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.tell(Mail.of(GROUP, 1, 1).deliver());
    harness.flush();
    harness.conversations.clear();
    harness.ask((ActorRef<User.ProfileReply> to) -> new User.ChangeProfile("Al", "", to));
    harness.tick(100);
    User.Renamed renamed = new User.Renamed(ALICE, "Al", null, 1);
    assertThat(harness.conversations).containsExactly(new Sent(CHAT, renamed));
    harness.tick(100);
    assertThat(harness.conversations).hasSize(1);
    harness.tick(6_000);
    assertThat(harness.conversations).hasSize(2);
    harness.restart();
    harness.tick(100);
    assertThat(harness.conversations).hasSize(3);
    harness.tell(Mail.none(CHAT, 2).deliver());
    harness.tick(100);
    harness.restart();
    harness.conversations.clear();
    harness.tick(100_000);
    assertThat(harness.conversations).isEmpty();
  }

  @Test
  void deliveryIsAcknowledgedOnlyAfterTheFlush() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 3).deliver());
    harness.tell(Mail.of(CHAT, 1, 3).deliver());
    harness.tell(Mail.of(CHAT, 6, 7).deliver());
    assertThat(harness.conversations).isEmpty();
    assertThat(harness.flush()).hasSize(1);
    assertThat(harness.conversations)
        .containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
    harness.tell(Mail.of(CHAT, 6, 7).deliver());
    assertThat(harness.conversations).hasSize(2);
    assertThat(harness.conversations.getLast())
        .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
  }

  @Test
  void unflushedEntriesAreAppliedAgainAfterACrash() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 3).deliver());
    harness.flush();
    harness.tell(Mail.of(CHAT, 4, 5).deliver());
    harness.restart();
    harness.conversations.clear();
    harness.tell(Mail.of(CHAT, 6, 6).deliver());
    assertThat(harness.conversations)
        .containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
    harness.tell(Mail.of(CHAT, 4, 6).deliver());
    harness.flush();
    assertThat(harness.conversations.getLast())
        .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 6, 6)));
  }

  @Test
  void flushIsBoundedAndTheRestFollows() {
    harness.make();
    for (int i = 0; i < 450; i++) {
      harness.tell(Mail.of(new parley.model.ConversationId("g_" + i), 1, 1).deliver());
    }
    harness.flush();
    List<UserEvent.Flushed> events =
        harness.journal().stream()
            .filter(UserEvent.Flushed.class::isInstance)
            .map(UserEvent.Flushed.class::cast)
            .toList();
    assertThat(events).hasSizeGreaterThan(2);
    assertThat(events).allSatisfy(e -> assertThat(e.rows()).hasSizeLessThanOrEqualTo(200));
    assertThat(harness.conversations).hasSize(450);
  }

  @Test
  void sessionsGetTheRowThenTheEntriesBeforeAnyFlush() {
    harness.make();
    TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(harness.vital(session, Delivery.RowChanged.class).row().name()).isEqualTo("Bob");
    assertThat(harness.vital(session, Delivery.Entries.class).entries()).hasSize(2);
    harness.tell(Mail.of(CHAT, 2, 3).receipts(new Delivery.Receipt(BOB, 2, 1)).deliver());
    assertThat(harness.vital(session, Delivery.Entries.class).entries()).hasSize(1);
    assertThat(harness.vital(session, Delivery.Receipts.class).receipts())
        .containsExactly(new Delivery.Receipt(BOB, 2, 1));
    harness.tell(new User.Typing(CHAT, BOB, true));
    session.expectMessage(new Delivery.TypingSeen(CHAT, BOB, true));
    Marker.nothingMore(session);
  }

  @Test
  void rowFlagsAreDurableAndShown() {
    harness.make();
    TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.vital(session, Delivery.RowChanged.class);
    harness.vital(session, Delivery.Entries.class);
    User.DoneReply done = harness.ask(to -> new User.SetRowFlags(CHAT, true, null, true, to));
    assertThat(done).isEqualTo(new User.Done());
    InboxRow row = harness.vital(session, Delivery.RowChanged.class).row();
    assertThat(row.muted() && row.archived() && !row.pinned()).isTrue();
    harness.restart();
    assertThat(harness.inbox().getFirst().muted()).isTrue();
    assertThat(harness.<User.DoneReply>ask(to -> new User.SetRowFlags(GROUP, true, null, null, to)))
        .isInstanceOf(User.Refused.class);
  }

  @Test
  void leavingRemovesTheRowAndKeepsTheBacklogOfDevices() {
    harness.make();
    harness.attach(LAPTOP, "s0", false);
    TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(GROUP, 1, 2).deliver());
    harness.tell(Mail.of(GROUP, 3, 3).version(9).left(3).deliver());
    harness.vital(session, Delivery.RowChanged.class);
    harness.vital(session, Delivery.Entries.class);
    assertThat(harness.vital(session, Delivery.Entries.class).entries()).hasSize(1);
    assertThat(harness.vital(session, Delivery.RowChanged.class).row().removed()).isTrue();
    assertThat(harness.inbox()).isEmpty();
    harness.flush();
    harness.tell(Mail.of(GROUP, 3, 3).version(9).left(3).deliver());
    assertThat(harness.conversations.getLast())
        .isEqualTo(new Sent(GROUP, new User.Dispatched(ALICE, 3, 9)));
    harness.restart();
    assertThat(harness.lag(harness.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(GROUP, 0, 3));
  }

  @Test
  void acknowledgementCountsUpToTheKnownHead() {
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 3).deliver());
    harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 99, 5))));
    harness.tell(Mail.of(CHAT, 4, 6).deliver());
    harness.flush();
    harness.restart();
    assertThat(harness.lag(harness.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 5, 6));
    harness.tell(new User.Acked(PHONE, "s2", List.of(new User.Ack(CHAT, 2, 2))));
    harness.tell(new User.Acked(PHONE, "old", List.of(new User.Ack(CHAT, 6, 6))));
    harness.flush();
    assertThat(harness.lag(harness.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 5, 6));
  }

  /** Otherwise a busy conversation would wait for the user's journal. */
  @Test
  void manyEntriesAreAcknowledgedBeforeTheFlushTimer() {
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, FlushSchedule.IMMEDIATE_FLUSH_ENTRIES - 1).deliver());
    assertThat(harness.dispatched()).isEmpty();
    harness.tell(
        Mail.of(CHAT, FlushSchedule.IMMEDIATE_FLUSH_ENTRIES, FlushSchedule.IMMEDIATE_FLUSH_ENTRIES)
            .deliver());
    harness.shard.awaitAssert(
        () -> {
          assertThat(harness.dispatched())
              .containsExactly((long) FlushSchedule.IMMEDIATE_FLUSH_ENTRIES);
          return true;
        });
    harness.tell(
        Mail.of(
                CHAT,
                FlushSchedule.IMMEDIATE_FLUSH_ENTRIES + 1,
                FlushSchedule.IMMEDIATE_FLUSH_ENTRIES + 1)
            .deliver());
    assertThat(harness.dispatched()).hasSize(1);
  }

  @Test
  void sentFrameMayOvertakeTheRow() {
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.tick(100);
    assertThat(harness.delivered()).containsExactly(1L);
    harness.flush();
    assertThat(harness.lag(harness.attach(PHONE, "s2", false))).isEmpty();
  }

  @Test
  void deliveredIsSentOnceAndRepeatedABoundedNumberOfTimes() {
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 9).deliver());
    for (long seq = 1; seq <= 9; seq++) {
      harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, seq, seq))));
    }
    assertThat(harness.delivered()).isEmpty();
    harness.tick(60);
    assertThat(harness.delivered()).containsExactly(9L);
    harness.tick(4_000);
    assertThat(harness.delivered()).containsExactly(9L, 9L);
    for (int i = 0; i < 20; i++) {
      harness.tick(100_000);
    }
    assertThat(harness.delivered()).hasSize(5);
    harness.flush();
    harness.restart();
    harness.attach(PHONE, "s2", false);
    harness.tick(60);
    assertThat(harness.delivered()).hasSize(6);
    harness.tell(Mail.none(CHAT, 20).delivered(9).deliver());
    harness.tick(100_000);
    assertThat(harness.delivered()).hasSize(6);
  }

  @Test
  void deliveredNoticesContinueAfterTheNameNotice() {
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.ask((ActorRef<User.ProfileReply> to) -> new User.ChangeProfile("Al", null, to));
    harness.tick(100);
    harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
    harness.tell(Mail.none(CHAT, 2).deliver());
    // Here the timer fires by itself. Only the event that the name was announced is due by the
    // clock.
    harness.shard.awaitAssert(
        () -> {
          assertThat(harness.journal()).contains(new UserEvent.ProfileAnnounced(1));
          return true;
        });
    assertThat(harness.delivered()).isEmpty();
    harness.clock.advance(1_000);
    harness.shard.awaitAssert(
        () -> {
          assertThat(harness.delivered()).containsExactly(1L);
          return true;
        });
  }

  @Test
  void deliveredLostInACrashIsSentAtTheNextDelivery() {
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 3).deliver());
    harness.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 3, 3))));
    harness.flush();
    harness.crash();
    assertThat(harness.delivered()).isEmpty();
    harness.tell(Mail.of(CHAT, 4, 4).deliver());
    harness.tell(Mail.of(CHAT, 5, 5).deliver());
    harness.tick(60);
    assertThat(harness.delivered()).containsExactly(3L);
    harness.tell(Mail.of(CHAT, 6, 6).deliver());
    harness.tick(60);
    assertThat(harness.delivered()).containsExactly(3L);
  }

  @Test
  void stopsOnlyAfterEverythingIsInTheJournal() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 3).deliver());
    harness.stopEntity();
    assertThat(harness.conversations)
        .containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
  }

  @Test
  void leavesMemoryWhenNobodyWouldMissIt() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.tell(new UserInternal.Idle());
    Marker.nothingMore(harness.shard);
    harness.flush();
    TestProbe<Delivery> session = harness.attach(PHONE, "s1", false);
    harness.flush();
    harness.tell(new UserInternal.Idle());
    Marker.nothingMore(harness.shard);
    harness.end(session, PHONE);
    harness.flush();
    harness.tell(new UserInternal.Idle());
    harness.shard.receiveMessage();
  }

  @Test
  void failedWriteStopsTheEntityWithoutAcknowledgement() {
    harness.make();
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.failNextWrite();
    harness.tellOnly(new UserInternal.Flush());
    harness.awaitTerminated();
    assertThat(harness.conversations).isEmpty();
  }
}
