package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.user.UserFixtures.Mail;

/** A push that fails is tried again, and becomes a dead letter in the end. */
class PushRetryTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void threeAttemptsThenADeadLetter() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.pass(Duration.ofSeconds(4).minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    rig.answer(new PushOutcome.Retry(null, "unanswered"));
    rig.pass(Duration.ofSeconds(16).minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).hasSize(1);
    var letter = rig.letters.getFirst().letter();
    assertThat(letter.userId()).isEqualTo(ALICE);
    assertThat(letter.deviceId()).isEqualTo(PHONE);
    assertThat(letter.conversationId()).isEqualTo(CHAT);
    assertThat(letter.platform()).isEqualTo("apns");
    assertThat(letter.seq()).isEqualTo(1);
    assertThat(letter.tries()).isEqualTo(3);
    // The user repeats the letter until it is kept.
    rig.pass(Duration.ofSeconds(10));
    assertThat(rig.letters).hasSize(2);
    rig.tell(new UserInternal.LetterKept(rig.letters.getLast().reference()));
    rig.flush();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.pass(Duration.ofDays(1));
    assertThat(rig.letters).hasSize(2);
    // A later message has tries of its own.
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(rig.sends).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"busy", "unreachable", "stopping"})
  void unsentPushCostsNoAttempt(String reason) {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(null, "timeout"));
    rig.pass(Duration.ofSeconds(4));
    for (int i = 0; i < 30; i++) {
      rig.sends
          .removeFirst()
          .replyTo()
          .tell(new PushService.Sent(i + 2, new PushOutcome.Retry(null, reason)));
      // The journal gets nothing.
      assertThat(rig.flush()).isEmpty();
      assertThat(rig.sends).isEmpty();
      rig.pass(Duration.ofMinutes(1));
      assertThat(rig.sends).hasSize(1);
    }
    assertThat(rig.durable().outbox().all())
        .singleElement()
        .extracting(PendingPush::tries)
        .isEqualTo(1);
    rig.answer(DELIVERED);
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    assertThat(rig.letters).isEmpty();
  }

  @Test
  void waitForAnUnavailableProviderIsHonoured() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(Duration.ofSeconds(30), "unreachable"));
    rig.pass(Duration.ofSeconds(34).minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void providerUnavailableForADayMakesADeadLetter() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    for (int hour = 0; hour < 24; hour++) {
      rig.answer(new PushOutcome.Retry(null, "unreachable"));
      assertThat(rig.letters).isEmpty();
      rig.pass(Duration.ofHours(1));
    }
    rig.crash();
    // A node that was down itself tries for one more hour.
    rig.pass(Duration.ofMinutes(59));
    rig.answer(new PushOutcome.Retry(null, "unreachable"));
    assertThat(rig.letters).isEmpty();
    rig.pass(Duration.ofMinutes(1));
    rig.answer(new PushOutcome.Retry(null, "unreachable"));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).hasSize(1);
    assertThat(rig.letters.getFirst().letter().reason()).isEqualTo("unreachable");
  }

  @Test
  void retryAfterOfTheProviderIsHonoured() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Retry(Duration.ofMinutes(10), "unavailable"));
    rig.pass(Duration.ofMinutes(10));
    assertThat(rig.sends).isEmpty();
    rig.pass(Duration.ofSeconds(4));
    assertThat(rig.sends).hasSize(1);
    rig.answer(new PushOutcome.Retry(Duration.ofDays(10), "unavailable"));
    rig.pass(Duration.ofHours(1).plusSeconds(16));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void refusedPushIsADeadLetterAtOnce() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters.getFirst().letter().reason()).isEqualTo("BadTopic");
  }

  @Test
  void missingAnswerIsAFailure() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.pass(Duration.ofMinutes(2));
    rig.flush();
    rig.pass(Duration.ofSeconds(4));
    assertThat(rig.sends).hasSize(2);
    // The first answer comes too late and counts for nothing.
    rig.answer(DELIVERED);
    assertThat(rig.durable().outbox().isEmpty()).isFalse();
  }
}
