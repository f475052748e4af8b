package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.push.PushOutcome;
import parley.push.PushService;
import parley.user.UserTestData.Mail;

/** A failed push is repeated, and becomes a dead letter in the end. */
class PushRetryTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void threeAttemptsThenADeadLetter() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Retry(null, "unanswered"));
    harness.pass(Duration.ofSeconds(4).minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    harness.pass(MOMENT);
    harness.answer(new PushOutcome.Retry(null, "unanswered"));
    harness.pass(Duration.ofSeconds(16).minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    harness.pass(MOMENT);
    harness.answer(new PushOutcome.Retry(null, "timeout"));
    assertThat(harness.sends).isEmpty();
    assertThat(harness.letters).hasSize(1);
    var letter = harness.letters.getFirst().letter();
    assertThat(letter.userId()).isEqualTo(ALICE);
    assertThat(letter.deviceId()).isEqualTo(PHONE);
    assertThat(letter.conversationId()).isEqualTo(CHAT);
    assertThat(letter.platform()).isEqualTo("apns");
    assertThat(letter.seq()).isEqualTo(1);
    assertThat(letter.tries()).isEqualTo(3);
    // The user repeats the letter until it is kept.
    harness.pass(Duration.ofSeconds(10));
    assertThat(harness.letters).hasSize(2);
    harness.tell(new UserInternal.LetterKept(harness.letters.getLast().reference()));
    harness.flush();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
    harness.pass(Duration.ofDays(1));
    assertThat(harness.letters).hasSize(2);
    // A later message has attempts of its own.
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(harness.sends).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"busy", "unreachable", "stopping"})
  void unsentPushCostsNoAttempt(String reason) {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Retry(null, "timeout"));
    harness.pass(Duration.ofSeconds(4));
    for (int i = 0; i < 30; i++) {
      harness
          .sends
          .removeFirst()
          .replyTo()
          .tell(new PushService.Sent(i + 2, new PushOutcome.Retry(null, reason)));
      // Nothing is written to the journal.
      assertThat(harness.flush()).isEmpty();
      assertThat(harness.sends).isEmpty();
      harness.pass(Duration.ofMinutes(1));
      assertThat(harness.sends).hasSize(1);
    }
    assertThat(harness.durable().outbox().all())
        .singleElement()
        .extracting(PendingPush::tries)
        .isEqualTo(1);
    harness.answer(DELIVERED);
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
    assertThat(harness.letters).isEmpty();
  }

  @Test
  void waitForAnUnavailableProviderIsHonoured() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Retry(Duration.ofSeconds(30), "unreachable"));
    harness.pass(Duration.ofSeconds(34).minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    harness.pass(MOMENT);
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void providerUnavailableForADayMakesADeadLetter() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    for (int hour = 0; hour < 24; hour++) {
      harness.answer(new PushOutcome.Retry(null, "unreachable"));
      assertThat(harness.letters).isEmpty();
      harness.pass(Duration.ofHours(1));
    }
    harness.crash();
    // A node that was down itself tries for one more hour.
    harness.pass(Duration.ofMinutes(59));
    harness.answer(new PushOutcome.Retry(null, "unreachable"));
    assertThat(harness.letters).isEmpty();
    harness.pass(Duration.ofMinutes(1));
    harness.answer(new PushOutcome.Retry(null, "unreachable"));
    assertThat(harness.sends).isEmpty();
    assertThat(harness.letters).hasSize(1);
    assertThat(harness.letters.getFirst().letter().reason()).isEqualTo("unreachable");
  }

  @Test
  void retryAfterOfTheProviderIsHonoured() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Retry(Duration.ofMinutes(10), "unavailable"));
    harness.pass(Duration.ofMinutes(10));
    assertThat(harness.sends).isEmpty();
    harness.pass(Duration.ofSeconds(4));
    assertThat(harness.sends).hasSize(1);
    harness.answer(new PushOutcome.Retry(Duration.ofDays(10), "unavailable"));
    harness.pass(Duration.ofHours(1).plusSeconds(16));
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void refusedPushIsADeadLetterAtOnce() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Refused("BadTopic"));
    assertThat(harness.sends).isEmpty();
    assertThat(harness.letters.getFirst().letter().reason()).isEqualTo("BadTopic");
  }

  @Test
  void missingAnswerIsAFailure() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.pass(Duration.ofMinutes(2));
    harness.flush();
    harness.pass(Duration.ofSeconds(4));
    assertThat(harness.sends).hasSize(2);
    // The first answer comes too late and does not count.
    harness.answer(DELIVERED);
    assertThat(harness.durable().outbox().isEmpty()).isFalse();
  }
}
