package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserTestData.Mail;

/** A push that waits for its next attempt ends when no device needs it any more. */
class UnneededPushTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void conversationMutedBetweenAttemptsIsNotPushed() {
    push.failedOnce();
    harness.ask((ActorRef<User.DoneReply> to) -> new User.SetRowFlags(CHAT, true, null, null, to));
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
    harness.answer(new PushOutcome.Refused("BadTopic"));
    nothingMore();
  }

  @Test
  void deviceReturningBetweenAttemptsGetsNoPush() {
    push.failedOnce();
    TestProbe<Delivery> session = harness.attach(PHONE, "s2", false);
    harness.pass(PATIENCE.minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    push.ack(PHONE, "s2", CHAT, 1);
    harness.end(session, PHONE);
    harness.flush();
    nothingMore();
  }

  @Test
  void tokenMovedBetweenAttemptsIsNotPushedTo() {
    push.failedOnce();
    TestProbe<Delivery> session = harness.attach(LAPTOP, "s1", false);
    push.token(LAPTOP, "token of phone");
    harness.end(session, LAPTOP);
    harness.flush();
    // The laptop was connected when it took the token, so it knows of the entry.
    // It is pushed to for the next one.
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
    push.mail(Mail.of(CHAT, 2, 2));
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(1);
    assertThat(push.sent().token()).isEqualTo("token of phone");
    // The answer to the phone's old push does not count for the laptop's token.
    harness.answer(DELIVERED);
    nothingMore();
  }

  /** Checks that nothing is pushed from now on, nor after a crash. */
  private void nothingMore() {
    harness.pass(Duration.ofDays(1));
    harness.flush();
    assertThat(harness.sends).isEmpty();
    assertThat(harness.letters).isEmpty();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
    harness.crash();
    harness.pass(Duration.ofDays(1));
    assertThat(harness.sends).isEmpty();
  }
}
