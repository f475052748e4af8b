package parley.push;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;

/** A push that is switched off waits: it is no failed attempt, so it makes no dead letter soon. */
class SwitchedOffTest {
  @Test
  void itIsAnsweredWithoutAVerdict() {
    TestInbox<PushService.Sent> user = TestInbox.create();
    PushService.switchedOff(
        new PushService.Send(
            new Notification(Platform.FCM, "token", new ConversationId("c_1"), 7, 1, true),
            42,
            user.getRef()));
    PushService.Sent sent = user.receiveMessage();
    assertThat(sent.reference()).isEqualTo(42);
    assertThat(sent.outcome())
        .isInstanceOfSatisfying(
            PushOutcome.Retry.class,
            retry -> {
              assertThat(retry.withoutVerdict()).isTrue();
              assertThat(retry.reason()).isEqualTo("switched_off");
            });
    assertThat(new PushOutcome.Retry(null, "http_500").withoutVerdict()).isFalse();
  }
}
