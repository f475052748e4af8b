package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.LAPTOP;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.PATIENCE;

import java.time.Duration;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserFixtures.Mail;

/** How a device loses its push token: to the provider, to another device, or with itself. */
class TokenLossTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void tokenReportedGoneIsRemoved() {
    push.away(PHONE);
    long registered = rig.clock.millis();
    rig.clock.advance(1_000);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Gone(registered + 1, "Unregistered"));
    assertThat(device().pushToken()).isNull();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    push.mail(Mail.of(CHAT, 2, 2));
    rig.pass(Duration.ofDays(1));
    assertThat(rig.sends).isEmpty();
  }

  @Test
  void tokenRegisteredAfterTheReportIsKept() {
    push.away(PHONE);
    long registered = rig.clock.millis();
    push.mail(Mail.of(CHAT, 1, 1));
    rig.answer(new PushOutcome.Gone(registered - 1, "Unregistered"));
    assertThat(device().pushToken()).isEqualTo("token of phone");
    rig.pass(Duration.ofSeconds(4));
    assertThat(rig.sends).hasSize(1);
  }

  @Test
  void tokenRegisteredAgainDuringTheReportIsKept() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.clock.advance(10);
    push.token(PHONE, "token of phone");
    rig.answer(new PushOutcome.Gone(0, "UNREGISTERED"));
    assertThat(device().pushToken()).isEqualTo("token of phone");
  }

  @Test
  void pushToAReplacedTokenGoesToTheNewOne() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    push.token(PHONE, "another");
    rig.answer(new PushOutcome.Gone(Long.MAX_VALUE, "Unregistered"));
    assertThat(device().pushToken()).isEqualTo("another");
    assertThat(push.sent().token()).isEqualTo("another");
  }

  @Test
  void tokenBelongsToOneDevice() {
    push.away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    push.token(LAPTOP, "token of phone");
    assertThat(device().pushToken()).isNull();
    rig.crash();
    assertThat(device().pushToken()).isNull();
  }

  @Test
  void removedDeviceHasNoPendingPush() {
    push.away(PHONE);
    rig.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    rig.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(PHONE, to));
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
    rig.pass(PATIENCE);
    assertThat(rig.sends).isEmpty();
  }

  private Device device() {
    return Objects.requireNonNull(rig.durable().devices().get(PHONE));
  }
}
