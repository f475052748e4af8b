package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingQuery;
import org.apache.pekko.cluster.sharding.typed.GetShardRegionState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.conversation.Conversation;
import parley.user.User;

/** Everything a client does, with its session on one node and every entity on another. */
@Timeout(180)
class TwoNodesIT {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // by start()
  private TwoNodes nodes;

  @SuppressWarnings("NullAway.Init") // by start()
  private ParleyClient client;

  private void start(int messagesPerMinute) throws Exception {
    nodes =
        new TwoNodes(
            folder, Map.of("PARLEY_RATE_MESSAGES_PER_MINUTE", String.valueOf(messagesPerMinute)));
    client = TwoNodes.client(nodes.atEdge);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    nodes.close();
  }

  @Test
  void messagesReceiptsAndPresenceCrossNodes() throws Exception {
    start(0);
    TestAccount ann = client.register("ann");
    TestAccount ben = client.login("ben", client.register("ben").password());
    TestAccount cat = client.refresh(client.register("cat"));
    String direct = client.direct(ann, ben.userId());
    String group = client.group(ann, "Three of us", List.of(ben, cat));
    try (ParleySocket annPhone = client.connectSynced(ann, "phone");
        ParleySocket benPhone = client.connectSynced(ben, "phone");
        ParleySocket benDesk = client.connectSynced(ben, "desk")) {
      JsonNode sent = annPhone.text(direct, "hello ben");
      assertThat(sent.path("seq").asLong()).isEqualTo(1);
      for (ParleySocket one : List.of(benPhone, benDesk)) {
        assertThat(one.await(Frames.message(direct, 1)).path("content").asText())
            .isEqualTo("hello ben");
      }
      annPhone.await(receipt(direct, "delivered_seq", 1));
      benPhone.read(direct, 1);
      annPhone.await(receipt(direct, "read_seq", 1));
      annPhone.text(group, "hello all");
      benPhone.await(Frames.message(group, 2));

      annPhone.request(JsonTrees.obj("op", "watch", "user_ids", List.of(ben.userId())));
      annPhone.await(Frames.op("presence").and(Frames.has("status", "online")));
      benPhone.send(JsonTrees.obj("op", "typing", "conversation_id", direct, "active", true));
      annPhone.await(Frames.op("typing").and(Frames.has("user_id", ben.userId())));
      client
          .call("PUT", "/v1/users/me/presence", ben.accessToken(), JsonTrees.obj("status", "away"))
          .expect(204);
      annPhone.await(Frames.op("presence").and(Frames.has("status", "away")));

      client
          .call(
              "PATCH", "/v1/users/me", ben.accessToken(), JsonTrees.obj("display_name", "Benjamin"))
          .expect(200);
      annPhone.await(Frames.op("inbox_update").and(frame -> frame.toString().contains("Benjamin")));
      JsonNode inbox = annPhone.request(JsonTrees.obj("op", "inbox", "limit", 10));
      assertThat(inbox.path("conversations")).hasSize(2);
      JsonNode history =
          annPhone.request(JsonTrees.obj("op", "history", "conversation_id", group, "limit", 10));
      assertThat(history.path("entries")).hasSize(2);
    }
    try (ParleySocket catPhone = client.connect(cat, "phone")) {
      assertThat(catPhone.await(Frames.op("synced")).path("backlog").asInt(-1)).isZero();
    }
    assertThat(client.log(cat, group)).hasSize(2);
    assertThat(client.get("/v1/users?username=ben", ann.accessToken()).expect(200).body())
        .hasToString(
            client.get("/v1/users?username=ben", cat.accessToken()).expect(200).body().toString());
    client.get("/v1/users/me/devices", ben.accessToken()).expect(200);
    client
        .post(
            "/v1/groups/" + group + "/members",
            ann.accessToken(),
            JsonTrees.obj("user_ids", List.of(ben.userId())))
        .expect(200);
    nothingLivesAtTheEdge();
  }

