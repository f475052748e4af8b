package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.PATIENCE;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.LAPTOP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.push.PushOutcome;
import parley.user.UserTestData.Mail;

/** How a device loses its push token: to the provider, to another device, or with itself. */
class TokenLossTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void tokenReportedGoneIsRemoved() {
    push.away(PHONE);
    long registered = harness.clock.millis();
    harness.clock.advance(1_000);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Gone(registered + 1, "Unregistered"));
    assertThat(device().pushToken()).isNull();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
    push.mail(Mail.of(CHAT, 2, 2));
    harness.pass(Duration.ofDays(1));
    assertThat(harness.sends).isEmpty();
  }

  @Test
  void tokenRegisteredAfterTheReportIsKept() {
    push.away(PHONE);
    long registered = harness.clock.millis();
    push.mail(Mail.of(CHAT, 1, 1));
    harness.answer(new PushOutcome.Gone(registered - 1, "Unregistered"));
    assertThat(device().pushToken()).isEqualTo("token of phone");
    harness.pass(Duration.ofSeconds(4));
    assertThat(harness.sends).hasSize(1);
  }

  @Test
  void tokenRegisteredAgainDuringTheReportIsKept() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.clock.advance(10);
    push.token(PHONE, "token of phone");
    harness.answer(new PushOutcome.Gone(0, "UNREGISTERED"));
    assertThat(device().pushToken()).isEqualTo("token of phone");
  }

  @Test
  void pushToAReplacedTokenGoesToTheNewOne() {
    push.away(PHONE);
    push.mail(Mail.of(CHAT, 1, 1));
    push.token(PHONE, "another");
    harness.answer(new PushOutcome.Gone(Long.MAX_VALUE, "Unregistered"));
    assertThat(device().pushToken()).isEqualTo("another");
    assertThat(push.sent().token()).isEqualTo("another");
  }

  @Test
  void tokenBelongsToOneDevice() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.token(LAPTOP, "token of phone");
    assertThat(device().pushToken()).isNull();
    harness.crash();
    assertThat(device().pushToken()).isNull();
  }

  @Test
  void removedDeviceHasNoPendingPush() {
    push.away(PHONE);
    harness.attach(LAPTOP, "s1", false);
    push.mail(Mail.of(CHAT, 1, 1));
    harness.ask((ActorRef<User.DoneReply> to) -> new User.RemoveDevice(PHONE, to));
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
    harness.pass(PATIENCE);
    assertThat(harness.sends).isEmpty();
  }

  private Device device() {
    return Objects.requireNonNull(harness.durable().devices().get(PHONE));
  }
}
