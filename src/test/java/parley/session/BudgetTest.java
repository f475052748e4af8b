package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Refusal;
import parley.user.User;

/** How many frames one connection may send, and how the session answers the rest. */
class BudgetTest {
  private static final ConversationId A = SessionHarness.A;
  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private SessionHarness live(int messagesPerMinute) {
    return new SessionHarness(kit, messagesPerMinute).live();
  }

  private static void typing(SessionHarness s, int id) {
    s.send("{'op':'typing','id':" + id + ",'conversation_id':'conv-a','active':false}");
  }

  @Test
  void framesExceptAckPingAndAuthAreLimited() {
    SessionHarness s = live(0);
    for (int i = 0; i < 100; i++) {
      typing(s, i);
    }
    typing(s, 100);
    JsonNode error = s.expectError("rate_limited");
    assertThat(error.path("id").asInt()).isEqualTo(100);
    assertThat(error.path("retry_after_ms").asLong()).isEqualTo(50);
    for (String frame :
        new String[] {
          "{'op':'read','id':7,'conversation_id':'conv-a','seq':1}",
          "{'op':'watch','id':7,'user_ids':['bob']}",
          "{'op':'inbox','id':7}",
          "{'op':'history','id':7,'conversation_id':'conv-a'}",
          "{'op':'nonsense','id':7}",
          "{'op':'hello','id':7,'token':'t','device_id':'phone','client':'x'}"
        }) {
      s.send(frame);
      assertThat(s.expectError("rate_limited").path("id").asInt()).as(frame).isEqualTo(7);
    }
    // Never refused.
    s.entries(A, 1, 1);
    s.expect("message");
    for (int i = 0; i < 300; i++) {
      s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
      s.quiet();
    }
    s.send("{'op':'auth','id':8,'token':'secret'}");
    assertThat(s.expect("ok").path("id").asInt()).isEqualTo(8);
    // The budget refills, one frame every 50 ms.
    s.pass(Duration.ofMillis(50));
    s.send("{'op':'watch','id':9,'user_ids':[]}");
    assertThat(s.expect("ok").path("id").asInt()).isEqualTo(9);
    typing(s, 10);
    s.expectError("rate_limited");
  }

  @Test
  void aClientThatKeepsExceedingTheRateIsDisconnected() {
    SessionHarness s = live(0);
    for (int i = 0; i < 100; i++) {
      typing(s, i);
    }
    for (int i = 0; i < 999; i++) {
      typing(s, i);
      s.expectError("rate_limited");
    }
    // A minute later the refusals no longer count.
    s.pass(Duration.ofSeconds(30));
    s.quiet();
    s.pass(Duration.ofSeconds(31));
    for (int i = 0; i < 100; i++) {
      typing(s, i);
    }
    for (int i = 0; i < 1_000; i++) {
      typing(s, i);
      s.expectError("rate_limited");
    }
    JsonNode closing = s.expectClosing("rate_limited");
    assertThat(closing.path("reconnect").asBoolean()).isTrue();
    assertThat(closing.path("retry_after_ms").asLong()).isEqualTo(50);
  }

  @Test
  void anAcknowledgementOfWhatWasNotSentHereIsIgnored() {
    SessionHarness s = live(0);
    s.entries(A, 1, 2);
    s.expect("message");
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':9000000000000000000}");
    s.send("{'op':'ack','conversation_id':'conv-b','seq':5}");
    s.quiet();
    User.Acked acked = s.user.expectMessageClass(User.Acked.class);
    assertThat(acked.acks()).containsExactly(new User.Ack(A, 2, 2));
    s.userHeardNoMore();
  }

  @Test
  void acknowledgementsAreCoalesced() {
    SessionHarness s = live(0);
    s.entries(A, 1, 200);
    for (int i = 0; i < 200; i++) {
      s.expect("message");
    }
    for (int i = 1; i <= 200; i++) {
      s.send("{'op':'ack','conversation_id':'conv-a','seq':" + i + "}");
    }
    s.quiet();
    User.Acked acked = s.user.expectMessageClass(User.Acked.class);
    assertThat(acked.acks()).containsExactly(new User.Ack(A, 200, 200));
    s.userHeardNoMore();
  }

  private static Conversation.Post post(SessionHarness s, String name) {
    s.send(
        "{'op':'send','id':1,'conversation_id':'conv-a','client_msg_id':'"
            + name
            + "','type':'text','content':'x'}");
    return s.conversation(A).expectMessageClass(Conversation.Post.class);
  }

  private static void duplicate(SessionHarness s, Conversation.Post post) {
    post.replyTo().tell(new Conversation.Posted(A, post.clientMsgId(), "m1", 1, 1, true));
    assertThat(s.expect("sent").path("duplicate").asBoolean()).isTrue();
  }

  @Test
  void aRetryDoesNotCountAgainstTheMessageRate() {
    SessionHarness s = live(2);
    for (int i = 0; i < 50; i++) {
      Conversation.Post retry = post(s, "old");
      assertThat(retry.retryAfterMillis()).isZero();
      duplicate(s, retry);
    }
    for (int i = 0; i < 2; i++) {
      Conversation.Post fresh = post(s, "new" + i);
      assertThat(fresh.retryAfterMillis()).isZero();
      fresh.replyTo().tell(new Conversation.Posted(A, "new" + i, "m" + i, 2 + i, 1, false));
      s.expect("sent");
    }
    // Both budgets are used up. The retry goes to the conversation all the same, which answers it
    // only if its id is known.
    Conversation.Post retry = post(s, "old");
    assertThat(retry.retryAfterMillis()).isBetween(29_000L, 30_000L);
    duplicate(s, retry);
    Conversation.Post more = post(s, "new3");
    more.replyTo()
        .tell(
            new Conversation.PostRefused(
                "new3", Refusal.rateLimited("too many messages", more.retryAfterMillis())));
    assertThat(s.expectError("rate_limited").path("retry_after_ms").asLong())
        .isBetween(29_000L, 30_000L);
  }

  @Test
  void retriesCountAgainstTheFrameRate() {
    SessionHarness s = live(10);
    // A hundred from the budget of frames, ten from that of messages.
    for (int i = 0; i < 110; i++) {
      Conversation.Post retry = post(s, "old");
      assertThat(retry.retryAfterMillis()).as("retry %s", i).isZero();
      duplicate(s, retry);
    }
    s.send(
        "{'op':'send','id':3,'conversation_id':'conv-a','client_msg_id':'old','type':'text',"
            + "'content':'x'}");
    assertThat(s.expectError("rate_limited").path("id").asInt()).isEqualTo(3);
    s.pass(Duration.ofMillis(50));
    duplicate(s, post(s, "old"));
  }
}