  @Test
  void aNodeThatDiesTakesItsSessionsOffline() throws Exception {
    start(0);
    TestAccount ann = client.register("ann");
    TestAccount ben = client.register("ben");
    String direct = client.direct(ann, ben.userId());
    try (ParleyClient other = TwoNodes.client(nodes.atEntities);
        ParleySocket annPhone = other.connectSynced(ann, "phone");
        ParleySocket benPhone = client.connectSynced(ben, "phone")) {
      annPhone.request(JsonTrees.obj("op", "watch", "user_ids", List.of(ben.userId())));
      annPhone.await(Frames.op("presence").and(Frames.has("status", "online")));
      long before = System.currentTimeMillis();
      TwoNodes.kill(nodes.edge, nodes.entities);
      JsonNode gone = annPhone.await(Frames.op("presence").and(Frames.has("status", "offline")));
      assertThat(java.time.Instant.parse(gone.path("last_seen").asText()).toEpochMilli())
          .isGreaterThanOrEqualTo(before);
      annPhone.text(direct, "you are offline");
      String devices =
          other.get("/v1/users/me/devices", ben.accessToken()).expect(200).body().toString();
      assertThat(devices).contains("phone");
      assertThat(benPhone.awaitClosed()).isNotNull();
      try (ParleySocket again = other.connect(ben, "phone")) {
        assertThat(again.await(Frames.message(direct, 1)).path("content").asText())
            .isEqualTo("you are offline");
      }
    }
  }

  @Test
  void aSessionOutlivesTheNodeOfItsUser() throws Exception {
    start(0);
    TestAccount ann = client.register("ann");
    TestAccount ben = client.register("ben");
    String direct = client.direct(ann, ben.userId());
    try (ParleySocket annPhone = client.connectSynced(ann, "phone");
        ParleySocket benPhone = client.connectSynced(ben, "phone")) {
      annPhone.text(direct, "before");
      benPhone.await(Frames.message(direct, 1));
      TwoNodes.kill(nodes.entities, nodes.edge);
      // The connections stay open, and nothing is lost.
      Awaitility.await()
          .atMost(java.time.Duration.ofSeconds(60))
          .ignoreExceptions()
          .until(() -> annPhone.text(direct, "after").path("op").asText().equals("sent"));
      assertThat(benPhone.await(Frames.message(direct, 2)).path("content").asText())
          .isEqualTo("after");
    }
    assertThat(client.log(ben, direct)).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void aUserOnTwoNodesHasOneRate() throws Exception {
    start(50);
    TestAccount ann = client.register("ann");
    TestAccount ben = client.register("ben");
    String direct = client.direct(ann, ben.userId());
    try (ParleyClient other = TwoNodes.client(nodes.atEntities);
        ParleySocket phone = client.connectSynced(ann, "phone");
        ParleySocket desk = other.connectSynced(ann, "desk")) {
      long start = System.nanoTime();
      int sent = 0;
      for (int i = 0; i < 60; i++) {
        for (ParleySocket one : List.of(phone, desk)) {
          JsonNode answer =
              one.request(
                  JsonTrees.obj(
                      "op",
                      "send",
                      "conversation_id",
                      direct,
                      "client_msg_id",
                      "m" + i + "-" + (one == phone ? "a" : "b"),
                      "type",
                      "text",
                      "content",
                      "x"));
          sent += answer.path("op").asText().equals("sent") ? 1 : 0;
        }
      }
      // Each node may be ahead of its reports by a batch of five; tokens that refill meanwhile are
      // allowed too.
      long back = (System.nanoTime() - start) / 1_200_000_000L + 1;
      assertThat((long) sent).isBetween(50L, 50 + 2 * 5 + back);
    }
  }

  private static java.util.function.Predicate<JsonNode> receipt(
      String conversation, String cursor, long seq) {
    return Frames.op("receipt")
        .and(Frames.has("conversation_id", conversation))
        .and(frame -> frame.path(cursor).asLong() >= seq);
  }

  private void nothingLivesAtTheEdge() {
    var state = ClusterSharding.get(nodes.edge).shardState();
    for (var key : List.of(User.KEY, Conversation.KEY)) {
      ShardRegion.CurrentShardRegionState here =
          TwoNodes.join(
              AskPattern.<ClusterShardingQuery, ShardRegion.CurrentShardRegionState>ask(
                  state,
                  (ActorRef<ShardRegion.CurrentShardRegionState> to) ->
                      new GetShardRegionState(key, to),
                  java.time.Duration.ofSeconds(10),
                  nodes.edge.scheduler()));
      assertThat(here.getShards()).isEmpty();
    }
  }
}
