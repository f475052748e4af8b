package parley.session;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.B;
import static parley.session.SessionHarness.BOB;
import static parley.session.SessionHarness.ME;
import static parley.session.SessionHarness.START;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Refusal;
import parley.user.Delivery;

/** Each {@code send} of a client gets one answer, and its entry is not sent as a message too. */
class SessionSendTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void sendIsAnsweredWithItsId() {
    s.live();
    var post = post(A, "c1", 5);
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    var sent = s.expect("sent");
    assertThat(sent.path("id").asLong()).isEqualTo(5);
    assertThat(sent.path("seq").asLong()).isEqualTo(1);
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.quiet();
  }

  @Test
  void aRefusedSendIsAnsweredWithAnError() {
    s.live();
    post(A, "c1", 5).replyTo().tell(new Conversation.PostRefused("c1", Refusal.notFound()));
    assertThat(s.expectError("not_found").path("id").asLong()).isEqualTo(5);
  }

  @Test
  void sendToAUserOpensTheConversation() {
    s.live();
    s.send("{'op':'send','id':5,'to':'bob','client_msg_id':'c','type':'text','content':'x'}");
    var id = ConversationId.direct(ME, BOB);
    assertThat(s.conversation(id).expectMessageClass(Conversation.Post.class).openWith())
        .isEqualTo(BOB);
    s.send("{'op':'send','id':6,'to':'alice','client_msg_id':'c','type':'text','content':'x'}");
    assertThat(s.expectError("bad_frame").path("message").asText()).startsWith("to ");
  }

  @Test
  void aSendWithoutAnAnswerFromTheConversationIsUnavailable() {
    s.live();
    var post = post(A, "c1", 5);
    s.pass(Duration.ofSeconds(15));
    assertThat(s.expectError("unavailable").path("retryable").asBoolean()).isTrue();
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    assertThat(s.expect("message").path("client_msg_id").asText()).isEqualTo("c1");
  }

  @Test
  void aWriteWithoutAnAnswerIsRepeatedOnce() {
    s.live();
    s.send(
        "{'op':'send','id':7,'conversation_id':'conv-a','client_msg_id':'x1','type':'text','content':'hi'}");
    var first = s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.quiet();
    s.pass(Duration.ofMillis(2_999));
    s.quiet();
    s.pass(Duration.ofMillis(1));
    assertThat(s.conversation(A).expectMessageClass(Conversation.Post.class)).isEqualTo(first);
    first.replyTo().tell(new Conversation.Posted(A, "x1", "m1", 1, SessionHarness.START, false));
    assertThat(s.expect("sent").path("seq").asLong()).isEqualTo(1);
    // The answer to the repeated write.
    first.replyTo().tell(new Conversation.Posted(A, "x1", "m1", 1, SessionHarness.START, true));
    s.quiet();
    s.send(
        "{'op':'send','id':8,'conversation_id':'conv-a','client_msg_id':'x2','type':'text','content':'hi'}");
    s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.quiet();
    s.pass(Duration.ofSeconds(3));
    s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.quiet();
    s.pass(Duration.ofSeconds(12));
    // The write was repeated once, and not again.
    s.expectError("unavailable");
  }

  @Test
  void entriesAfterAnOwnEntryWaitForItsSent() {
    s.live();
    var post = post(A, "c1", 5);
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.entries(A, 2, 3);
    s.quiet();
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    assertThat(s.expect("sent").path("seq").asLong()).isEqualTo(1);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(3);
  }

  @Test
  void anOldEntryWithTheSameClientMsgIdIsSentAsAMessage() {
    s.live();
    var post = post(A, "c1", 5);
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(2, "c1"))));
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m3", 3, START, false));
    assertThat(s.expect("sent").path("seq").asLong()).isEqualTo(3);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(1);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
  }

  @Test
  void anOwnEntryThatArrivesBeforeItsAnswerIsNotSentAsAMessage() {
    s.live();
    var post = post(A, "c1", 5);
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.quiet();
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    s.expect("sent");
    s.entries(A, 2, 2);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
  }

  @Test
  void anOwnEntryWhoseAnswerIsLostIsReportedAsSent() {
    s.live();
    post(A, "c1", 5);
    s.told(new Delivery.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.quiet();
    s.pass(Duration.ofSeconds(15));
    var sent = s.expect("sent");
    assertThat(sent.path("message_id").asText()).isEqualTo("m1");
    assertThat(sent.path("id").asLong()).isEqualTo(5);
  }

  @Test
  void theSameClientMsgIdInTwoConversationsNamesTwoEntries() {
    s.live();
    var first = post(A, "same", 5);
    var second = post(B, "same", 6);
    second.replyTo().tell(new Conversation.PostRefused("same", Refusal.notFound()));
    assertThat(s.expectError("not_found").path("id").asLong()).isEqualTo(6);
    first.replyTo().tell(new Conversation.Posted(A, "same", "m1", 1, START, false));
    assertThat(s.expect("sent").path("id").asLong()).isEqualTo(5);
  }

  @Test
  void aRetryGetsItsAnswerAlthoughTheFirstWriteWasLost() {
    s.live();
    var unused = post(A, "c", 5);
    var second = post(A, "c", 6);
    second.replyTo().tell(new Conversation.Posted(A, "c", "m1", 1, START, false));
    var answer = s.expect("sent");
    assertThat(answer.path("id").asLong()).isEqualTo(5);
    assertThat(answer.path("duplicate").asBoolean()).isFalse();
    answer = s.expect("sent");
    assertThat(answer.path("id").asLong()).isEqualTo(6);
    assertThat(answer.path("duplicate").asBoolean()).isTrue();
  }

  @Test
  void aRetryBeforeTheFirstAnswer() {
    s.live();
    var first = post(A, "c", 5);
    var second = post(A, "c", 6);
    first.replyTo().tell(new Conversation.Posted(A, "c", "m1", 1, START, false));
    second.replyTo().tell(new Conversation.Posted(A, "c", "m1", 1, START, true));
    assertThat(s.expect("sent").path("duplicate").asBoolean()).isFalse();
    assertThat(s.expect("sent").path("duplicate").asBoolean()).isTrue();
  }

  @Test
  void pendingSendsAreLimited() {
    s.live();
    for (int i = 0; i < PendingPosts.OUTSTANDING; i++) {
      post(A, "c" + i, i);
    }
    s.send(
        "{'op':'send','id':999,'conversation_id':'x','client_msg_id':'c','type':'text','content':'x'}");
    assertThat(s.expectError("unavailable").path("id").asLong()).isEqualTo(999);
  }

  /** Sends a text, and returns the post that the conversation receives. */
  private Conversation.Post post(ConversationId id, String name, long frame) {
    s.send(
        "{'op':'send','id':%d,'conversation_id':'%s','client_msg_id':'%s','type':'text','content':'x'}"
            .formatted(frame, id, name));
    return s.conversation(id).expectMessageClass(Conversation.Post.class);
  }
}
