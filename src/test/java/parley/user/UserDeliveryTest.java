package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.BOB;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;

import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.model.ErrorCode;
import parley.model.InboxRow;
import parley.user.UserFixtures.Mail;
import parley.user.UserHarness.Sent;

/** What conversations tell a user: rows, entries, flushes, acknowledgements, and the end. */
class UserDeliveryTest {

  private final UserHarness rig = new UserHarness();

  @BeforeEach
  void start() {
    rig.start();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  @Test
  void lookupCreatesNoUser() {
    assertThat(rig.ask(User.GetProfile::new)).isEqualTo(new User.NoSuchUser(ALICE));
    assertThat(rig.<User.DevicesReply>ask(User.GetDevices::new))
        .isInstanceOfSatisfying(
            User.Refused.class, r -> assertThat(r.refusal().code()).isEqualTo(ErrorCode.NOT_FOUND));
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(rig.flush()).isEmpty();
    assertThat(rig.ended(rig.hello(PHONE, "s1", false)).why()).isEqualTo(Delivery.End.REFUSED);
  }

  @Test
  void unknownUserLeavesMemoryAtOnce() {
    rig.ask(User.GetProfile::new);
    rig.shard.receiveMessage();
    rig.tell(new User.Watch(rig.probe().getRef(), true));
    rig.shard.receiveMessage();
    rig.tell(new User.Typing(CHAT, BOB, true));
    rig.shard.receiveMessage();
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.shard.receiveMessage();
    rig.make();
    rig.ask(User.GetProfile::new);
    Marker.nothingMore(rig.shard);
  }

  @Test
  void userIsCreatedOnce() {
    rig.make();
    User.ProfileReply again = rig.ask(to -> new User.Ensure("other", "Other", to));
    assertThat(((User.Found) again).profile().displayName()).isEqualTo("Alice");
    rig.restart();
    assertThat(((User.Found) rig.<User.ProfileReply>ask(User.GetProfile::new)).profile().username())
        .isEqualTo("alice");
  }

  @Test
  void newNameIsSentToDirectConversationsUntilEachHasAnswered() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.tell(Mail.of(GROUP, 1, 1).deliver());
    rig.flush();
    rig.conversations.clear();
    rig.ask((ActorRef<User.ProfileReply> to) -> new User.ChangeProfile("Al", "", to));
    rig.tick(100);
    User.Renamed renamed = new User.Renamed(ALICE, "Al", null, 1);
    assertThat(rig.conversations).containsExactly(new Sent(CHAT, renamed));
    rig.tick(100);
    assertThat(rig.conversations).hasSize(1);
    rig.tick(6_000);
    assertThat(rig.conversations).hasSize(2);
    rig.restart();
    rig.tick(100);
    assertThat(rig.conversations).hasSize(3);
    rig.tell(Mail.none(CHAT, 2).deliver());
    rig.tick(100);
    rig.restart();
    rig.conversations.clear();
    rig.tick(100_000);
    assertThat(rig.conversations).isEmpty();
  }

