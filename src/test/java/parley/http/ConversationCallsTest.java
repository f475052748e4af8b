package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import parley.bounds.LoadGate;
import parley.conversation.Conversation;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.Role;
import parley.user.User;

/** Calls about conversations and groups. */
final class ConversationCallsTest extends CallsHarness {
  @Test
  void underLoadHistoryIsRefusedAndAMessageIsNot() {
    httpHarness.shed.addAll(List.of(LoadGate.Shed.values()));
    try {
      HttpResponse<String> refused =
          httpHarness.alice("GET", "/v1/conversations/c1/messages?limit=2", null);
      HttpHarness.problem(refused, 503, "unavailable");
      assertThat(refused.headers().firstValue("Retry-After")).contains("5");
      assertThat(httpHarness.told).isEmpty();
      httpHarness.alice(
          "POST",
          "/v1/messages",
          "{\"conversation_id\":\"c1\",\"client_msg_id\":\"m\",\"type\":\"text\","
              + "\"content\":\"x\"}");
      told(Conversation.Post.class);
    } finally {
      httpHarness.shed.clear();
    }
  }

  /** Groups and their members. */
  @Nested
  class Groups {
    @Test
    void makesAndChangesGroups() {
      ok(
          httpHarness.alice(
              "POST", "/v1/groups", "{\"name\":\"Trip\",\"member_ids\":[\"bob\",\"bob\"]}"),
          201);
      Conversation.CreateGroup create = told(Conversation.CreateGroup.class);
      assertThat(create.creator()).isEqualTo(ALICE);
      assertThat(create.memberIds()).containsExactly(BOB);
      httpHarness.told.clear();
      ok(httpHarness.alice("PATCH", "/v1/groups/c1", "{\"name\":\"T\"}"), 200);
      assertThat(told(Conversation.ChangeGroup.class).avatarUrl()).isNull();
    }

    @Test
    void membersOfGroups() {
      ok(httpHarness.alice("POST", "/v1/groups/c1/members", "{\"user_ids\":[\"bob\"]}"), 200);
      assertThat(told(Conversation.AddMembers.class).userIds()).containsExactly(BOB);
      httpHarness.told.clear();
      ok(httpHarness.alice("PUT", "/v1/groups/c1/members/bob", "{\"role\":\"admin\"}"), 200);
      assertThat(told(Conversation.SetRole.class).role()).isEqualTo(Role.ADMIN);
      httpHarness.told.clear();
      done(httpHarness.alice("DELETE", "/v1/groups/c1/members/bob", null));
      Conversation.RemoveMember remove = told(Conversation.RemoveMember.class);
      assertThat(remove.actor()).isEqualTo(ALICE);
      assertThat(remove.userId()).isEqualTo(BOB);
      done(httpHarness.alice("DELETE", "/v1/groups/c1/members/" + ALICE, null));
    }

    @Test
    void aChangeOfAGroupTakesFromTheMessages() {
      httpHarness.messageWait = 1_001;
      for (HttpResponse<String> response :
          List.of(
              httpHarness.alice("PATCH", "/v1/groups/c1", "{\"name\":\"T\"}"),
              httpHarness.alice("POST", "/v1/groups/c1/members", "{\"user_ids\":[\"bob\"]}"),
              httpHarness.alice("PUT", "/v1/groups/c1/members/bob", "{\"role\":\"admin\"}"),
              httpHarness.alice("DELETE", "/v1/groups/c1/members/bob", null),
              httpHarness.alice("POST", "/v1/groups", "{\"name\":\"T\",\"member_ids\":[]}"))) {
        HttpHarness.problem(response, 429, "rate_limited");
        assertThat(response.headers().firstValue("Retry-After")).hasValue("2");
      }
      // Only whether the user is banned was asked.
      assertThat(httpHarness.told).hasSize(5).allMatch(told -> told instanceof User.GetProfile);
      assertThat(httpHarness.limited).hasSize(5).containsOnly("messages");
      // Reading and opening make no entry.
      ok(httpHarness.alice("GET", "/v1/conversations/c1", null), 200);
      ok(
          httpHarness.alice(
              "POST", "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"bob\"}"),
          200);
    }
  }

  /** The inbox, and one conversation of it. */
  @Nested
  class Inbox {
    @Test
    void opensADirectConversation() {
      JsonNode view =
          ok(
              httpHarness.alice(
                  "POST", "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"bob\"}"),
              200);
      assertThat(view.path("conversation_id").asText()).isEqualTo("c1");
      Conversation.OpenDirect open = told(Conversation.OpenDirect.class);
      assertThat(open.opener()).isEqualTo(ALICE);
      assertThat(open.peer()).isEqualTo(BOB);
      assertThat(
              HttpHarness.problem(
                      httpHarness.alice(
                          "POST",
                          "/v1/conversations",
                          "{\"type\":\"direct\",\"user_id\":\"alice\"}"),
                      400,
                      "bad_request")
                  .path("field")
                  .asText())
          .isEqualTo("user_id");
    }

