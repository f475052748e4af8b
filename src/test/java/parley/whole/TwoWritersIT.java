package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.JsonTrees;
import parley.client.TestAccount;

/**
 * A deliberate split brain: two whole servers that do not know of each other, each a cluster of its
 * own, use the same tables. Both own the same conversation, and both accept messages for it.
 */
@Timeout(120)
class TwoWritersIT {
  /** Who was active where is told to each of them alone, or they would fall over that first. */
  private static final String APART =
      """
      pekko.cluster.sharding.journal-plugin-id = "pekko.persistence.journal.inmem"
      pekko.cluster.sharding.snapshot-plugin-id = "pekko.persistence.no-snapshot-store"
      """;

  @AfterEach
  void guarded() {
    System.clearProperty("parley.store.guard");
  }

  @Test
  void noAcknowledgedEntryIsOverwritten() {
    Outcome outcome = twoServers();
    assertThat(outcome.readable()).isTrue();
    assertThat(outcome.log()).isEqualTo(outcome.acknowledged());
    assertThat(outcome.overwritten()).isEmpty();
  }

  @Test
  void withoutTheGuardOneIs() {
    System.setProperty("parley.store.guard", "off");
    Outcome outcome = twoServers();
    assertThat(outcome.overwritten()).isNotEmpty();
    // The entry is lost, or worse: a journal with alternating writers is refused as a whole.
    assertThat(outcome.log().values()).doesNotContainAnyElementsOf(outcome.overwritten());
  }

  /**
   * @param acknowledged by seq what the users were told
   * @param overwritten what was acknowledged under a seq that was given to another one later
   * @param log by seq what a server that was started afterwards finds
   * @param readable whether it finds anything
   */
  private record Outcome(
      Map<Long, String> acknowledged,
      List<String> overwritten,
      Map<Long, String> log,
      boolean readable) {}

  private static Outcome twoServers() {
    String prefix = DynamoLocal.prefix();
    Map<Long, String> acknowledged = new TreeMap<>();
    List<String> overwritten = new ArrayList<>();
    TestAccount ann;
    String id;
    try (DynamoServer one = DynamoServer.start(DynamoLocal.endpoint(), prefix, APART);
        DynamoServer two = DynamoServer.start(DynamoLocal.endpoint(), prefix, APART)) {
      ann = one.client().register(ClientIds.username("ann"));
      id = one.client().direct(ann, one.client().register(ClientIds.username("ben")).userId());
      post(one, ann, id, "one 1", acknowledged, overwritten);
      post(two, ann, id, "two 1", acknowledged, overwritten);
      post(one, ann, id, "one 2", acknowledged, overwritten);
      post(two, ann, id, "two 2", acknowledged, overwritten);
    }
    try (DynamoServer later = DynamoServer.start(DynamoLocal.endpoint(), prefix)) {
      String path = "/v1/conversations/" + id + "/messages?after=0&limit=100";
      Answer answer = later.client().get(path, ann.accessToken());
      for (int tries = 0; answer.status() == 503 && tries < 4; tries++) {
        answer = later.client().get(path, ann.accessToken());
      }
      Map<Long, String> log = new TreeMap<>();
      answer
          .body()
          .path("entries")
          .forEach(e -> log.put(e.path("seq").asLong(), e.path("content").asText()));
      return new Outcome(acknowledged, overwritten, log, answer.status() == 200);
    }
  }

  /** Sends as a client does: under the same id until there is an answer. */
  private static void post(
      DynamoServer at,
      TestAccount ann,
      String id,
      String content,
      Map<Long, String> acknowledged,
      List<String> overwritten) {
    var message =
        JsonTrees.obj(
            "conversation_id",
            id,
            "client_msg_id",
            ClientIds.next(),
            "type",
            "text",
            "content",
            content);
    Answer answer = at.client().post("/v1/messages", ann.accessToken(), message);
    for (int tries = 0; answer.status() == 503 && tries < 4; tries++) {
      answer = at.client().post("/v1/messages", ann.accessToken(), message);
    }
    assertThat(answer.status()).isIn(200, 201);
    long seq = answer.body().path("seq").asLong();
    String before = acknowledged.put(seq, content);
    if (before != null) {
      overwritten.add(before);
    }
  }
}
