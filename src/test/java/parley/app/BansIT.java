package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.bench.engine.TokenIssuer;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.SocketOptions;
import parley.client.TestAccount;
import parley.user.User;
import parley.user.UserAdministration;

/**
 * What a banned user can do, over each channel. The ban is set on the node of the entities, and the
 * user's clients are on both nodes. Each channel is tried at once after the answer to the ban.
 */
@Timeout(180)
class BansIT {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // by start()
  private TokenIssuer issuer;

  @SuppressWarnings("NullAway.Init") // by start()
  private TwoNodes nodes;

  /** Of the node without entities. */
  @SuppressWarnings("NullAway.Init") // by start()
  private ParleyClient far;

  /** Of the node with all entities. */
  @SuppressWarnings("NullAway.Init") // by start()
  private ParleyClient near;

  @BeforeEach
  void start() throws Exception {
    issuer = new TokenIssuer(0);
    Map<String, String> settings = new LinkedHashMap<>(issuer.settings());
    settings.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    nodes = new TwoNodes(folder, settings);
    far = TwoNodes.client(nodes.atEdge);
    near = TwoNodes.client(nodes.atEntities);
  }

  @AfterEach
  void stop() {
    far.close();
    near.close();
    nodes.close();
    issuer.close();
  }

  private void tell(String user, Function<ActorRef<User.DoneReply>, User.Command> command) {
    User.DoneReply reply =
        TwoNodes.join(
            ClusterSharding.get(nodes.entities)
                .entityRefFor(User.KEY, user)
                .ask(command::apply, Duration.ofSeconds(20)));
    assertThat(reply).isEqualTo(new User.Done());
  }

  private void ban(String user, int minutes) {
    tell(user, replyTo -> new UserAdministration.SetBan("spam", minutes, replyTo));
  }

  private static Map<String, Object> text(String conversation) {
    return Map.of(
        "conversation_id",
        conversation,
        "client_msg_id",
        ClientIds.next(),
        "type",
        "text",
        "content",
        "after the ban");
  }

  /** All calls that make an entry. */
  private static Map<String, Supplier<Answer>> calls(
      ParleyClient client, String token, String direct, String group, String other) {
    Map<String, Supplier<Answer>> calls = new LinkedHashMap<>();
    calls.put("message", () -> client.post("/v1/messages", token, text(direct)));
    calls.put(
        "message to a person",
        () ->
            client.post(
                "/v1/messages",
                token,
                Map.of(
                    "to",
                    other,
                    "client_msg_id",
                    ClientIds.next(),
                    "type",
                    "text",
                    "content",
                    "after the ban")));
    calls.put("new group", () -> client.post("/v1/groups", token, group(other, null)));
    calls.put("new group by reference", () -> client.post("/v1/groups", token, group(other, "r")));
    String path = "/v1/groups/" + group;
    calls.put("group's name", () -> client.call("PATCH", path, token, Map.of("name", "After")));
    calls.put(
        "addition",
        () -> client.post(path + "/members", token, Map.of("user_ids", List.of(other))));
    calls.put(
        "role",
        () -> client.call("PUT", path + "/members/" + other, token, Map.of("role", "admin")));
    calls.put("removal", () -> client.call("DELETE", path + "/members/" + other, token, null));
    return calls;
  }

