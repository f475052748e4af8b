package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserPushHarness.SOON;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushService;
import parley.user.UserFixtures.Mail;
import parley.user.UserHarness.Sent;

/** A conversation is answered when its push is done, or when a reminder will wake the user. */
class PushReminderTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void immediatePushCostsNoReminder() {
    push.away(PHONE);
    rig.conversations.clear();
    push.mail(Mail.of(CHAT, 1, 1));
    rig.pass(SOON.minus(MOMENT));
    // The conversation has no answer, so it would tell the user again after a crash.
    assertThat(rig.conversations).isEmpty();
    rig.answer(DELIVERED);
    assertThat(rig.conversations).containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
    rig.pass(PATIENCE);
    assertThat(rig.reminders).isEmpty();
    // The next push has a second of its own.
    push.mail(Mail.of(GROUP, 1, 1));
    rig.pass(SOON.minus(MOMENT));
    assertThat(rig.reminders).isEmpty();
    rig.pass(MOMENT);
    assertThat(rig.reminders).hasSize(1);
  }

  @Test
  void crashBeforeTheReminderRequestLeavesThePushToRedispatch() {
    push.away(PHONE);
    rig.conversations.clear();
    push.mail(Mail.of(CHAT, 1, 1));
    PushService.Send first = rig.sends.removeFirst();
    rig.crash();
    assertThat(rig.conversations).isEmpty();
    assertThat(rig.reminders).isEmpty();
    // So the conversation tells the user once more, and that starts the user.
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(rig.conversations).isEmpty();
    rig.pass(PATIENCE);
    assertThat(push.sent()).isEqualTo(first.notification());
    assertThat(rig.reminders).isNotEmpty();
    rig.answer(DELIVERED);
    assertThat(rig.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void deliveryIsAcknowledgedOnlyAfterTheReminderIsDurable() {
    push.away(PHONE);
    rig.conversations.clear();
    push.mail(Mail.of(CHAT, 1, 1));
    push.mail(Mail.of(GROUP, 1, 1));
    assertThat(rig.conversations).isEmpty();
    rig.pass(SOON);
    assertThat(rig.conversations).isEmpty();
    assertThat(rig.reminders).hasSize(1);
    rig.remind();
    assertThat(rig.conversations)
        .containsExactlyInAnyOrder(
            new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)),
            new Sent(GROUP, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void reminderIsRequestedAgainAndReleasedAtTheEnd() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.pass(SOON);
    rig.pass(SOON);
    assertThat(rig.reminders).hasSize(2);
    rig.remind();
    rig.tell(new UserPush.Woken());
    assertThat(rig.reminders).isEmpty();
    rig.answer(DELIVERED);
    rig.tell(new UserPush.Woken());
    assertThat(rig.reminders).containsExactly(new UserReminder.Release());
    // The answer of the old reminder does not count for what is owed from now on.
    rig.conversations.clear();
    rig.tell(new UserPush.Reminded(0));
    rig.clock.advance(60_000);
    push.mail(Mail.of(CHAT, 2, 2));
    rig.pass(SOON);
    assertThat(rig.conversations).isEmpty();
    rig.remind();
    assertThat(rig.conversations).hasSize(1);
  }

  @Test
  void userWithAPendingPushStaysInMemory() {
    push.away(PHONE);
    rig.shard.expectNoMessage(Duration.ZERO);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.pass(SOON);
    rig.remind();
    rig.tell(new UserInternal.Idle());
    rig.shard.expectNoMessage(Duration.ZERO);
    rig.answer(DELIVERED);
    rig.tell(new UserInternal.Idle());
    rig.shard.receiveMessage();
    assertThat(rig.reminders).contains(new UserReminder.Release());
  }
}
