package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.user.UserFixtures.Mail;
import parley.user.UserHarness.Sent;

/** A user that crashes pushes what it owes, and not again what its journal has as pushed. */
class PushRecoveryTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void crashBeforeTheFlushLeavesThePushToRedispatch() {
    push.away(PHONE);
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.crash();
    assertThat(rig.conversations).doesNotContain(new Sent(CHAT, new User.Dispatched(ALICE, 1, 1)));
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(rig.sends).isEmpty();
    // The phone may still connect to the new life. It does not, so it is pushed to.
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void crashBeforeSendingPushesAfterRecovery() {
    push.away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void crashBeforeTheAnswerIsStoredPushesAgain() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    PushService.Send first = rig.sends.removeFirst();
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(push.sent()).isEqualTo(first.notification());
  }

  @Test
  void crashAfterTheAnswerIsStoredPushesNothing() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    rig.crash();
    rig.pass(Duration.ofDays(1));
    assertThat(rig.sends).isEmpty();
  }

  @Test
  void attemptCountSurvivesACrash() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.crash();
    rig.pass(Duration.ofSeconds(5));
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.crash();
    rig.pass(Duration.ofSeconds(16));
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    rig.letters.clear();
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).hasSize(1);
    assertThat(rig.letters.getFirst().letter().reason()).isEqualTo("timeout");
  }
}
