package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.BOB;
import static parley.session.SessionHarness.ME;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.protocol.ServerFrame.CloseCode;
import parley.user.Delivery;

/** What keeps a session alive, and what ends it: its token, silence, its user entity, a drain. */
class SessionEndTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void authRenewsTheSession() {
    s.live();
    s.pass(Duration.ofSeconds(50));
    s.verdict = CompletableFuture.completedFuture(SessionHarness.accepted(ME, 1_000));
    s.send("{'op':'auth','id':9,'token':'new'}");
    assertThat(s.expect("ok").path("id").asLong()).isEqualTo(9);
    for (int at = 100; at <= 1_050; at += 50) {
      s.pass(Duration.ofSeconds(50));
      s.quiet();
    }
    s.pass(Duration.ofSeconds(10));
    s.expectClosing("unauthenticated");
  }

  @Test
  void authForAnotherUserIsRefused() {
    s.live();
    s.verdict = CompletableFuture.completedFuture(SessionHarness.accepted(BOB, 900));
    s.send("{'op':'auth','id':9,'token':'his'}");
    s.expectError("forbidden");
    s.verdict = CompletableFuture.completedFuture(new Authenticator.Rejected());
    s.send("{'op':'auth','id':9,'token':'bad'}");
    s.expectError("unauthenticated");
    s.quiet();
  }

  @Test
  void onlyFramesFromTheClientKeepTheSessionAlive() {
    s.live();
    s.pass(Duration.ofSeconds(40));
    s.quiet();
    s.pass(Duration.ofSeconds(59));
    s.entries(A, 1, 1);
    s.expect("message");
    s.pass(Duration.ofSeconds(1));
    s.expectClosing("idle");
  }

  @Test
  void aSilentClientIsPingedAndAPongKeepsTheSessionAlive() {
    s.live();
    s.pass(Duration.ofSeconds(15));
    s.quiet();
    s.pass(Duration.ofSeconds(5));
    s.quiet();
    assertThat(s.pings).isZero();
    s.pass(Duration.ofSeconds(20));
    s.session.tell(SessionInternal.SocketSignal.PONG);
    // More than a minute after the last frame.
    s.pass(Duration.ofSeconds(45));
    s.quiet();
    assertThat(s.pings).isPositive();
  }

  @Test
  void theUserCanEndTheSession() {
    s.live();
    s.told(new Delivery.Ended(Delivery.End.REPLACED, Refusal.of(ErrorCode.NOT_FOUND, "")));
    assertThat(s.expectClosing("replaced").path("reconnect").asBoolean()).isFalse();
    s.entries(A, 1, 1);
    s.session.tell(SessionInternal.SocketSignal.GONE);
    s.expectGone();
  }

  @Test
  void aRemovedDevice() {
    s.live();
    s.told(new Delivery.Ended(Delivery.End.REMOVED, Refusal.of(ErrorCode.NOT_FOUND, "")));
    s.expectClosing("removed");
  }

  @Test
  void drainGivesTheSessionASlot() {
    s.live();
    s.session.tell(new Session.Drain(3_000, 5_000, "upgrade"));
    assertThat(s.expect("server_maintenance").path("reconnect_after_ms").asLong()).isEqualTo(3_000);
    s.quiet();
    s.pass(Duration.ofSeconds(3));
    s.expectClosing("going_away");
    s.pass(Duration.ofSeconds(5));
    assertThat(s.socket.receiveMessage()).isEqualTo(ToSocket.CloseNow.CLOSE_NOW);
    s.expectGone();
  }

  @Test
  void closeAtOnce() {
    s.live();
    s.session.tell(new Session.Close(CloseCode.GOING_AWAY, "bye"));
    s.expectClosing("going_away");
  }
}
