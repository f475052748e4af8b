package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserPushHarness.SOON;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserTestData.Mail;

/** A clock that is set back keeps no push, reminder or dead letter waiting. */
class PushClockTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void clockSetBackDelaysNoPush() {
    harness.clock.advance(Duration.ofDays(400).toMillis());
    push.failedOnce();
    harness.pass(Duration.ofDays(-365));
    harness.flush();
    harness.pass(Duration.ofHours(1).plusMinutes(5));
    assertThat(harness.sends).hasSize(1);
    harness.answer(DELIVERED);
    push.mail(Mail.of(GROUP, 1, 1));
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void clockSetBackBeforeRecoveryDelaysNoPush() {
    harness.clock.advance(Duration.ofDays(400).toMillis());
    push.failedOnce();
    harness.clock.advance(Duration.ofDays(-365).toMillis());
    harness.crash();
    harness.flush();
    harness.pass(Duration.ofHours(1).plusMinutes(5));
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void pushByAFastClockDelaysTheNextByTheUsualPause() {
    harness.clock.advance(Duration.ofDays(400).toMillis());
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(DELIVERED);
    harness.clock.advance(Duration.ofDays(-365).toMillis());
    push.mail(Mail.of(CHAT, 2, 2));
    harness.pass(Duration.ofSeconds(35));
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void reminderIsRequestedInTimeWhenTheClockIsSetBack() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.pass(Duration.ofHours(-2));
    harness.pass(SOON);
    assertThat(harness.reminders).hasSize(1);
  }

  @Test
  void deadLetterIsReportedAgainWhenTheClockIsSetBack() {
    harness.clock.advance(Duration.ofDays(400).toMillis());
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Refused("BadTopic"));
    assertThat(harness.letters).hasSize(1);
    harness.pass(Duration.ofDays(-365));
    harness.flush();
    harness.pass(Duration.ofSeconds(70));
    assertThat(harness.letters).hasSize(2);
  }
}
