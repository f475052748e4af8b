package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.user.Delivery;
import parley.user.User;

/** A session whose user entity has died attaches to the next one, and goes on where it was. */
class LostUserTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void sessionFindsALostUserAgainWithoutLosingOrDoublingEntries() {
    s.live();
    s.entries(A, 1, 3);
    for (long seq = 1; seq <= 3; seq++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(seq);
    }
    s.send("{'op':'ack','conversation_id':'conv-a','seq':2}");
    s.pass(Duration.ofMillis(25));
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactly(new User.Ack(A, 2, 2));
    s.entity.stop();
    User.Attach again = s.user.expectMessageClass(User.Attach.class);
    assertThat(again.resume()).isTrue();
    assertThat(again.fresh()).isFalse();
    assertThat(again.sessionId()).isEqualTo("session-1");

    // No user entity receives an acknowledgement now. The session attaches again, because an attach
    // may be lost.
    s.send("{'op':'ack','conversation_id':'conv-a','seq':3}");
    s.quiet();
    s.pass(Duration.ofSeconds(2));
    s.user.expectMessageClass(User.Attach.class);

    // The user entity died before its journal had any acknowledgement. No session was sent 4 and 5.
    s.told(new Delivery.Attached(s.kit.<User.Command>createTestProbe().ref(), lags(0, 5), 0));
    var asked = s.page(A, 4, 5);
    assertThat(asked.after()).isEqualTo(3);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(4);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(5);
    s.pass(Duration.ofMillis(25));
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactly(new User.Ack(A, 3, 3));
    s.quiet();
  }

  @Test
  void sessionRepeatsAcknowledgementsToAUserThatForgotThem() {
    s.live();
    s.entries(A, 1, 1);
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.pass(Duration.ofMillis(25));
    s.user.expectMessageClass(User.Acked.class);
    s.entity.stop();
    s.user.expectMessageClass(User.Attach.class);
    s.told(new Delivery.Attached(s.kit.<User.Command>createTestProbe().ref(), lags(0, 1), 0));
    s.pass(Duration.ofMillis(25));
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactly(new User.Ack(A, 1, 1));
    // The conversation delivers everything to the new user entity again.
    s.entries(A, 1, 1);
    s.quiet();
  }

  @Test
  void sessionEndsWithStateLostWhenTheUserIsMissingForAMinute() {
    s.live();
    s.entity.stop();
    s.user.expectMessageClass(User.Attach.class);
    for (int i = 0; i < 30; i++) {
      s.pass(Duration.ofSeconds(2));
      s.user.expectMessageClass(User.Attach.class);
      // The client stays connected all the time.
      s.quiet();
    }
    s.pass(Duration.ofSeconds(2));
    assertThat(s.expectClosing("state_lost").path("reconnect").asBoolean()).isTrue();
  }

  private static List<Delivery.Lag> lags(long acked, long head) {
    return List.of(new Delivery.Lag(A, acked, head));
  }
}
