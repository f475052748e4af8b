package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserPushHarness.SOON;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserPush.Need;
import parley.user.UserTestData.Mail;

/** A dead letter is pushed again for an operator, if the push is still needed and there is room. */
class PushAgainTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void deadLetterIsPushedAgain() {
    push.away(PHONE);
    spent();
    push.mail(Mail.of(GROUP, 1, 1));
    harness.pass(SOON);
    harness.remind();
    harness.answer(DELIVERED);
    assertThat(again(2, true)).isEqualTo(Need.WAITS);
    assertThat(harness.sends).isEmpty();
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
    assertThat(harness.sends).hasSize(1);
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
    assertThat(harness.sends).hasSize(1);
    harness.crash();
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(2);
  }

  @Test
  void refusedReplayLeavesNothingPending() {
    push.away(PHONE);
    spent();
    push.mail(Mail.of(GROUP, 1, 1));
    TestProbe<UserPush.Answer> waiting = harness.kit.createTestProbe();
    for (int i = 0; i < PushSender.MAX_WAITING_CALLS; i++) {
      harness.tell(new UserPush.Again(GROUP, PHONE, 1, false, waiting.getRef()));
    }
    assertThat(again(2, false)).isEqualTo(Need.FULL);
    assertThat(harness.durable().outbox().all()).extracting(PendingPush::id).containsExactly(GROUP);
    waiting.expectNoMessage(Duration.ZERO);
    harness.pass(SOON);
    harness.remind();
    for (int i = 0; i < PushSender.MAX_WAITING_CALLS; i++) {
      assertThat(waiting.receiveMessage().need()).isEqualTo(Need.WAITS);
    }
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
  }

  @Test
  void obsoleteDeadLetterIsNotPushedAgain() {
    push.away(PHONE);
    assertThat(again(2, false)).isEqualTo(Need.LEFT);
    spent();
    harness.attach(PHONE, "s2", false);
    push.ack(PHONE, "s2", CHAT, 2);
    assertThat(again(2, false)).isEqualTo(Need.FETCHED);
    push.mail(Mail.none(CHAT, 3).read(2, 0));
    assertThat(again(2, false)).isEqualTo(Need.READ);
    push.token(PHONE, null);
    assertThat(again(2, false)).isEqualTo(Need.NO_TOKEN);
    assertThat(harness.sends).isEmpty();
  }

  private Need again(long seq, boolean dry) {
    return harness.<UserPush.Answer>ask(to -> new UserPush.Again(CHAT, PHONE, seq, dry, to)).need();
  }

  /** A push becomes a dead letter, which is kept. */
  private void spent() {
    push.mail(Mail.of(CHAT, 1, 2));
    harness.answer(new PushOutcome.Refused("BadTopic"));
    harness.tell(new UserInternal.LetterKept(harness.letters.getLast().reference()));
    harness.flush();
  }
}
