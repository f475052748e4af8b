package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserPushHarness.PATIENCE;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserFixtures.Mail;

/** A push that waits to be tried again ends when nobody needs it any more. */
class UnneededPushTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void conversationMutedBetweenAttemptsIsNotPushed() {
    push.failedOnce();
    rig.ask((ActorRef<User.DoneReply> to) -> new User.SetRowFlags(CHAT, true, null, null, to));
    nothingMore();
  }

  @Test
  void conversationReadBetweenAttemptsIsNotPushed() {
    push.failedOnce();
    push.mail(Mail.none(CHAT, 2).read(1, 0));
    nothingMore();
  }

  @Test
  void conversationReadDuringAPushIsNotRetried() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    push.mail(Mail.none(CHAT, 2).read(1, 0));
    rig.answer(new PushOutcome.Refused("BadTopic"));
    nothingMore();
  }

  @Test
  void deviceReturningBetweenAttemptsGetsNoPush() {
    push.failedOnce();
    TestProbe<Delivery> session = rig.attach(PHONE, "s2", false);
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    push.ack(PHONE, "s2", CHAT, 1);
    rig.end(session, PHONE);
    rig.flush();
    nothingMore();
  }

  @Test
  void tokenMovedBetweenAttemptsIsNotPushedTo() {
    push.failedOnce();
    TestProbe<Delivery> session = rig.attach(LAPTOP, "s1", false);
    push.token(LAPTOP, "token of phone");
    rig.end(session, LAPTOP);
    rig.flush();
    // The laptop was connected when it took the token, so it knows of the entry.
    // It is pushed to for the next one.
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    push.mail(Mail.of(CHAT, 2, 2));
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
    assertThat(push.sent().token()).isEqualTo("token of phone");
    // The answer to the phone's old push does not count for the laptop's token.
    rig.answer(DELIVERED);
    nothingMore();
  }

  /** Nothing is pushed from now on, nor after a crash. */
  private void nothingMore() {
    rig.pass(Duration.ofDays(1));
    rig.flush();
    assertThat(rig.sends).isEmpty();
    assertThat(rig.letters).isEmpty();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.crash();
    rig.pass(Duration.ofDays(1));
    assertThat(rig.sends).isEmpty();
  }
}
