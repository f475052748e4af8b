package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.eatthepath.pushy.apns.server.RejectionReason;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.server.Directives;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.app.Node;
import parley.app.QuickNode;
import parley.client.Answer;
import parley.client.MockApns;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.conversation.Conversation;
import parley.conversation.ConversationInspection;
import parley.conversation.ConversationInspection.DispatchStatus;
import parley.conversation.ConversationInspection.EntryFound;
import parley.conversation.ConversationInspection.MemberStatus;
import parley.conversation.ConversationInspection.Tier;
import parley.model.Refusal;
import parley.model.UserId;
import parley.settings.Settings;
import parley.user.User;
import parley.user.UserInspection;

/** Where a message is, over the operators' port: of a whole node, and of entities that fail. */
@Timeout(120)
class InspectionRoutesTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String SECRET = "words-that-nobody-may-see";
  private static final String TOKEN = "%064x".formatted(0xabad_cafe_0000L);

  @TempDir Path temporary;

  @Test
  void aMessageThatWaitsForAPhoneIsFound() throws Exception {
    try (MockApns apns = new MockApns(temporary);
        Node node = QuickNode.start(settings(apns.environment()));
        ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()));
        ParleyClient operator = new ParleyClient(URI.create("http://" + node.management()))) {
      apns.answer(token -> new MockApns.Answer.Reject(RejectionReason.SERVICE_UNAVAILABLE));
      TestAccount ann = client.register("ann");
      TestAccount ben = client.register("ben-" + SECRET.substring(0, 12));
      client.connectSynced(ben, "phone").close();
      client
          .call(
              "PUT",
              "/v1/users/me/devices/phone/push_token",
              ben.accessToken(),
              Map.of("platform", "apns", "token", TOKEN))
          .expect(204);
      String id = client.direct(ann, ben.userId());
      Instant before = Instant.now().minusSeconds(5);
      try (ParleySocket socket = client.connectSynced(ann, "web")) {
        long seq = socket.text(id, SECRET).path("seq").asLong();
        String path = "/admin/conversations/" + id + "/entries/" + seq;
        Answer answer =
            await()
                .atMost(LONG)
                .until(
                    () -> operator.get(path, null).expect(200),
                    one ->
                        push(one.body(), ben).path("tries").asInt() > 0
                            && push(one.body(), ben).path("state").asText().equals("pending"));
        JsonNode body = answer.body();
        assertThat(body.path("sender_id").asText()).isEqualTo(ann.userId());
        assertThat(body.path("type").asText()).isEqualTo("text");
        assertThat(body.path("tier").asText()).isEqualTo("memory");
        assertThat(body.path("event").asLong()).isPositive();
        assertThat(Instant.parse(body.path("accepted").asText())).isAfter(before);
        assertThat(body.path("node").asText()).startsWith("pekko://parley@127.0.0.1:");
        JsonNode waits = member(body, ben);
        assertThat(waits.path("received_seq").asLong()).isEqualTo(seq);
        assertThat(waits.path("delivered_seq").asLong()).isZero();
        JsonNode phone = waits.path("devices").path(0);
        assertThat(phone.path("device_id").asText()).isEqualTo("phone");
        assertThat(phone.path("connected").asBoolean(true)).isFalse();
        assertThat(phone.path("acknowledged").asBoolean(true)).isFalse();
        assertThat(phone.path("push").path("reason").asText()).isNotEmpty();
        assertThat(Instant.parse(phone.path("push").path("due").asText())).isAfter(before);
        JsonNode sender = member(body, ann).path("devices").path(0);
        assertThat(sender.path("connected").asBoolean()).isTrue();
        assertThat(sender.path("push").path("why").asText()).isEqualTo("silent");

        JsonNode all = operator.get("/admin/conversations/" + id, null).expect(200).body();
        assertThat(all.path("type").asText()).isEqualTo("direct");
        assertThat(all.path("last_seq").asLong()).isEqualTo(seq);
        assertThat(all.path("entries_last_minute").asInt()).isEqualTo(1);
        JsonNode user = operator.get("/admin/users/" + ben.userId(), null).expect(200).body();
        assertThat(user.path("inbox_rows").asInt()).isEqualTo(1);
        assertThat(user.path("pending_pushes").asInt()).isEqualTo(1);
        assertThat(user.path("devices").path(0).path("push_platform").asText()).isEqualTo("apns");
        assertThat(answer.text() + all + user)
            .doesNotContain(SECRET.substring(0, 12))
            .doesNotContain("abadcafe");

        operator.get("/admin/conversations/" + id + "/entries/" + (seq + 1), null).expect(404);
        operator.get("/admin/conversations/" + id + "/entries/0", null).expect(404);
        operator.get(path + "?after=has%20space", null).expect(400);
        assertThat(
                operator.get(path + "?after=v", null).expect(200).body().path("members").isEmpty())
            .isTrue();
      }
      operator.get("/admin/conversations/g_nobody/entries/1", null).expect(404);
      operator.get("/admin/conversations/g_nobody", null).expect(404);
      operator.get("/admin/users/u_nobody", null).expect(404);
      operator.post("/admin/users/u_nobody", null, null).expect(405);
    }
  }

  private static JsonNode member(JsonNode body, TestAccount who) {
    for (JsonNode member : body.path("members")) {
      if (member.path("user_id").asText().equals(who.userId())) {
        return member;
      }
    }
    throw new AssertionError("no " + who.userId() + " in " + body);
  }

  private static JsonNode push(JsonNode body, TestAccount who) {
    return member(body, who).path("devices").path(0).path("push");
  }

  private Settings settings(Map<String, String> more) throws Exception {
    Map<String, String> all = new HashMap<>(more);
    all.put("PARLEY_DATA_DIR", Files.createDirectories(temporary.resolve("data")).toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    return Settings.from(all);
  }

  // ---- entities that fail

  private static final UserId SILENT = new UserId("u_a_silent");
  private static final UserId BUSY = new UserId("u_b_busy");
  private static final UserId WELL = new UserId("u_c_well");

  private static MemberStatus status(UserId id) {
    return new MemberStatus(id, 1, 1_000, 0, DispatchStatus.SENT, 0, 0);
  }

  private static ConversationInspection.EntryReply reply(long seq) {
    return seq == 1
        ? new EntryFound(
            "node",
            "m1",
            WELL,
            "text",
            false,
            true,
            1_000,
            1,
            Tier.MEMORY,
            null,
            1,
            3,
            List.of(status(SILENT), status(BUSY), status(WELL)),
            true)
        : new ConversationInspection.Unanswered(Refusal.unavailable("the log cannot be read now"));
  }

  private static void ask(UserId id, User.Command command) {
    if (command instanceof UserInspection.FindEntry find && !id.equals(SILENT)) {
      find.replyTo()
          .tell(
              id.equals(BUSY)
                  ? new UserInspection.Unanswered(Refusal.unavailable("busy"))
                  : new UserInspection.EntryStatus(
                      "node", UserInspection.Place.INBOX, 1, true, 0, false, List.of()));
    }
  }

  @Test
  void usersThatDoNotAnswerAreMarked() throws Exception {
    ActorTestKit kit = ActorTestKit.create("Inspection");
    AtomicLong nanos = new AtomicLong();
    AtomicLong left = new AtomicLong(TimeUnit.MILLISECONDS.toNanos(500));
    ActorRef<Conversation.Command> conversation =
        kit.spawn(
            Behaviors.receiveMessage(
                message -> {
                  if (message instanceof ConversationInspection.FindEntry find) {
                    find.replyTo().tell(reply(find.seq()));
                  }
                  return Behaviors.same();
                }));
    InspectionRoutes routes =
        new InspectionRoutes(
            kit.system(),
            id -> conversation,
            id ->
                kit.<User.Command>spawn(
                    Behaviors.receiveMessage(
                        message -> {
                          ask(id, message);
                          return Behaviors.same();
                        })),
            // An answer begins at 0. Its users are asked when only this much time is left.
            () -> nanos.getAndSet(InspectionRoutes.USERS_TIMEOUT.toNanos() - left.get()));
    ServerBinding port =
        Http.get(kit.system())
            .newServerAt("127.0.0.1", 0)
            .bind(Directives.pathPrefix("admin", routes::routes))
            .toCompletableFuture()
            .get(20, TimeUnit.SECONDS);
    try (ParleyClient operator =
        new ParleyClient(URI.create("http://127.0.0.1:" + port.localAddress().getPort()))) {
      JsonNode body = operator.get("/admin/conversations/g_1/entries/1", null).expect(200).body();
      JsonNode members = body.path("members");
      assertThat(members).hasSize(3);
      assertThat(members.path(0).path("unavailable").asBoolean()).isTrue();
      assertThat(members.path(0).path("dispatch").asText()).isEqualTo("sent");
      assertThat(members.path(1).path("unavailable").asBoolean()).isTrue();
      assertThat(members.path(2).has("unavailable")).isFalse();
      assertThat(members.path(2).path("place").asText()).isEqualTo("inbox");
      assertThat(body.path("next_after").asText()).isEqualTo(WELL.value());

      // The time of all users together is over.
      left.set(0);
      nanos.set(0);
      JsonNode late = operator.get("/admin/conversations/g_1/entries/1", null).expect(200).body();
      assertThat(late.path("members")).hasSize(3);
      assertThat(late.path("members"))
          .allSatisfy(one -> assertThat(one.path("unavailable").asBoolean()).isTrue());

      assertThat(operator.get("/admin/conversations/g_1/entries/2", null).expect(503).text())
          .contains("the log cannot be read now");
    } finally {
      kit.shutdownTestKit();
    }
  }
}