  @Test
  void deliveryIsAcknowledgedOnlyAfterTheFlush() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.tell(Mail.of(CHAT, 6, 7).deliver());
    assertThat(rig.conversations).isEmpty();
    assertThat(rig.flush()).hasSize(1);
    assertThat(rig.conversations).containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
    rig.tell(Mail.of(CHAT, 6, 7).deliver());
    assertThat(rig.conversations).hasSize(2);
    assertThat(rig.conversations.getLast())
        .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
  }

  @Test
  void unflushedEntriesAreAppliedAgainAfterACrash() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.flush();
    rig.tell(Mail.of(CHAT, 4, 5).deliver());
    rig.restart();
    rig.conversations.clear();
    rig.tell(Mail.of(CHAT, 6, 6).deliver());
    assertThat(rig.conversations).containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
    rig.tell(Mail.of(CHAT, 4, 6).deliver());
    rig.flush();
    assertThat(rig.conversations.getLast())
        .isEqualTo(new Sent(CHAT, new User.Dispatched(ALICE, 6, 6)));
  }

  @Test
  void flushIsBoundedAndTheRestFollows() {
    rig.make();
    for (int i = 0; i < 450; i++) {
      rig.tell(Mail.of(new parley.model.ConversationId("g_" + i), 1, 1).deliver());
    }
    rig.flush();
    List<UserEvent.Flushed> events =
        rig.journal().stream()
            .filter(UserEvent.Flushed.class::isInstance)
            .map(UserEvent.Flushed.class::cast)
            .toList();
    assertThat(events).hasSizeGreaterThan(2);
    assertThat(events).allSatisfy(e -> assertThat(e.rows()).hasSizeLessThanOrEqualTo(200));
    assertThat(rig.conversations).hasSize(450);
  }

  @Test
  void sessionsGetTheRowThenTheEntriesBeforeAnyFlush() {
    rig.make();
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(rig.vital(session, Delivery.RowChanged.class).row().name()).isEqualTo("Bob");
    assertThat(rig.vital(session, Delivery.Entries.class).entries()).hasSize(2);
    rig.tell(Mail.of(CHAT, 2, 3).receipts(new Delivery.Receipt(BOB, 2, 1)).deliver());
    assertThat(rig.vital(session, Delivery.Entries.class).entries()).hasSize(1);
    assertThat(rig.vital(session, Delivery.Receipts.class).receipts())
        .containsExactly(new Delivery.Receipt(BOB, 2, 1));
    rig.tell(new User.Typing(CHAT, BOB, true));
    session.expectMessage(new Delivery.TypingSeen(CHAT, BOB, true));
    Marker.nothingMore(session);
  }

  @Test
  void rowFlagsAreDurableAndShown() {
    rig.make();
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    session.receiveSeveralMessages(2);
    User.DoneReply done = rig.ask(to -> new User.SetRowFlags(CHAT, true, null, true, to));
    assertThat(done).isEqualTo(new User.Done());
    InboxRow row = rig.vital(session, Delivery.RowChanged.class).row();
    assertThat(row.muted() && row.archived() && !row.pinned()).isTrue();
    rig.restart();
    assertThat(rig.inbox().getFirst().muted()).isTrue();
    assertThat(rig.<User.DoneReply>ask(to -> new User.SetRowFlags(GROUP, true, null, null, to)))
        .isInstanceOf(User.Refused.class);
  }

  @Test
  void leavingRemovesTheRowAndKeepsTheBacklogOfDevices() {
    rig.make();
    rig.attach(LAPTOP, "s0", false);
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(GROUP, 1, 2).deliver());
    rig.tell(Mail.of(GROUP, 3, 3).version(9).left(3).deliver());
    rig.vital(session, Delivery.RowChanged.class);
    rig.vital(session, Delivery.Entries.class);
    assertThat(rig.vital(session, Delivery.Entries.class).entries()).hasSize(1);
    assertThat(rig.vital(session, Delivery.RowChanged.class).row().removed()).isTrue();
    assertThat(rig.inbox()).isEmpty();
    rig.flush();
    rig.tell(Mail.of(GROUP, 3, 3).version(9).left(3).deliver());
    assertThat(rig.conversations.getLast())
        .isEqualTo(new Sent(GROUP, new User.Dispatched(ALICE, 3, 9)));
    rig.restart();
    assertThat(rig.lag(rig.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(GROUP, 0, 3));
  }

  @Test
  void acknowledgementCountsUpToTheKnownHead() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 99, 5))));
    rig.tell(Mail.of(CHAT, 4, 6).deliver());
    rig.flush();
    rig.restart();
    assertThat(rig.lag(rig.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 5, 6));
    rig.tell(new User.Acked(PHONE, "s2", List.of(new User.Ack(CHAT, 2, 2))));
    rig.tell(new User.Acked(PHONE, "old", List.of(new User.Ack(CHAT, 6, 6))));
    rig.flush();
    assertThat(rig.lag(rig.attach(PHONE, "s2", false)))
        .containsExactly(new Delivery.Lag(CHAT, 5, 6));
  }

  /** Else a busy conversation waits for the journal with what it has to tell. */
  @Test
  void manyEntriesAreAcknowledgedBeforeTheFlushTimer() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, FlushSchedule.IMMEDIATE_FLUSH_ENTRIES - 1).deliver());
    assertThat(rig.dispatched()).isEmpty();
    rig.tell(
        Mail.of(CHAT, FlushSchedule.IMMEDIATE_FLUSH_ENTRIES, FlushSchedule.IMMEDIATE_FLUSH_ENTRIES)
            .deliver());
    rig.shard.awaitAssert(
        () -> {
          assertThat(rig.dispatched())
              .containsExactly((long) FlushSchedule.IMMEDIATE_FLUSH_ENTRIES);
          return true;
        });
    rig.tell(
        Mail.of(
                CHAT,
                FlushSchedule.IMMEDIATE_FLUSH_ENTRIES + 1,
                FlushSchedule.IMMEDIATE_FLUSH_ENTRIES + 1)
            .deliver());
    assertThat(rig.dispatched()).hasSize(1);
  }

  @Test
  void sentFrameMayOvertakeTheRow() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.tick(100);
    assertThat(rig.delivered()).containsExactly(1L);
    rig.flush();
    assertThat(rig.lag(rig.attach(PHONE, "s2", false))).isEmpty();
  }

  @Test
  void deliveredIsSentOnceAndRepeatedABoundedNumberOfTimes() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 9).deliver());
    for (long seq = 1; seq <= 9; seq++) {
      rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, seq, seq))));
    }
    assertThat(rig.delivered()).isEmpty();
    rig.tick(60);
    assertThat(rig.delivered()).containsExactly(9L);
    rig.tick(4_000);
    assertThat(rig.delivered()).containsExactly(9L, 9L);
    for (int i = 0; i < 20; i++) {
      rig.tick(100_000);
    }
    assertThat(rig.delivered()).hasSize(5);
    rig.flush();
    rig.restart();
    rig.attach(PHONE, "s2", false);
    rig.tick(60);
    assertThat(rig.delivered()).hasSize(6);
    rig.tell(Mail.none(CHAT, 20).delivered(9).deliver());
    rig.tick(100_000);
    assertThat(rig.delivered()).hasSize(6);
  }

  @Test
  void deliveredNoticesContinueAfterTheNameNotice() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.ask((ActorRef<User.ProfileReply> to) -> new User.ChangeProfile("Al", null, to));
    rig.tick(100);
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 1, 1))));
    rig.tell(Mail.none(CHAT, 2).deliver());
    // The timer itself: nothing is due by the clock but to note that the name has been told.
    rig.shard.awaitAssert(
        () -> {
          assertThat(rig.journal()).contains(new UserEvent.ProfileAnnounced(1));
          return true;
        });
    assertThat(rig.delivered()).isEmpty();
    rig.clock.advance(1_000);
    rig.shard.awaitAssert(
        () -> {
          assertThat(rig.delivered()).containsExactly(1L);
          return true;
        });
  }

  @Test
  void deliveredLostInACrashIsSentAtTheNextDelivery() {
    rig.make();
    rig.attach(PHONE, "s1", false);
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.tell(new User.Acked(PHONE, "s1", List.of(new User.Ack(CHAT, 3, 3))));
    rig.flush();
    rig.crash();
    assertThat(rig.delivered()).isEmpty();
    rig.tell(Mail.of(CHAT, 4, 4).deliver());
    rig.tell(Mail.of(CHAT, 5, 5).deliver());
    rig.tick(60);
    assertThat(rig.delivered()).containsExactly(3L);
    rig.tell(Mail.of(CHAT, 6, 6).deliver());
    rig.tick(60);
    assertThat(rig.delivered()).containsExactly(3L);
  }

  @Test
  void stopsOnlyAfterEverythingIsInTheJournal() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 3).deliver());
    rig.stopEntity();
    assertThat(rig.conversations).containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 3, 3)));
  }

  @Test
  void leavesMemoryWhenNobodyWouldMissIt() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.tell(new UserInternal.Idle());
    Marker.nothingMore(rig.shard);
    rig.flush();
    TestProbe<Delivery> session = rig.attach(PHONE, "s1", false);
    rig.flush();
    rig.tell(new UserInternal.Idle());
    Marker.nothingMore(rig.shard);
    rig.end(session, PHONE);
    rig.flush();
    rig.tell(new UserInternal.Idle());
    rig.shard.receiveMessage();
  }

  @Test
  void failedWriteStopsTheEntityWithoutAcknowledgement() {
    rig.make();
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.failNextWrite();
    rig.tellOnly(new UserInternal.Flush());
    rig.awaitTerminated();
    assertThat(rig.conversations).isEmpty();
  }
}
