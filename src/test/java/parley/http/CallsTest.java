package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.auth.AuthResult;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.ConversationView;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.LastMessage;
import parley.model.Presence;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.Role;
import parley.model.UserId;
import parley.user.User;

/** Every call of a signed-in user, as it should be: what entities are told, what is answered. */
final class CallsTest {
  private static final UserId ALICE = new UserId("alice");
  private static final UserId BOB = new UserId("bob");
  private static final ConversationId C1 = new ConversationId("c1");
  private static final long AT = 1_769_854_530_123L;
  private static final ConversationView VIEW =
      new ConversationView(
          C1,
          ConversationType.GROUP,
          "Trip",
          null,
          List.of(new ConversationView.MemberView(ALICE, Role.ADMIN, AT, 3, 2)),
          3,
          AT);

  private static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    httpHarness = new HttpHarness();
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  @BeforeEach
  void reset() {
    httpHarness.told.clear();
    httpHarness.problems.clear();
    httpHarness.limited.clear();
    httpHarness.givenBack.clear();
    httpHarness.messageWait = 0;
    httpHarness.users =
        (id, command) -> {
          Profile profile = new Profile(id, "al", "Al", null);
          switch (command) {
            case User.Ensure c -> c.replyTo().tell(new User.Found(profile));
            case User.GetProfile c -> c.replyTo().tell(new User.Found(profile));
            case User.ChangeProfile c -> c.replyTo().tell(new User.Found(profile));
            case User.SetStatus c -> c.replyTo().tell(new User.Done());
            case User.SetPushToken c -> c.replyTo().tell(new User.Done());
            case User.RemoveDevice c -> c.replyTo().tell(new User.Done());
            case User.SetRowFlags c -> c.replyTo().tell(new User.Done());
            case User.GetDevices c ->
                c.replyTo()
                    .tell(
                        new User.Devices(
                            List.of(new DeviceView(new DeviceId("d1"), "web", true, AT))));
            case User.GetInbox c ->
                c.replyTo().tell(new User.Inbox(new InboxPage(List.of(row()), "next")));
            default -> throw new AssertionError(command);
          }
        };
    httpHarness.conversations =
        (id, command) -> {
          switch (command) {
            case Conversation.OpenDirect c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.CreateGroup c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.ChangeGroup c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.AddMembers c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.SetRole c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.GetView c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.RemoveMember c ->
                c.replyTo()
                    .tell(
                        c.actor().equals(c.userId())
                            ? new Conversation.Removed()
                            : new Conversation.Viewed(VIEW));
            case Conversation.GetPage c -> c.replyTo().tell(new Conversation.Page(page()));
            case Conversation.Read c -> {
              if (c.replyTo() != null) {
                c.replyTo().tell(new Conversation.ReadDone());
              }
            }
            case Conversation.Post c ->
                c.replyTo()
                    .tell(
                        c.retryAfterMillis() > 0
                            ? new Conversation.PostRefused(
                                c.clientMsgId(), Refusal.rateLimited("slow", c.retryAfterMillis()))
                            : new Conversation.Posted(
                                id, c.clientMsgId(), "m1", 7, AT, c.clientMsgId().equals("again")));
            default -> throw new AssertionError(command);
          }
        };
  }

  private static parley.model.InboxRow row() {
    return new parley.model.InboxRow(
        C1,
        ConversationType.GROUP,
        "Trip",
        null,
        3,
        new LastMessage(3, BOB, "text", "hi", AT),
        1,
        2,
        3,
        1,
        false,
        true,
        false,
        false);
  }

  private static HistoryPage page() {
    return new HistoryPage(
        C1,
        List.of(
            new Entry(1, "m1", ALICE, AT, "mine", new EntryBody.Text("hi", null, null, false)),
            new Entry(2, "m2", BOB, AT, "theirs", new EntryBody.Text("ho", null, null, false))),
        true,
        HistoryPage.Tier.MEMORY);
  }

  private static JsonNode ok(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    return HttpHarness.json(response);
  }

  private static void done(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(204);
    assertThat(response.body()).isEmpty();
  }

  private static <T> T told(Class<T> type) {
    assertThat(httpHarness.told).hasSize(1);
    return type.cast(httpHarness.told.get(0));
  }

  @Test
  void profile() {
    JsonNode me = ok(httpHarness.alice("GET", "/v1/users/me", null), 200);
    assertThat(me.toString())
        .isEqualTo(
            "{\"user_id\":\"alice\",\"username\":\"al\",\"display_name\":\"Al\",\"avatar_url\":null}");
  }

  @Test
  void profileOfSomebodyElse() {
    JsonNode bob = ok(httpHarness.alice("GET", "/v1/users/bob", null), 200);
    assertThat(bob.path("user_id").asText()).isEqualTo("bob");
  }

