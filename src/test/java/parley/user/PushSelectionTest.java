package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.BOB;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;
import parley.user.UserHarness.Sent;
import parley.user.UserTestData.Mail;

/** Which messages cause a push, and the number of the badge. */
class PushSelectionTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void badgeCountsTheWholeInbox() {
    push.away(PHONE);
    push.mail(Mail.of(GROUP, 1, 3));
    push.mail(Mail.of(CHAT, 1, 2));
    assertThat(push.sent().conversationId()).isEqualTo(CHAT);
    assertThat(push.sent().badge()).isEqualTo(5);
  }

  @Test
  void entryReadElsewhereInTimeIsNotPushed() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 2));
    assertThat(harness.durable().outbox().isEmpty()).isFalse();
    push.mail(Mail.none(CHAT, 3).read(2, 0));
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
  }

  @Test
  void acknowledgementBeforeTheFlushCostsNoWrite() {
    push.away(PHONE);
    harness.attach(PHONE, "s2", false);
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    push.ack(PHONE, "s2", CHAT, 1);
    assertThat(harness.flush())
        .singleElement()
        .isInstanceOfSatisfying(
            UserEvent.Flushed.class,
            event -> {
              assertThat(event.pendingPushes()).isEmpty();
              assertThat(event.finishedPushes()).isEmpty();
            });
    assertThat(harness.reminders).isEmpty();
    assertThat(harness.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void ownMessagesEditsReactionsAndMembersPushNothing() {
    push.away(PHONE);
    List<User.Deliver> quiet =
        List.of(
            from(ALICE, new EntryBody.Text("mine", null, null, false)),
            from(BOB, new EntryBody.Edit(1, "new")),
            from(BOB, new EntryBody.Delete(1, BOB)),
            from(BOB, new EntryBody.Reaction(1, "+")),
            from(BOB, new EntryBody.Text(null, null, null, false)));
    long seq = 0;
    for (User.Deliver one : quiet) {
      seq++;
      Entry entry = one.entries().getFirst();
      harness.tell(
          new User.Deliver(
              one.conversationId(),
              seq,
              one.header(),
              one.member(),
              List.of(new Entry(seq, "m" + seq, entry.senderId(), 1_000, null, entry.body())),
              List.of()));
    }
    harness.flush();
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void mutedConversationsPushNothing() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.ask((ActorRef<User.DoneReply> to) -> new User.SetRowFlags(CHAT, true, null, null, to));
    harness.pass(PATIENCE);
    push.mail(Mail.of(CHAT, 2, 2));
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void platformWithoutAProviderGetsNoPush() {
    push.away(PHONE);
    harness.ask(
        (ActorRef<User.DoneReply> to) -> new User.SetPushToken(PHONE, "fcm", "google's", to));
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(harness.sends).isEmpty();
    assertThat(harness.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  private User.Deliver from(UserId sender, EntryBody entryBody) {
    User.Deliver plain = Mail.of(CHAT, 1, 1).deliver();
    return new User.Deliver(
        plain.conversationId(),
        plain.version(),
        plain.header(),
        plain.member(),
        List.of(new Entry(1, "m1", sender, 1_001, null, entryBody)),
        List.of());
  }
}
