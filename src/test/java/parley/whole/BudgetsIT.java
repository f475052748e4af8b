package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/** How much a user may write; a retry is neither written nor counted twice. */
class BudgetsIT {
  private static Map<String, String> settings(int messages, int groups) {
    Map<String, String> all = new HashMap<>(ServerProcess.SHORT_LIVED);
    all.put("PARLEY_RATE_MESSAGES_PER_MINUTE", String.valueOf(messages));
    all.put("PARLEY_GROUPS_PER_DAY", String.valueOf(groups));
    return all;
  }

  private static CompletableFuture<Answer> group(
      ParleyClient client,
      TestAccount creator,
      String name,
      @Nullable String ref,
      String... members) {
    return client.callAsync(
        "POST",
        "/v1/groups",
        creator.accessToken(),
        JsonTrees.obj("name", name, "member_ids", List.of(members), "client_ref", ref));
  }

  private static String id(Answer answer) {
    return answer.body().path("conversation_id").asText();
  }

  @Test
  void oneClientRefIsOneGroup(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data, settings(0, 3));
        ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      // Retries before the first attempt has its answer.
      List<CompletableFuture<Answer>> asked = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        asked.add(group(client, ann, "Trip", "ref-1", ben.userId()));
      }
      List<Answer> answers = asked.stream().map(CompletableFuture::join).toList();
      assertThat(answers).allMatch(Answer::ok);
      assertThat(answers).extracting(Answer::status).containsOnlyOnce(201);
      String id = id(answers.getFirst());
      assertThat(answers).extracting(BudgetsIT::id).containsOnly(id);

      server.kill9();
      server.restart();
      Answer again = group(client, ann, "Another name", "ref-1", "u_nobody").join().expect(200);
      assertThat(id(again)).isEqualTo(id);
      assertThat(again.body().path("name").asText()).isEqualTo("Trip");
      assertThat(again.body().path("members")).hasSize(2);
      assertThat(client.log(ann, id)).hasSize(1);

      // The same reference of another user, and another reference.
      assertThat(id(group(client, ben, "Trip", "ref-1").join().expect(201))).isNotEqualTo(id);
      assertThat(id(group(client, ann, "Trip", "ref-2").join().expect(201))).isNotEqualTo(id);
      JsonNode bad = group(client, ann, "Trip", "no spaces").join().expect(400).body();
      assertThat(bad.path("field").asText()).isEqualTo("client_ref");

      // All calls that made one group took one of the day's groups. A refused group is begun all
      // the same.
      group(client, ann, "Trip", "ref-3", "u_nobody").join().expect(404, "not_found");
      Answer full = group(client, ann, "Trip", null).join().expect(429, "rate_limited");
      assertThat(full.headers().firstValueAsLong("Retry-After").orElse(0))
          .isBetween(85_000L, 86_400L);
      server.kill9();
      server.restart();
      group(client, ann, "Trip", "ref-4").join().expect(429, "rate_limited");
      // With its reference it can be created now, because its members exist.
      Answer made = group(client, ann, "Trip", "ref-3", ben.userId()).join().expect(201);
      assertThat(made.body().path("members")).hasSize(2);
      assertThat(id(group(client, ann, "Trip", "ref-1").join().expect(200))).isEqualTo(id);
      // A user who has left the group gets {@code not_found}.
      client
          .call("DELETE", "/v1/groups/" + id + "/members/" + ann.userId(), ann.accessToken(), null)
          .expect(204);
      group(client, ann, "Trip", "ref-1").join().expect(404, "not_found");
      assertThat(metrics(server)).contains("parley_limited_total{limit=\"groups_per_day\"}");
    }
  }

  private static String metrics(ServerProcess server) {
    try (ParleyClient operator = new ParleyClient(server.management())) {
      return operator.get("/metrics", null).expect(200).text();
    }
  }

  @Test
  void everythingThatMakesAnEntryTakesFromOneBudgetAndARetryDoesNot(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data, settings(10, 0));
        ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      String token = ann.accessToken();
      String id = id(group(client, ann, "Trip", "ref-1", ben.userId()).join().expect(201));
      try (ParleySocket phone = client.connectSynced(ann, "phone")) {
        assertThat(phone.request(message("m1", id, "one").put("op", "send")).path("op").asText())
            .isEqualTo("sent");
        client.post("/v1/messages", token, message("m2", id, "two")).expect(201);
        phone.request(SharedServer.change("edit", id, 2, "content", "one!"));
        phone.request(SharedServer.change("react", id, 2, "reaction", "+1"));
        phone.request(SharedServer.change("delete", id, 3, "content", ""));
        client.call("PATCH", "/v1/groups/" + id, token, JsonTrees.obj("name", "T")).expect(200);
        String member = "/v1/groups/" + id + "/members/" + ben.userId();
        client.call("PUT", member, token, JsonTrees.obj("role", "admin")).expect(200);
        // Retries are taken from another budget, or this would be more than ten.
        for (int i = 0; i < 20; i++) {
          client.post("/v1/messages", token, message("m2", id, "other")).expect(200);
          JsonNode again = phone.request(message("m1", id, "other").put("op", "send"));
          assertThat(again.path("duplicate").asBoolean()).as(again.toString()).isTrue();
          group(client, ann, "Trip", "ref-1").join().expect(200);
        }
        client.call("DELETE", member, token, null).expect(204);
        client
            .post(
                "/v1/groups/" + id + "/members",
                token,
                JsonTrees.obj("user_ids", List.of(ben.userId())))
            .expect(200);
        // Ten, or a few more if the test was so slow that some refilled.
        int more = 0;
        while (client.post("/v1/messages", token, message("x" + more, id, "x")).status() == 201) {
          assertThat(++more).isLessThan(1_000);
        }
        client.post("/v1/messages", token, message("y", id, "x")).expect(429, "rate_limited");
        limited(client.call("PATCH", "/v1/groups/" + id, token, JsonTrees.obj("name", "T2")));
        limited(client.call("PUT", member, token, JsonTrees.obj("role", "admin")));
        limited(client.call("DELETE", member, token, null));
        limited(
            client.post(
                "/v1/groups/" + id + "/members", token, JsonTrees.obj("user_ids", List.of("u"))));
        limited(group(client, ann, "Another", "ref-2").join());
        limited(group(client, ann, "Another", null).join());
        JsonNode no = phone.request(message("z", id, "x").put("op", "send"));
        assertThat(no.path("code").asText()).isEqualTo("rate_limited");
        assertThat(no.path("retry_after_ms").asLong()).isPositive();
        // A user over the rate still gets the answers to earlier messages.
        assertThat(
                client
                    .post("/v1/messages", token, message("m2", id, "other"))
                    .expect(200)
                    .body()
                    .path("duplicate")
                    .asBoolean())
            .isTrue();
        JsonNode again = phone.request(message("m1", id, "other").put("op", "send"));
        assertThat(again.path("duplicate").asBoolean()).as(again.toString()).isTrue();
        assertThat(id(group(client, ann, "Trip", "ref-1").join().expect(200))).isEqualTo(id);
        assertThat(metrics(server)).contains("parley_limited_total{limit=\"messages\"}");
      }
    }
  }

  private static void limited(Answer answer) {
    answer.expect(429, "rate_limited");
    assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(1L, 6L);
  }

  private static com.fasterxml.jackson.databind.node.ObjectNode message(
      String name, String conversation, String content) {
    return JsonTrees.obj(
        "conversation_id", conversation, "client_msg_id", name, "type", "text", "content", content);
  }
}
