package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Profile;
import parley.model.Refusal;
import parley.user.User;

/** Calls that send messages, and the message rate. */
final class MessageCallsTest extends CallsHarness {
  @Test
  void sendsToAConversation() {
    String body =
        "{\"conversation_id\":\"c1\",\"client_msg_id\":\"%s\",\"type\":\"text\",\"content\":\"hi\"}";
    JsonNode sent = ok(httpHarness.alice("POST", "/v1/messages", body.formatted("x1")), 201);
    assertThat(sent.path("seq").asLong()).isEqualTo(7);
    assertThat(sent.path("status").asText()).isEqualTo("sent");
    assertThat(sent.path("duplicate").asBoolean()).isFalse();
    Conversation.Post post = told(Conversation.Post.class);
    assertThat(post.author()).isEqualTo(ALICE);
    assertThat(post.openWith()).isNull();
    assertThat(((EntryIntent.Text) post.intent()).content()).isEqualTo("hi");
    assertThat(
            ok(httpHarness.alice("POST", "/v1/messages", body.formatted("again")), 200)
                .path("duplicate")
                .asBoolean())
        .isTrue();
  }

  @Test
  void sendsToAPerson() {
    String body = "{\"to\":\"%s\",\"client_msg_id\":\"x1\",\"type\":\"text\",\"content\":\"hi\"}";
    JsonNode sent = ok(httpHarness.alice("POST", "/v1/messages", body.formatted("bob")), 201);
    assertThat(sent.path("conversation_id").asText())
        .isEqualTo(ConversationId.direct(ALICE, BOB).value());
    assertThat(told(Conversation.Post.class).openWith()).isEqualTo(BOB);
    JsonNode problem =
        HttpHarness.problem(
            httpHarness.alice("POST", "/v1/messages", body.formatted("alice")), 400, "bad_request");
    assertThat(problem.path("field").asText()).isEqualTo("to");
  }

  /** The user's entity says it, and the conversation is not even asked. */
  @Test
  void aBannedUserSendsNothing() {
    Refusal ban = new Refusal(ErrorCode.FORBIDDEN, "this user is banned", 90_000);
    httpHarness.users =
        (id, command) -> {
          if (command instanceof User.GetProfile get) {
            get.replyTo().tell(new User.Found(new Profile(id, "al", "Al", null), ban));
          }
        };
    JsonNode problem =
        HttpHarness.problem(
            httpHarness.alice(
                "POST",
                "/v1/messages",
                "{\"to\":\"bob\",\"client_msg_id\":\"x\",\"type\":\"text\",\"content\":\"hi\"}"),
            403,
            "forbidden");
    assertThat(problem.path("retry_after_ms").asLong()).isEqualTo(90_000);
    HttpHarness.problem(
        httpHarness.alice("POST", "/v1/groups", "{\"name\":\"Trip\",\"member_ids\":[\"bob\"]}"),
        403,
        "forbidden");
    HttpHarness.problem(
        httpHarness.alice("PATCH", "/v1/groups/c1", "{\"name\":\"Trip\"}"), 403, "forbidden");
    assertThat(httpHarness.told).hasSize(3).allMatch(told -> told instanceof User.GetProfile);
  }

  @Test
  void aMessageTakesFromTheRateOfItsSender() {
    httpHarness.messageWait = 1_001;
    HttpResponse<String> response =
        httpHarness.alice(
            "POST",
            "/v1/messages",
            "{\"to\":\"bob\",\"client_msg_id\":\"x\",\"type\":\"text\",\"content\":\"hi\"}");
    // A retry of an accepted message would be answered; only the conversation knows whether it is
    // one.
    assertThat(told(Conversation.Post.class).retryAfterMillis()).isEqualTo(1_001);
    HttpHarness.problem(response, 429, "rate_limited");
    assertThat(response.headers().firstValue("Retry-After")).hasValue("2");
    assertThat(httpHarness.problems).containsExactly(ErrorCode.RATE_LIMITED);
    assertThat(httpHarness.limited).containsExactly("messages");
  }

  @Test
  void aRetryGivesItsMessageBack() {
    httpHarness.conversations =
        (id, command) -> {
          if (command instanceof Conversation.Post c) {
            boolean known = c.clientMsgId().equals("old");
            c.replyTo().tell(new Conversation.Posted(id, c.clientMsgId(), "m1", 1, 1_000, known));
          }
        };
    String body = "{\"to\":\"bob\",\"client_msg_id\":\"%s\",\"type\":\"text\",\"content\":\"hi\"}";
    ok(httpHarness.alice("POST", "/v1/messages", body.formatted("new")), 201);
    assertThat(httpHarness.givenBack).isEmpty();
    ok(httpHarness.alice("POST", "/v1/messages", body.formatted("old")), 200);
    assertThat(httpHarness.givenBack).containsExactly(ALICE);
    // Nothing was taken, so nothing is given back.
    httpHarness.messageWait = 500;
    ok(httpHarness.alice("POST", "/v1/messages", body.formatted("old")), 200);
    assertThat(httpHarness.givenBack).hasSize(1);
  }
}
