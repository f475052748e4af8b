package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.ME;
import static parley.session.SessionHarness.START;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.user.Delivery;
import parley.user.User;

/** The handshake from the first frame to {@code welcome} and {@code synced}, and its failures. */
class SessionHandshakeTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void helloIsAnsweredWithWelcomeAndSynced() {
    s.hello();
    User.Attach attach = s.user.expectMessageClass(User.Attach.class);
    assertThat(attach.userId()).isEqualTo(ME);
    assertThat(attach.deviceId().value()).isEqualTo("phone");
    assertThat(attach.fresh()).isFalse();
    attach.session().tell(new Delivery.Attached(s.entity.ref(), List.of(), 0));
    var welcome = s.expect("welcome");
    assertThat(welcome.path("id").asLong()).isEqualTo(1);
    assertThat(welcome.path("session_id").asText()).isEqualTo("session-1");
    assertThat(welcome.path("window").asInt()).isEqualTo(256);
    assertThat(welcome.path("epoch").asText()).isEqualTo("epoch-1");
    assertThat(s.expect("synced").path("backlog").asLong()).isZero();
  }

  @Test
  void sessionEndsWithoutHello() {
    s.pass(Duration.ofMillis(9_999));
    s.pass(Duration.ofMillis(1));
    assertThat(s.expectClosing("no_hello").path("reconnect").asBoolean()).isFalse();
  }

  @Test
  void helloMustBeFirst() {
    s.send("{'op':'ping','id':3}");
    assertThat(s.expectError("hello_required").path("id").asLong()).isEqualTo(3);
    s.live();
  }

  @Test
  void aSecondHelloIsABadFrame() {
    s.live().hello();
    assertThat(s.expectError("bad_frame").path("id").asLong()).isEqualTo(1);
    s.quiet();
  }

  @Test
  void aBadTokenEndsTheSession() {
    s.verdict = CompletableFuture.completedFuture(new Authenticator.Rejected());
    s.hello();
    assertThat(s.expectError("unauthenticated").path("id").asLong()).isEqualTo(1);
    s.expectClosing("unauthenticated");
  }

  @Test
  void helloIsUnavailableWhenTokensCannotBeChecked() {
    s.verdict = CompletableFuture.failedFuture(new IllegalStateException("down"));
    s.hello();
    s.expectError("unavailable");
    assertThat(s.expectClosing("state_lost").path("retry_after_ms").asLong()).isPositive();
  }

  @Test
  void helloIsUnavailableWhenTheTokenCheckTimesOut() {
    s.verdict = new CompletableFuture<>();
    s.hello();
    s.send("{'op':'ping'}");
    awaitReady(1);
    s.pass(Duration.ofSeconds(10));
    s.expectError("unavailable");
    s.expectClosing("state_lost");
    s.userHeardNoMore();
  }

  @Test
  void helloIsUnavailableWhenTheUserDoesNotAnswer() {
    s.hello();
    s.user.expectMessageClass(User.Attach.class);
    s.pass(Duration.ofSeconds(10));
    s.expectError("unavailable");
    s.expectClosing("state_lost");
  }

  @Test
  void aUserOfAnExternalIssuerIsCreatedBeforeTheAttach() {
    s.verdict =
        CompletableFuture.completedFuture(
            new Authenticator.Accepted(ME, null, START + 900_000, true));
    s.hello();
    assertThat(s.user.expectMessageClass(User.Ensure.class).displayName()).isEqualTo("alice");
    s.attach();
    s.expect("welcome");
  }

  @Test
  void aDisconnectedClientDoesNotAttach() {
    var verdict = new CompletableFuture<Authenticator.Verdict>();
    s.verdict = verdict;
    s.hello();
    s.session.tell(SessionInternal.SocketSignal.GONE);
    s.expectGone();
    verdict.complete(SessionHarness.accepted(ME, 900));
    s.userHeardNoMore();
  }

  @Test
  void oneDeviceTooManyIsForbiddenAndRemoved() {
    refuse(Refusal.of(ErrorCode.FORBIDDEN, "device_id: too many devices"));
    var error = s.expectError("forbidden");
    assertThat(error.path("id").asLong()).isEqualTo(1);
    assertThat(error.path("message").asText()).startsWith("device_id");
    assertThat(s.expectClosing("removed").path("reconnect").asBoolean(true)).isFalse();
  }

  @Test
  void aTemporaryRefusalEndsWithRetryAfter() {
    refuse(Refusal.unavailable("too many sessions of one device at once"));
    s.expectError("unavailable");
    var closing = s.expectClosing("state_lost");
    assertThat(closing.path("reconnect").asBoolean()).isTrue();
    assertThat(closing.path("retry_after_ms").asLong()).isPositive();
  }

  @Test
  void helloOfAMissingUserIsNotFound() {
    refuse(Refusal.of(ErrorCode.NOT_FOUND, "no such user"));
    s.expectError("not_found");
    s.expectClosing("unauthenticated");
  }

  /** The user refuses the session. */
  private void refuse(Refusal refusal) {
    s.hello();
    var attach = s.user.expectMessageClass(User.Attach.class);
    attach.session().tell(new Delivery.Ended(Delivery.End.REFUSED, refusal));
  }

  /** Waits until the session has taken this many frames. */
  private void awaitReady(int count) {
    while (s.ready < count) {
      if (s.socket.receiveMessage() == ToSocket.Ready.READY) {
        s.ready++;
      }
    }
  }
}