  @Test
  void changesTheProfile() {
    ok(
        httpHarness.alice("PATCH", "/v1/users/me", "{\"display_name\":\"Ä\",\"avatar_url\":null}"),
        200);
    User.ChangeProfile change = told(User.ChangeProfile.class);
    assertThat(change.displayName()).isEqualTo("Ä");
    assertThat(change.avatarUrl()).isEmpty();
  }

  @Test
  void findsAUserByName() {
    httpHarness.identity.onLookup = new AuthResult.Found(BOB, "bob", "Bob");
    JsonNode found = ok(httpHarness.alice("GET", "/v1/users?username=bob", null), 200);
    assertThat(found.path("users").path(0).path("user_id").asText()).isEqualTo("bob");
    assertThat(httpHarness.identity.asked).contains("lookup bob");
    httpHarness.identity.onLookup = new AuthResult.NotFound();
    assertThat(ok(httpHarness.alice("GET", "/v1/users?username=bob", null), 200).toString())
        .isEqualTo("{\"users\":[]}");
  }

  @Test
  void anAccountWithoutAUserIsNobodyYet() {
    httpHarness.identity.onLookup = new AuthResult.Found(BOB, "bob", "Bob");
    httpHarness.users =
        (id, command) -> {
          if (command instanceof User.GetProfile get) {
            get.replyTo().tell(new User.NoSuchUser(id));
          }
        };
    assertThat(ok(httpHarness.alice("GET", "/v1/users?username=bob", null), 200).toString())
        .isEqualTo("{\"users\":[]}");
    HttpHarness.problem(httpHarness.alice("GET", "/v1/users/me", null), 404, "not_found");
  }

  @Test
  void presence() {
    done(httpHarness.alice("PUT", "/v1/users/me/presence", "{\"status\":\"away\"}"));
    assertThat(told(User.SetStatus.class).status()).isEqualTo(Presence.Status.AWAY);
  }

  @Test
  void devices() {
    JsonNode devices = ok(httpHarness.alice("GET", "/v1/users/me/devices", null), 200);
    assertThat(devices.path("devices").path(0).path("device_id").asText()).isEqualTo("d1");
    assertThat(devices.path("devices").path(0).path("last_seen").asText())
        .isEqualTo("2026-01-31T10:15:30.123Z");
  }

  @Test
  void removesADevice() {
    done(httpHarness.alice("DELETE", "/v1/users/me/devices/d1", null));
    assertThat(told(User.RemoveDevice.class).deviceId()).isEqualTo(new DeviceId("d1"));
  }

  @Test
  void pushTokens() {
    done(
        httpHarness.alice(
            "PUT",
            "/v1/users/me/devices/a%2Fb/push_token",
            "{\"platform\":\"fcm\",\"token\":\"t0\"}"));
    User.SetPushToken set = told(User.SetPushToken.class);
    assertThat(set.deviceId()).isEqualTo(new DeviceId("a/b"));
    assertThat(set.platform()).isEqualTo("fcm");
    assertThat(set.token()).isEqualTo("t0");
    httpHarness.told.clear();
    done(httpHarness.alice("DELETE", "/v1/users/me/devices/d1/push_token", null));
    assertThat(told(User.SetPushToken.class).token()).isNull();
  }

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
                        "POST", "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"alice\"}"),
                    400,
                    "bad_request")
                .path("field")
                .asText())
        .isEqualTo("user_id");
  }

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
                    new User.Refused(Refusal.of(ErrorCode.BAD_REQUEST, "cursor: not one of ours")));
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

  private void refuseAll(Refusal refusal) {
    httpHarness.conversations =
        (id, command) -> {
          if (command instanceof Conversation.Post post) {
            post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
          }
        };
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

  @Test
  void aMessageTakesFromTheRateOfItsSender() {
    httpHarness.messageWait = 1_001;
    HttpResponse<String> response =
        httpHarness.alice(
            "POST",
            "/v1/messages",
            "{\"to\":\"bob\",\"client_msg_id\":\"x\",\"type\":\"text\",\"content\":\"hi\"}");
    // What was accepted before would be answered; whether it was, the conversation knows.
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
    // Nothing was taken, so nothing is given.
    httpHarness.messageWait = 500;
    ok(httpHarness.alice("POST", "/v1/messages", body.formatted("old")), 200);
    assertThat(httpHarness.givenBack).hasSize(1);
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
    assertThat(httpHarness.told).isEmpty();
    assertThat(httpHarness.limited).hasSize(5).containsOnly("messages");
    // Reading and opening make no entry.
    ok(httpHarness.alice("GET", "/v1/conversations/c1", null), 200);
    ok(
        httpHarness.alice("POST", "/v1/conversations", "{\"type\":\"direct\",\"user_id\":\"bob\"}"),
        200);
  }

  @Test
  void headIsGetWithoutABody() {
    HttpResponse<String> response = httpHarness.alice("HEAD", "/v1/users/me", null);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEmpty();
  }
}
