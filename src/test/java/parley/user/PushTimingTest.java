package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.GROUP;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.MOMENT;
import static parley.user.UserPushHarness.PATIENCE;

import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.Notification;
import parley.push.Platform;
import parley.user.UserFixtures.Mail;

/** Who is pushed to at once, and who after how long. */
class PushTimingTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void withoutConnectedDevicesThePushFollowsTheFlush() {
    push.away(PHONE);
    rig.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(rig.sends).isEmpty();
    rig.flush();
    assertThat(rig.sends).hasSize(1);
    assertThat(push.sent())
        .isEqualTo(new Notification(Platform.APNS, "token of phone", CHAT, 2, 2, true));
  }

  @Test
  void withAnotherConnectedDeviceThePushWaitsAFewSeconds() {
    push.away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    push.ack(LAPTOP, "s1", CHAT, 1);
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    assertThat(push.sent().token()).isEqualTo("token of phone");
  }

  @Test
  void returningDeviceGetsNoPush() {
    push.away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 2));
    rig.pass(PATIENCE.minus(MOMENT));
    rig.attach(PHONE, "s2", false);
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    push.ack(PHONE, "s2", CHAT, 2);
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
    rig.flush();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void silentConnectedDeviceIsPushedTo() {
    push.away(PHONE);
    rig.attach(PHONE, "s2", false);
    rig.pass(PATIENCE);
    push.mail(Mail.of(CHAT, 1, 2));
    rig.pass(PATIENCE.minus(MOMENT));
    assertThat(rig.sends).isEmpty();
    rig.pass(MOMENT);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void fetchingDeviceIsNotPushedTo() {
    push.away(PHONE);
    rig.attach(PHONE, "s2", false);
    push.mail(Mail.of(CHAT, 1, 9));
    for (int seq = 1; seq <= 8; seq++) {
      push.ack(PHONE, "s2", CHAT, seq);
      rig.pass(PATIENCE.minus(MOMENT));
      assertThat(rig.sends).isEmpty();
    }
    rig.pass(PATIENCE);
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void furtherMessagesUpdateThePendingPush() {
    push.away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.pass(Duration.ofSeconds(4));
    push.mail(Mail.of(CHAT, 2, 3));
    rig.pass(Duration.ofSeconds(1));
    assertThat(rig.sends).hasSize(1);
    assertThat(push.sent().seq()).isEqualTo(3);
  }

  @Test
  void nextPushOfAConversationWaits() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    push.mail(Mail.of(CHAT, 2, 2));
    push.mail(Mail.of(GROUP, 1, 1));
    assertThat(rig.sends).hasSize(1);
    assertThat(push.sent().conversationId()).isEqualTo(GROUP);
    rig.pass(Duration.ofSeconds(30).minus(MOMENT));
    push.mail(Mail.of(CHAT, 3, 3));
    assertThat(rig.sends).hasSize(1);
    rig.pass(MOMENT);
    assertThat(push.sent())
        .extracting(Notification::conversationId, Notification::seq)
        .containsExactly(CHAT, 3L);
  }

  @Test
  void deviceThatFetchedItsPushIsPushedToAtOnce() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(DELIVERED);
    TestProbe<Delivery> session = rig.attach(PHONE, "s2", false);
    push.ack(PHONE, "s2", CHAT, 1);
    rig.end(session, PHONE);
    rig.flush();
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void entryDuringAPushInFlightIsPushedLater() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    push.mail(Mail.of(CHAT, 2, 2));
    assertThat(rig.sends).hasSize(1);
    rig.answer(DELIVERED);
    assertThat(rig.sends).isEmpty();
    rig.pass(Duration.ofSeconds(30));
    assertThat(push.sent().seq()).isEqualTo(2);
  }
}
