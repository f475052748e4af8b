package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;

/** Which members see which entries of a conversation. */
class MembershipRulesIT {
  private final ParleyClient client = SharedServer.client();

  @Test
  void aStrangerLearnsNothing() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    TestAccount eve = SharedServer.user("eve");
    String real = SharedServer.group(ann, ben);
    String token = eve.accessToken();
    try (ParleySocket e = client.connectSynced(eve, "phone")) {
      for (String id : List.of(real, "no-such-conversation")) {
        client.get("/v1/conversations/" + id, token).expect(404, "not_found");
        SharedServer.history(eve, id, "").expect(404, "not_found");
        client
            .post("/v1/conversations/" + id + "/read", token, JsonTrees.obj("seq", 1))
            .expect(404, "not_found");
        client
            .call("PATCH", "/v1/groups/" + id, token, JsonTrees.obj("name", "mine"))
            .expect(404, "not_found");
        client
            .post(
                "/v1/groups/" + id + "/members",
                token,
                JsonTrees.obj("user_ids", List.of(eve.userId())))
            .expect(404, "not_found");
        client
            .call("DELETE", "/v1/groups/" + id + "/members/" + ann.userId(), token, null)
            .expect(404, "not_found");
        client.post("/v1/messages", token, SharedServer.text(id, "hi")).expect(404, "not_found");
        refused(e.request(SharedServer.text(id, "hi")), "not_found");
        refused(e.request(SharedServer.change("edit", id, 1, "content", "x")), "not_found");
        refused(e.request(SharedServer.change("react", id, 1, "reaction", "x")), "not_found");
        refused(e.request(JsonTrees.obj("op", "history", "conversation_id", id)), "not_found");
      }
    }
    assertThat(client.log(ann, real)).hasSize(1);
  }

  private static void refused(JsonNode answer, String code) {
    assertThat(answer.path("op").asText()).isEqualTo("error");
    assertThat(answer.path("code").asText()).isEqualTo(code);
  }

  @Test
  void aMemberSeesFromItsAddingToItsRemoval() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    TestAccount cat = SharedServer.user("cat");
    try (ParleySocket a = client.connectSynced(ann, "phone");
        ParleySocket c = client.connectSynced(cat, "phone")) {
      String id = SharedServer.group(ann, ben);
      a.text(id, "before cat");
      client.post(
          "/v1/groups/" + id + "/members",
          ann.accessToken(),
          JsonTrees.obj("user_ids", List.of(cat.userId())));
      JsonNode added = c.await(Frames.op("message").and(Frames.has("type", "members_added")));
      long start = added.path("seq").asLong();
      assertThat(start).isEqualTo(3);
      JsonNode row = SharedServer.row(cat, id);
      assertThat(row.path("unread_count").asInt()).isZero();
      assertThat(row.path("read_seq").asLong()).isEqualTo(start - 1);
      assertThat(row.path("last_message").isNull()).isTrue();
      a.text(id, "hello cat");
      c.await(Frames.message(id, start + 1));
      assertThat(seqs(client.log(cat, id))).containsExactly(start, start + 1);
      assertThat(seqs(list(SharedServer.history(cat, id, "?before=3")))).isEmpty();
      assertThat(
              c.request(SharedServer.change("react", id, 2, "reaction", "👍")).path("op").asText())
          .isEqualTo("error");

      int mark = c.mark();
      client
          .call("DELETE", "/v1/groups/" + id + "/members/" + cat.userId(), ann.accessToken(), null)
          .expect(204);
      JsonNode removed =
          c.awaitAfter(mark, Frames.op("message").and(Frames.has("type", "member_removed")));
      assertThat(removed.path("user_id").asText()).isEqualTo(cat.userId());
      c.awaitAfter(
          mark,
          Frames.op("inbox_update")
              .and(Frames.has("conversation_id", id))
              .and(Frames.has("removed", true)));
      SharedServer.history(cat, id, "").expect(404, "not_found");
      assertThat(SharedServer.row(cat, id).isMissingNode()).isTrue();
      refused(c.request(SharedServer.text(id, "still here?")), "not_found");

      long unseen = a.text(id, "without cat").path("seq").asLong();
      client.post(
          "/v1/groups/" + id + "/members",
          ann.accessToken(),
          JsonTrees.obj("user_ids", List.of(cat.userId())));
      JsonNode again =
          c.awaitAfter(mark, Frames.op("message").and(Frames.has("type", "members_added")));
      assertThat(again.path("seq").asLong()).isEqualTo(unseen + 1);
      assertThat(seqs(client.log(cat, id))).doesNotContain(unseen).contains(unseen + 1);
      assertThat(c.frames(Frames.message(id, unseen))).isEmpty();
    }
  }

  private static List<JsonNode> list(parley.client.Answer answer) {
    List<JsonNode> entries = new java.util.ArrayList<>();
    answer.expect(200).body().path("entries").forEach(entries::add);
    return entries;
  }

  private static List<Long> seqs(List<JsonNode> entries) {
    return entries.stream().map(entry -> entry.path("seq").asLong()).toList();
  }

  @Test
  void adminsOnly() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    TestAccount cat = SharedServer.user("cat");
    TestAccount dan = SharedServer.user("dan");
    String id = SharedServer.group(ann, ben, cat);
    String path = "/v1/groups/" + id;
    client
        .call("PATCH", path, ben.accessToken(), JsonTrees.obj("name", "bens"))
        .expect(403, "forbidden");
    client
        .post(
            path + "/members", ben.accessToken(), JsonTrees.obj("user_ids", List.of(dan.userId())))
        .expect(403, "forbidden");
    client
        .call("DELETE", path + "/members/" + cat.userId(), ben.accessToken(), null)
        .expect(403, "forbidden");
    client
        .call(
            "PUT",
            path + "/members/" + ben.userId(),
            ben.accessToken(),
            JsonTrees.obj("role", "admin"))
        .expect(403, "forbidden");
    assertThat(client.call("PATCH", path, ann.accessToken(), JsonTrees.obj("name", "anns")).ok())
        .isTrue();
    assertThat(
            client
                .call(
                    "PUT",
                    path + "/members/" + cat.userId(),
                    ann.accessToken(),
                    JsonTrees.obj("role", "admin"))
                .ok())
        .isTrue();
    assertThat(
            client.call("DELETE", path + "/members/" + ben.userId(), ben.accessToken(), null).ok())
        .isTrue();
    assertThat(
            client
                .call(
                    "PUT",
                    path + "/members/" + cat.userId(),
                    ann.accessToken(),
                    JsonTrees.obj("role", "member"))
                .ok())
        .isTrue();
    // The last admin leaves: the longest-standing member becomes admin.
    assertThat(
            client.call("DELETE", path + "/members/" + ann.userId(), ann.accessToken(), null).ok())
        .isTrue();
    JsonNode group = client.get("/v1/conversations/" + id, cat.accessToken()).expect(200).body();
    assertThat(group.path("members")).hasSize(1);
    assertThat(group.path("members").path(0).path("role").asText()).isEqualTo("admin");
    assertThat(group.path("name").asText()).isEqualTo("anns");
    List<String> types = client.log(cat, id).stream().map(e -> e.path("type").asText()).toList();
    assertThat(types)
        .startsWith("group_created")
        .contains("group_changed", "role_changed", "member_removed");
  }

  @Test
  void directConversations() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String id = client.direct(ann, ben.userId());
    assertThat(client.direct(ben, ann.userId())).isEqualTo(id);
    assertThat(
            client
                .post(
                    "/v1/conversations",
                    ann.accessToken(),
                    JsonTrees.obj("type", "direct", "user_id", ann.userId()))
                .status())
        .isBetween(400, 404);
    client
        .post(
            "/v1/conversations",
            ann.accessToken(),
            JsonTrees.obj("type", "direct", "user_id", "nobody-here"))
        .expect(404, "not_found");
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      JsonNode sent =
          a.request(
              JsonTrees.obj(
                  "op",
                  "send",
                  "to",
                  ben.userId(),
                  "client_msg_id",
                  "to-1",
                  "type",
                  "text",
                  "content",
                  "hi"));
      assertThat(sent.path("conversation_id").asText()).isEqualTo(id);
      assertThat(
              a.request(
                      JsonTrees.obj(
                          "op",
                          "send",
                          "to",
                          ann.userId(),
                          "client_msg_id",
                          "to-2",
                          "type",
                          "text",
                          "content",
                          "hi"))
                  .path("op")
                  .asText())
          .isEqualTo("error");
      assertThat(
              a.request(
                      JsonTrees.obj(
                          "op",
                          "send",
                          "to",
                          "nobody-here",
                          "client_msg_id",
                          "to-3",
                          "type",
                          "text",
                          "content",
                          "hi"))
                  .path("code")
                  .asText())
          .isEqualTo("not_found");
    }
    await()
        .untilAsserted(
            () -> {
              JsonNode row = SharedServer.row(ben, id);
              assertThat(row.path("name").asText()).isEqualTo(ann.username());
              assertThat(row.path("unread_count").asInt()).isEqualTo(1);
            });
  }
}
