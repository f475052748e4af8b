package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserPushHarness.SOON;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushService;
import parley.user.UserHarness.Sent;
import parley.user.UserTestData.Mail;

/**
 * A conversation gets its acknowledgement when the push is done, or when a reminder exists that
 * wakes the user.
 */
class PushReminderTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void immediatePushCostsNoReminder() {
    push.away(PHONE);
    harness.conversations.clear();
    push.mail(Mail.of(CHAT, 1, 1));
    harness.pass(SOON.minus(MOMENT));
    // The conversation has no acknowledgement, so it would deliver again after a crash.
    assertThat(harness.conversations).isEmpty();
    harness.answer(DELIVERED);
    assertThat(harness.conversations)
        .containsExactly(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
    harness.pass(PATIENCE);
    assertThat(harness.reminders).isEmpty();
    // The next push has a second of its own.
    push.mail(Mail.of(GROUP, 1, 1));
    harness.pass(SOON.minus(MOMENT));
    assertThat(harness.reminders).isEmpty();
    harness.pass(MOMENT);
    assertThat(harness.reminders).hasSize(1);
  }

  @Test
  void crashBeforeTheReminderRequestLeavesThePushToRedispatch() {
    push.away(PHONE);
    harness.conversations.clear();
    push.mail(Mail.of(CHAT, 1, 1));
    PushService.Send first = harness.sends.removeFirst();
    harness.crash();
    assertThat(harness.conversations).isEmpty();
    assertThat(harness.reminders).isEmpty();
    // So the conversation delivers once more, and that starts the user.
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(harness.conversations).isEmpty();
    harness.pass(PATIENCE);
    assertThat(push.sent()).isEqualTo(first.notification());
    assertThat(harness.reminders).isNotEmpty();
    harness.answer(DELIVERED);
    assertThat(harness.conversations).contains(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void deliveryIsAcknowledgedOnlyAfterTheReminderIsDurable() {
    push.away(PHONE);
    harness.conversations.clear();
    push.mail(Mail.of(CHAT, 1, 1));
    push.mail(Mail.of(GROUP, 1, 1));
    assertThat(harness.conversations).isEmpty();
    harness.pass(SOON);
    assertThat(harness.conversations).isEmpty();
    assertThat(harness.reminders).hasSize(1);
    harness.remind();
    assertThat(harness.conversations)
        .containsExactlyInAnyOrder(
            new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)),
            new Sent(GROUP, new User.Dispatched(ALICE, 1, 1)));
  }

  @Test
  void reminderIsRequestedAgainAndReleasedAtTheEnd() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.pass(SOON);
    harness.pass(SOON);
    assertThat(harness.reminders).hasSize(2);
    harness.remind();
    harness.tell(new UserPush.Woken());
    assertThat(harness.reminders).isEmpty();
    harness.answer(DELIVERED);
    harness.tell(new UserPush.Woken());
    assertThat(harness.reminders).containsExactly(new UserReminder.Release());
    // The answer of the old reminder does not count for pushes from now on.
    harness.conversations.clear();
    harness.tell(new UserPush.Reminded(0));
    harness.clock.advance(60_000);
    push.mail(Mail.of(CHAT, 2, 2));
    harness.pass(SOON);
    assertThat(harness.conversations).isEmpty();
    harness.remind();
    assertThat(harness.conversations).hasSize(1);
  }

  @Test
  void userWithAPendingPushStaysInMemory() {
    push.away(PHONE);
    harness.shard.expectNoMessage(Duration.ZERO);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.pass(SOON);
    harness.remind();
    harness.tell(new UserInternal.Idle());
    harness.shard.expectNoMessage(Duration.ZERO);
    harness.answer(DELIVERED);
    harness.tell(new UserInternal.Idle());
    harness.shard.receiveMessage();
    assertThat(harness.reminders).contains(new UserReminder.Release());
  }
}