  private static Map<String, Object> group(String member, @Nullable String reference) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("name", "After");
    body.put("member_ids", List.of(member));
    if (reference != null) {
      body.put("client_ref", reference);
    }
    return body;
  }

  @Test
  void noChannelIsLeftOnAnyNode() {
    TestAccount eve = far.register("eve");
    TestAccount ben = far.register("ben");
    String direct = far.direct(eve, ben.userId());
    String group = far.group(eve, "Before", List.of(ben));
    try (ParleySocket farSocket = far.connectSynced(eve, "phone");
        ParleySocket nearSocket = near.connectSynced(eve, "laptop");
        ParleySocket witness = far.connectSynced(ben, "phone")) {
      long before = farSocket.text(direct, "before").path("seq").asLong();
      nearSocket.text(direct, "before too");
      Map<String, Object> retried = new LinkedHashMap<>(text(direct));
      retried.put("content", "before, and retried");
      Answer accepted = far.post("/v1/messages", eve.accessToken(), retried).expect(201);
      ban(eve.userId(), 60);
      // Sent after the answer, on sockets that were open before it.
      for (ParleySocket socket : List.of(farSocket, nearSocket)) {
        trySend(socket, direct, before);
        JsonNode closing = socket.await(Frames.op("closing"));
        assertThat(closing.path("code").asText()).isEqualTo("banned");
        assertThat(closing.path("reconnect").asBoolean(true)).isFalse();
        assertThat(closing.path("retry_after_ms").asLong()).isBetween(3_500_000L, 3_600_000L);
        socket.awaitClosed();
        assertThat(socket.frames(Frames.op("sent"))).hasSize(1);
      }
      for (ParleyClient client : List.of(far, near)) {
        calls(client, eve.accessToken(), direct, group, ben.userId())
            .forEach(
                (name, call) -> {
                  Answer refused = call.get();
                  assertThat(refused.status()).as(name + ": " + refused.text()).isEqualTo(403);
                  assertThat(refused.code()).as(name).isEqualTo("forbidden");
                  assertThat(refused.body().path("retry_after_ms").asLong()).as(name).isPositive();
                });
        login(client, eve).expect(403, "forbidden");
        for (int i = 0; i < 2; i++) {
          Answer refresh =
              client.post("/v1/auth/refresh", null, Map.of("refresh_token", eve.refreshToken()));
          refresh.expect(403, "forbidden");
          assertThat(refresh.body().path("retry_after_ms").asLong()).isPositive();
        }
        refusedHello(client, eve.accessToken());
        // Reading makes no entry.
        client.get("/v1/conversations", eve.accessToken()).expect(200);
      }
      // Only with the right password, or a token that is valid, somebody learns of the ban.
      far.post("/v1/auth/login", null, Map.of("username", "eve", "password", "wrong password"))
          .expect(401);
      String forged = eve.refreshToken().substring(0, eve.refreshToken().length() - 4) + "AAAA";
      far.post("/v1/auth/refresh", null, Map.of("refresh_token", forged)).expect(401);
      assertThat(far.log(ben, direct)).hasSize(3);
      assertThat(witness.frames(Frames.op("message")))
          .noneMatch(frame -> frame.path("content").asText().contains("after"));
      // A retry of what was accepted is refused as every send, and is a duplicate after the ban.
      far.post("/v1/messages", eve.accessToken(), retried).expect(403, "forbidden");
      // The refresh tokens of the time before are good again.
      tell(eve.userId(), UserAdministration.LiftBan::new);
      far.refresh(eve);
      Answer duplicate = far.post("/v1/messages", eve.accessToken(), retried).expect(200);
      assertThat(duplicate.body().path("duplicate").asBoolean()).isTrue();
      assertThat(duplicate.body().path("message_id")).isEqualTo(accepted.body().path("message_id"));
      TestAccount again = far.login("eve", eve.password());
      far.connectSynced(again, "phone").close();
      far.post("/v1/messages", again.accessToken(), text(direct)).expect(201);
    }
  }

  /** A user of an external identity provider has no account. */
  @Test
  void aUserWithoutAnAccountIsBannedAlike() {
    TestAccount ben = far.register("ben");
    String token = issuer.newToken("mallory");
    far.get("/v1/users/me", token).expect(200);
    String direct =
        far.post("/v1/conversations", token, Map.of("type", "direct", "user_id", ben.userId()))
            .expect(200)
            .body()
            .path("conversation_id")
            .asText();
    far.post("/v1/messages", token, text(direct)).expect(201);
    ban("mallory", 0);
    for (ParleyClient client : List.of(far, near)) {
      for (String one : List.of(token, issuer.newToken("mallory"))) {
        Answer refused = client.post("/v1/messages", one, text(direct));
        refused.expect(403, "forbidden");
        assertThat(refused.body().has("retry_after_ms")).isFalse();
        refusedHello(client, one);
      }
    }
    assertThat(far.log(ben, direct)).hasSize(1);
  }

  @Test
  void anEndedSessionNeedsANewLogin() {
    TestAccount ann = far.register("ann");
    TestAccount again = far.login("ann", ann.password());
    try (ParleySocket phone = far.connectSynced(ann, "phone");
        ParleySocket laptop = near.connectSynced(again, "laptop")) {
      tell(ann.userId(), replyTo -> new UserAdministration.EndSessions(null, replyTo));
      for (ParleySocket socket : List.of(phone, laptop)) {
        assertThat(socket.await(Frames.op("closing")).path("code").asText()).isEqualTo("removed");
      }
    }
    for (TestAccount out : List.of(ann, again)) {
      far.post("/v1/auth/refresh", null, Map.of("refresh_token", out.refreshToken())).expect(401);
    }
    far.connectSynced(far.login("ann", ann.password()), "phone").close();
  }

  /** The socket may be closed already. */
  private static void trySend(ParleySocket socket, String conversation, long target) {
    try {
      for (String op : List.of("edit", "react")) {
        socket.send(
            JsonTrees.obj(
                "op",
                op,
                "conversation_id",
                conversation,
                "client_msg_id",
                ClientIds.next(),
                "target_seq",
                target,
                op.equals("edit") ? "content" : "emoji",
                op.equals("edit") ? "after the ban" : "👍"));
      }
      socket.send(
          JsonTrees.obj(
              "op",
              "send",
              "conversation_id",
              conversation,
              "client_msg_id",
              ClientIds.next(),
              "type",
              "text",
              "content",
              "after the ban"));
    } catch (RuntimeException | AssertionError e) {
      // Closed.
    }
  }

  private static Answer login(ParleyClient client, TestAccount who) {
    return client.post(
        "/v1/auth/login", null, Map.of("username", who.username(), "password", who.password()));
  }

  private static void refusedHello(ParleyClient client, String token) {
    try (ParleySocket socket = client.open(SocketOptions.standard())) {
      JsonNode refused = socket.hello(token, "another");
      assertThat(refused.path("op").asText()).isEqualTo("error");
      assertThat(refused.path("code").asText()).isEqualTo("forbidden");
      JsonNode closing = socket.await(Frames.op("closing"));
      assertThat(closing.path("code").asText()).isEqualTo("banned");
      assertThat(closing.path("reconnect").asBoolean(true)).isFalse();
    }
  }
}
