package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserPushHarness.SOON;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserFixtures.Mail;

/** A clock that is set back keeps no push, reminder or dead letter waiting. */
class PushClockTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void clockSetBackDelaysNoPush() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    push.failedOnce();
    rig.pass(Duration.ofDays(-365));
    rig.flush();
    rig.pass(Duration.ofHours(1).plusMinutes(5));
    assertThat(rig.sends).hasSize(1);
    rig.answer(DELIVERED);
    push.mail(Mail.of(GROUP, 1, 1));
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void clockSetBackBeforeRecoveryDelaysNoPush() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    push.failedOnce();
    rig.clock.advance(Duration.ofDays(-365).toMillis());
    rig.crash();
    rig.flush();
    rig.pass(Duration.ofHours(1).plusMinutes(5));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void pushByAFastClockDelaysTheNextByTheUsualPause() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    rig.clock.advance(Duration.ofDays(-365).toMillis());
    push.mail(Mail.of(CHAT, 2, 2));
    rig.pass(Duration.ofSeconds(35));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void reminderIsRequestedInTimeWhenTheClockIsSetBack() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.pass(Duration.ofHours(-2));
    rig.pass(SOON);
    assertThat(rig.reminders).hasSize(1);
  }

  @Test
  void deadLetterIsReportedAgainWhenTheClockIsSetBack() {
    rig.clock.advance(Duration.ofDays(400).toMillis());
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    assertThat(rig.letters).hasSize(1);
    rig.pass(Duration.ofDays(-365));
    rig.flush();
    rig.pass(Duration.ofSeconds(70));
    assertThat(rig.letters).hasSize(2);
  }
}
