package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.user.Delivery;
import parley.user.User;

/**
 * A live session gets a token of another login. Either the user and the session both hold the
 * session under one login, or the session ends. Otherwise the end of a login could leave one of its
 * sockets open.
 */
class LoginChangeTest {
  private static final Duration ANSWER = SessionSettings.standard().answerTimeout();
  private static final Duration RESUME = SessionSettings.standard().resumeEvery();

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private SessionHarness s;

  @BeforeEach
  void live() {
    s = new SessionHarness(kit, 0);
    s.login("a");
    s.live();
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void auth(String sid) {
    s.login(sid);
    s.send("{'op':'auth','id':9,'token':'of another login'}");
    attach(sid);
  }

  private void attach(@Nullable String sid) {
    User.Attach attach = s.user.expectMessageClass(User.Attach.class);
    assertThat(attach.resume()).isTrue();
    assertThat(attach.sid()).isEqualTo(sid);
  }

  private void attached(@Nullable String sid) {
    ActorRef<User.Command> user = kit.<User.Command>createTestProbe().ref();
    s.told(new Delivery.Attached(user, List.of(), 0, sid));
  }

  private void removed() {
    Refusal ended = Refusal.of(ErrorCode.FORBIDDEN, "this login has ended");
    s.told(new Delivery.Ended(Delivery.End.REMOVED, ended));
  }

  private void ok() {
    assertThat(s.expect("ok").path("id").asLong()).isEqualTo(9);
  }

  @Test
  void authIsAnsweredAfterTheUserKnowsTheNewLogin() {
    auth("b");
    s.quiet();
    attached("b");
    ok();
    s.told(new Delivery.Ended(Delivery.End.LOST, Refusal.unavailable("this session is not known")));
    attach("b");
  }

  @Test
  void aLoginChangeThatTakesTooLongEndsTheSession() {
    auth("b");
    s.pass(ANSWER);
    assertThat(s.expectError("unavailable").path("id").asLong()).isEqualTo(9);
    assertThat(s.expectClosing("state_lost").path("reconnect").asBoolean()).isTrue();
  }

  @Test
  void aLateAnswerToAnEarlierAttachDoesNotConfirmTheLoginChange() {
    s.entity.stop();
    attach("a");
    auth("b");
    attached("a");
    s.quiet();
    // Nor does the session stop attaching: the attach may have been lost.
    s.pass(RESUME);
    attach("b");
    attached("b");
    ok();
    s.userHeardNoMore();
  }

  @Test
  void theEndOfTheOldLoginDuringTheChangeEndsTheSession() {
    auth("b");
    // The old login ends before the user has received the new one.
    removed();
    s.expectError("unauthenticated");
    attach("a");
    attached("b");
    // Whatever the user held before the last attach arrived, the session asks until the user has
    // decided about that attach.
    s.pass(RESUME);
    attach("a");
    removed();
    s.expectClosing("removed");
  }

  @Test
  void anAnswerWithAnotherLoginMakesTheSessionAttachAgain() {
    attached("b");
    attach("a");
    attached("a");
    s.pass(RESUME);
    s.userHeardNoMore();
  }

  @Test
  void anAnswerWithoutALoginFromAnEarlierVersionIsAcceptedIfNoLoginChanges() {
    s.entity.stop();
    attach("a");
    attached(null);
    s.pass(RESUME);
    s.userHeardNoMore();
  }

  @Test
  void aTokenWithoutALoginAlsoChangesTheLogin() {
    s.verdict = CompletableFuture.completedFuture(SessionHarness.accepted(SessionHarness.ME, 900));
    s.send("{'op':'auth','id':9,'token':'of no login'}");
    attach(null);
    attached(null);
    ok();
  }
}
