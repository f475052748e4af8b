package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.B;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Refusal;
import parley.user.Delivery;
import parley.user.User;

/** Messages between a session and its user entity are lost. */
class UserMessageLossTest {
  private static final Duration CHECK = SessionSettings.standard().checkEvery();
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  private void numbered(long nr, ConversationId id, long seq) {
    s.told(new Delivery.Numbered(nr, new Delivery.Entries(id, SessionHarness.entries(seq, seq))));
  }

  private void check() {
    int before = s.checks.get();
    s.pass(CHECK);
    Awaitility.await().until(() -> s.checks.get() > before);
    s.quiet();
  }

  @Test
  void aMissingEntryIsFetchedBeforeLaterOnesAreSent() {
    s.live();
    numbered(1, A, 1);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(1);
    numbered(3, A, 3);
    var again = s.user.expectMessageClass(User.Attach.class);
    assertThat(again.resume()).isTrue();
    // Messages that still carry the old numbers do not belong to this attachment.
    numbered(4, A, 4);
    s.attachIn(again, List.of(new Delivery.Lag(A, 0, 4)), List.of());
    assertThat(s.page(A, 2, 4).after()).isEqualTo(1);
    for (long seq = 2; seq <= 4; seq++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(seq);
    }
    s.quiet();
  }

  @Test
  void aPeriodicCheckFindsTheLossOfTheLastEntry() {
    s.live();
    numbered(1, A, 1);
    s.expect("message");
    s.checked = new Delivery.Checked(1, true);
    check();
    s.checked = new Delivery.Checked(2, true);
    s.pass(CHECK);
    assertThat(s.user.expectMessageClass(User.Attach.class).resume()).isTrue();
  }

  @Test
  void lostAcknowledgementsAreSentAgain() {
    s.live();
    s.entries(A, 1, 3);
    s.entries(B, 1, 1);
    for (int i = 0; i < 4; i++) {
      s.expect("message");
    }
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.quiet();
    s.user.expectMessageClass(User.Acked.class);
    s.send("{'op':'ack','conversation_id':'conv-a','seq':3}");
    s.send("{'op':'ack','conversation_id':'conv-b','seq':1}");
    s.quiet();
    s.user.expectMessageClass(User.Acked.class);
    s.checked = new Delivery.Checked(0, false);
    check();
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactlyInAnyOrder(new User.Ack(A, 3, 3), new User.Ack(B, 1, 1));
    s.checked = new Delivery.Checked(0, true);
    check();
    s.checked = new Delivery.Checked(0, false);
    check();
    s.userHeardNoMore();
  }

  @Test
  void theSessionAttachesAgainWhenTheUserStopsAnswering() {
    s.live();
    s.checked = null;
    for (int i = 0; i < UserLossCheck.MAX_UNANSWERED_CHECKS; i++) {
      check();
    }
    s.pass(CHECK);
    assertThat(s.user.expectMessageClass(User.Attach.class).resume()).isTrue();
  }

  @Test
  void theSessionAttachesAgainToAUserThatForgotIt() {
    s.live();
    s.told(new Delivery.Ended(Delivery.End.LOST, Refusal.unavailable("unknown")));
    assertThat(s.user.expectMessageClass(User.Attach.class).resume()).isTrue();
  }

  @Test
  void aLongBacklogComesInParts() {
    s.hello();
    var attach = s.user.expectMessageClass(User.Attach.class);
    s.attachIn(
        attach, List.of(new Delivery.Lag(A, 0, 1)), List.of(List.of(new Delivery.Lag(B, 0, 1))));
    s.expect("welcome");
    s.page(A, 1, 1);
    s.page(B, 1, 1);
    s.expect("message");
    s.expect("message");
    assertThat(s.expect("synced").path("backlog").asLong()).isEqualTo(2);
  }

  @Test
  void anIncompleteBacklogIsNotUsed() {
    s.hello();
    var attach = s.user.expectMessageClass(User.Attach.class);
    attach
        .session()
        .tell(new Delivery.Attached(s.entity.ref(), List.of(new Delivery.Lag(A, 0, 1)), 2));
    attach.session().tell(new Delivery.MoreLagging(List.of(new Delivery.Lag(B, 0, 1))));
    attach
        .session()
        .tell(new Delivery.Numbered(1, new Delivery.Entries(A, SessionHarness.entries(2, 2))));
    var again = s.user.expectMessageClass(User.Attach.class);
    s.attachIn(again, List.of(new Delivery.Lag(A, 1, 2)), List.of());
    s.expect("welcome");
    assertThat(s.page(A, 2, 2).after()).isEqualTo(1);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
  }

  @Test
  void numberingRestartsAfterAnotherAttach() {
    s.live();
    numbered(1, A, 1);
    s.expect("message");
    s.told(new Delivery.Ended(Delivery.End.LOST, Refusal.unavailable("unknown")));
    var again = s.user.expectMessageClass(User.Attach.class);
    s.attachIn(again, List.of(), List.of());
    numbered(1, A, 2);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
  }
}
