package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.user.UserHarness.Sent;
import parley.user.UserTestData.Mail;

/**
 * After a crash a user sends its pending pushes, and does not repeat those that its journal has as
 * sent.
 */
class PushRecoveryTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void crashBeforeTheFlushLeavesThePushToRedispatch() {
    push.away(PHONE);
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.crash();
    assertThat(harness.conversations)
        .doesNotContain(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(harness.sends).isEmpty();
    // The phone may still connect to the new incarnation. It does not, so it is pushed to.
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void crashBeforeSendingPushesAfterRecovery() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.crash();
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void crashBeforeTheAnswerIsStoredPushesAgain() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    PushService.Send first = harness.sends.removeFirst();
    harness.crash();
    harness.pass(PATIENCE);
    assertThat(push.sent()).isEqualTo(first.notification());
  }

  @Test
  void crashAfterTheAnswerIsStoredPushesNothing() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(DELIVERED);
    harness.crash();
    harness.pass(Duration.ofDays(1));
    assertThat(harness.sends).isEmpty();
  }

  @Test
  void attemptCountSurvivesACrash() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Retry(null, "unanswered"));
    harness.crash();
    harness.pass(Duration.ofSeconds(5));
    harness.answer(new PushOutcome.Retry(null, "unanswered"));
    harness.crash();
    harness.pass(Duration.ofSeconds(16));
    harness.answer(new PushOutcome.Retry(null, "timeout"));
    harness.letters.clear();
    harness.crash();
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
    assertThat(harness.letters).hasSize(1);
    assertThat(harness.letters.getFirst().letter().reason()).isEqualTo("timeout");
  }
}
