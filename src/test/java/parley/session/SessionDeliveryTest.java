package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.B;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.Refusal;
import parley.user.Delivery;
import parley.user.User;

/**
 * A session reads the entries that its client lacks, and passes on the client's acknowledgements.
 */
class SessionDeliveryTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void theBacklogIsRead() {
    s.live(new Delivery.Lag(A, 2, 5));
    var ask = s.page(A, 3, 5);
    assertThat(ask.replay()).isTrue();
    assertThat(ask.after()).isEqualTo(2);
    for (int i = 3; i <= 5; i++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(i);
    }
    assertThat(s.expect("synced").path("backlog").asLong()).isEqualTo(3);
  }

  @Test
  void aMissingPageIsRequestedAgain() {
    s.live(new Delivery.Lag(A, 2, 3));
    s.conversation(A).expectMessageClass(Conversation.GetPage.class);
    s.pass(Duration.ofSeconds(15));
    s.quiet();
    s.pass(Duration.ofMillis(500));
    s.conversation(A)
        .expectMessageClass(Conversation.GetPage.class)
        .replyTo()
        .tell(new Conversation.Refused(Refusal.unavailable("slow")));
    s.quiet();
    s.pass(Duration.ofMillis(500));
    s.quiet();
    s.pass(Duration.ofMillis(500));
    s.page(A, 3, 3);
    s.expect("message");
    s.expect("synced");
  }

  @Test
  void entriesThatNoLongerExistAreAnnouncedAsAGap() {
    s.live(new Delivery.Lag(A, 2, 3));
    s.conversation(A)
        .expectMessageClass(Conversation.GetPage.class)
        .replyTo()
        .tell(new Conversation.Refused(Refusal.notFound()));
    assertThat(s.expect("gap").path("to_seq").asLong()).isEqualTo(3);
    s.expect("synced");
  }

  @Test
  void missingEntriesAreReadFromTheConversation() {
    s.live();
    s.entries(A, 1, 1);
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.quiet();
    s.entries(A, 4, 4);
    assertThat(s.page(A, 2, 4).after()).isEqualTo(1);
    for (long seq = 2; seq <= 4; seq++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(seq);
    }
    s.quiet();
  }

  @Test
  void acknowledgementsAreSentInBatches() {
    s.live();
    s.entries(A, 1, 3);
    s.entries(B, 7, 7);
    for (int i = 0; i < 4; i++) {
      s.expect("message");
    }
    s.send("{'op':'ack','conversation_id':'conv-a','seq':2}");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':3}");
    s.send("{'op':'ack','conversation_id':'conv-b','seq':7}");
    s.send("{'op':'ack','conversation_id':'nobody','seq':7}");
    // A bad frame is answered at once. A ping would first pass the acknowledgements on.
    s.send("{'op':'nonsense'}");
    s.expectError("bad_frame");
    s.userHeardNoMore();
    s.pass(Duration.ofMillis(25));
    var acked = s.user.expectMessageClass(User.Acked.class);
    assertThat(acked.acks()).containsExactly(new User.Ack(A, 3, 3), new User.Ack(B, 7, 7));
  }

  @Test
  void pendingAcknowledgementsAreSentWhenTheSocketEnds() {
    s.live();
    s.entries(A, 1, 1);
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.session.tell(SessionInternal.SocketSignal.GONE);
    assertThat(s.user.expectMessageClass(User.Acked.class).sessionId()).isEqualTo("session-1");
  }
}