    @Test
    void inbox() {
      JsonNode inbox = ok(httpHarness.alice("GET", "/v1/conversations", null), 200);
      assertThat(inbox.path("next_cursor").asText()).isEqualTo("next");
      assertThat(inbox.path("conversations").path(0).path("unread_count").asLong()).isEqualTo(1);
      assertThat(told(User.GetInbox.class).limit()).isEqualTo(20);
      httpHarness.told.clear();
      ok(
          httpHarness.alice("GET", "/v1/conversations?limit=100&cursor=123&other=1&other=2", null),
          200);
      User.GetInbox get = told(User.GetInbox.class);
      assertThat(get.limit()).isEqualTo(100);
      assertThat(get.cursor()).isEqualTo("123");
    }

    @Test
    void aBadCursorIsNamed() {
      httpHarness.users =
          (id, command) -> {
            if (command instanceof User.GetInbox get) {
              get.replyTo()
                  .tell(
                      new User.Refused(
                          Refusal.of(
                              ErrorCode.BAD_REQUEST,
                              "cursor: not from an inbox page; leave it out to start at the top")));
            }
          };
      JsonNode problem =
          HttpHarness.problem(
              httpHarness.alice("GET", "/v1/conversations?cursor=x", null), 400, "bad_request");
      assertThat(problem.path("field").asText()).isEqualTo("cursor");
    }

    @Test
    void theFieldAnEntityNamesIsNamed() {
      String body = "{\"to\":\"bob\",\"client_msg_id\":\"x\",\"type\":\"text\",\"content\":\"hi\"}";
      refuseAll(Refusal.of(ErrorCode.NOT_FOUND, "to: there is no such user"));
      JsonNode problem =
          HttpHarness.problem(httpHarness.alice("POST", "/v1/messages", body), 404, "not_found");
      assertThat(problem.path("field").asText()).isEqualTo("to");
      assertThat(problem.path("detail").asText()).isEqualTo("to: there is no such user");
      refuseAll(Refusal.of(ErrorCode.BAD_FRAME, "reply_to: there is no such entry"));
      problem =
          HttpHarness.problem(httpHarness.alice("POST", "/v1/messages", body), 400, "bad_request");
      assertThat(problem.path("field").asText()).isEqualTo("reply_to");
      refuseAll(Refusal.unavailable("the conversation is busy: ask again"));
      problem =
          HttpHarness.problem(httpHarness.alice("POST", "/v1/messages", body), 503, "unavailable");
      assertThat(problem.has("field")).isFalse();
    }

    @Test
    void oneConversation() {
      JsonNode view = ok(httpHarness.alice("GET", "/v1/conversations/c1", null), 200);
      assertThat(view.path("members").path(0).path("role").asText()).isEqualTo("admin");
      assertThat(told(Conversation.GetView.class).viewer()).isEqualTo(ALICE);
    }

    @Test
    void flags() {
      done(httpHarness.alice("PATCH", "/v1/conversations/c1", "{\"muted\":true}"));
      User.SetRowFlags flags = told(User.SetRowFlags.class);
      assertThat(flags.conversationId()).isEqualTo(C1);
      assertThat(flags.muted()).isTrue();
      assertThat(flags.pinned()).isNull();
    }

    @Test
    void history() {
      JsonNode page =
          ok(httpHarness.alice("GET", "/v1/conversations/c1/messages?limit=2&after=0", null), 200);
      assertThat(page.path("has_more").asBoolean()).isTrue();
      assertThat(page.path("tier").asText()).isEqualTo("memory");
      assertThat(page.path("entries").path(0).path("client_msg_id").asText()).isEqualTo("mine");
      assertThat(page.path("entries").path(1).has("client_msg_id")).isFalse();
      Conversation.GetPage get = told(Conversation.GetPage.class);
      assertThat(get.after()).isEqualTo(0);
      assertThat(get.before()).isNull();
      assertThat(get.limit()).isEqualTo(2);
      assertThat(get.replay()).isFalse();
    }

    @Test
    void read() {
      done(httpHarness.alice("POST", "/v1/conversations/c1/read", "{\"seq\":9223372036854775807}"));
      assertThat(told(Conversation.Read.class).seq()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void headIsGetWithoutABody() {
      HttpResponse<String> response = httpHarness.alice("HEAD", "/v1/users/me", null);
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEmpty();
    }
  }
}
