package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserPushHarness.SOON;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserFixtures.Mail;
import parley.user.UserPush.Need;

/** An operator has a dead letter pushed again, if it is still needed and there is room. */
class PushAgainTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void deadLetterIsPushedAgain() {
    push.away(PHONE);
    spent();
    push.mail(Mail.of(GROUP, 1, 1));
    rig.pass(SOON);
    rig.remind();
    rig.answer(DELIVERED);
    assertThat(again(2, true)).isEqualTo(Need.WAITS);
    assertThat(rig.sends).isEmpty();
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
    assertThat(rig.sends).hasSize(1);
    assertThat(again(2, false)).isEqualTo(Need.WAITS);
    assertThat(rig.sends).hasSize(1);
    rig.crash();
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(2);
  }

  @Test
  void refusedReplayLeavesNothingPending() {
    push.away(PHONE);
    spent();
    push.mail(Mail.of(GROUP, 1, 1));
    TestProbe<UserPush.Answer> waiting = rig.kit.createTestProbe();
    for (int i = 0; i < PushSender.MAX_WAITING_CALLS; i++) {
      rig.tell(new UserPush.Again(GROUP, PHONE, 1, false, waiting.getRef()));
    }
    assertThat(again(2, false)).isEqualTo(Need.FULL);
    assertThat(rig.durable().outbox().all()).extracting(PendingPush::id).containsExactly(GROUP);
    waiting.expectNoMessage(Duration.ZERO);
    rig.pass(SOON);
    rig.remind();
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
    rig.attach(PHONE, "s2", false);
    push.ack(PHONE, "s2", CHAT, 2);
    assertThat(again(2, false)).isEqualTo(Need.FETCHED);
    push.mail(Mail.none(CHAT, 3).read(2, 0));
    assertThat(again(2, false)).isEqualTo(Need.READ);
    push.token(PHONE, null);
    assertThat(again(2, false)).isEqualTo(Need.NO_TOKEN);
    assertThat(rig.sends).isEmpty();
  }

  private Need again(long seq, boolean dry) {
    return rig.<UserPush.Answer>ask(to -> new UserPush.Again(CHAT, PHONE, seq, dry, to)).need();
  }

  /** A push becomes a dead letter, and that is kept. */
  private void spent() {
    push.mail(Mail.of(CHAT, 1, 2));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    rig.tell(new UserInternal.LetterKept(rig.letters.getLast().reference()));
    rig.flush();
  }
}
