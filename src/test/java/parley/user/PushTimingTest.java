package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.Notification;
import parley.push.Platform;
import parley.user.UserTestData.Mail;

/** Which devices are pushed to at once, and which after a wait. */
class PushTimingTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void withoutConnectedDevicesThePushFollowsTheFlush() {
    push.away(PHONE);
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(harness.sends).isEmpty();
    harness.flush();
    assertThat(harness.sends).hasSize(1);
    assertThat(push.sent())
        .isEqualTo(new Notification(Platform.APNS, "token of phone", CHAT, 2, 2, true));
  }

  @Test
  void withAnotherConnectedDeviceThePushWaitsAFewSeconds() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    push.ack(LAPTOP, "s1", CHAT, 1);
    harness.pass(PATIENCE.minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    harness.pass(MOMENT);
    assertThat(push.sent().token()).isEqualTo("token of phone");
  }

  @Test
  void returningDeviceGetsNoPush() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 2));
    harness.pass(PATIENCE.minus(MOMENT));
    harness.attach(PHONE, "s2", false);
    harness.pass(PATIENCE.minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    push.ack(PHONE, "s2", CHAT, 2);
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
    harness.flush();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void silentConnectedDeviceIsPushedTo() {
    push.away(PHONE);
    harness.attach(PHONE, "s2", false);
    harness.pass(PATIENCE);
    push.mail(Mail.of(CHAT, 1, 2));
    harness.pass(PATIENCE.minus(MOMENT));
    assertThat(harness.sends).isEmpty();
    harness.pass(MOMENT);
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void fetchingDeviceIsNotPushedTo() {
    push.away(PHONE);
    harness.attach(PHONE, "s2", false);
    push.mail(Mail.of(CHAT, 1, 9));
    for (int seq = 1; seq <= 8; seq++) {
      push.ack(PHONE, "s2", CHAT, seq);
      harness.pass(PATIENCE.minus(MOMENT));
      assertThat(harness.sends).isEmpty();
    }
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void furtherMessagesUpdateThePendingPush() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.pass(Duration.ofSeconds(4));
    push.mail(Mail.of(CHAT, 2, 3));
    harness.pass(Duration.ofSeconds(1));
    assertThat(harness.sends).hasSize(1);
    assertThat(push.sent().seq()).isEqualTo(3);
  }

  @Test
  void nextPushOfAConversationWaits() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(DELIVERED);
    push.mail(Mail.of(CHAT, 2, 2));
    push.mail(Mail.of(GROUP, 1, 1));
    assertThat(harness.sends).hasSize(1);
    assertThat(push.sent().conversationId()).isEqualTo(GROUP);
    harness.pass(Duration.ofSeconds(30).minus(MOMENT));
    push.mail(Mail.of(CHAT, 3, 3));
    assertThat(harness.sends).hasSize(1);
    harness.pass(MOMENT);
    assertThat(push.sent())
        .extracting(Notification::conversationId, Notification::seq)
        .containsExactly(CHAT, 3L);
  }

  @Test
  void deviceThatFetchedItsPushIsPushedToAtOnce() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(DELIVERED);
    TestProbe<Delivery> session = harness.attach(PHONE, "s2", false);
    push.ack(PHONE, "s2", CHAT, 1);
    harness.end(session, PHONE);
    harness.flush();
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void entryDuringAPushInFlightIsPushedLater() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(harness.sends).hasSize(1);
    harness.answer(DELIVERED);
    assertThat(harness.sends).isEmpty();
    harness.pass(Duration.ofSeconds(30));
    assertThat(push.sent().seq()).isEqualTo(2);
  }

  /** The conversation still has the entry, and delivers it again after a crash. */
  @Test
  void pushThatIsAcknowledgedInTimeIsNeverWritten() {
    push.restartWithWaitingChanges();
    push.away(PHONE);
    harness.attach(PHONE, "s2", false);
    push.mail(Mail.of(CHAT, 1, 1));
    push.ack(PHONE, "s2", CHAT, 1);
    harness.flush();
    harness.conversations.clear();
    int events = harness.journal().size();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(push.held())
        .as("a conversation that repeats wakes the user")
        .containsExactly(new User.Holding(UserTestData.ALICE, 2, 2, true));
    harness.conversations.clear();
    push.ack(PHONE, "s2", CHAT, 2);
    assertThat(push.held()).containsExactly(new User.Holding(UserTestData.ALICE, 2, 2, false));
    harness.pass(PATIENCE);
    assertThat(harness.journal()).hasSize(events);
    assertThat(harness.sends).isEmpty();
  }

  @Test
  void pushIsWrittenJustBeforeItIsDueAndThenSent() {
    push.restartWithWaitingChanges();
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    push.ack(LAPTOP, "s1", CHAT, 1);
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(harness.durable().outbox().all()).extracting(PendingPush::seq).containsExactly(1L);
    harness.pass(PATIENCE);
    harness.flush();
    assertThat(push.sent().seq()).isEqualTo(2);
  }

  /** A device that was connected before a crash may be about to come back. */
  @Test
  void silentDeviceIsWaitedForAfterACrash() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    harness.flush();
    harness.clock.advance(Duration.ofHours(3).toMillis());
    harness.crash();
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(harness.sends).isEmpty();
    harness.pass(PATIENCE);
    assertThat(harness.sends).hasSize(1);
  }

  /** Its session ended with the login. */
  @Test
  void deviceThatWasLoggedOutIsNotWaitedFor() {
    push.away(PHONE);
    TestProbe<Delivery> laptop = harness.probe();
    harness.tell(
        new User.Attach(
            UserTestData.ALICE, LAPTOP, "test", "s1", false, false, laptop.getRef(), "login"));
    harness.flush();
    harness.ask((ActorRef<User.DoneReply> to) -> new User.EndLogin("login", to));
    harness.flush();
    harness.clock.advance(Duration.ofHours(3).toMillis());
    harness.restart();
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(harness.sends).hasSize(1);
  }

  /** Its node died with it. */
  @Test
  void deviceThatDoesNotComeBackIsNotedAsGone() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    harness.flush();
    harness.crash();
    harness.clock.advance(Duration.ofHours(3).toMillis());
    harness.flush();
    harness.crash();
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void deviceThatWasGoneIsNotWaitedForAfterACrash() {
    push.away(PHONE);
    harness.clock.advance(Duration.ofHours(3).toMillis());
    harness.crash();
    push.mail(Mail.of(CHAT, 1, 1));
    assertThat(harness.sends).hasSize(1);
  }
}
