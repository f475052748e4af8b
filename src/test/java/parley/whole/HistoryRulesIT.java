package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;

/** Pages of a conversation and of the inbox. */
class HistoryRulesIT {
  private final ParleyClient client = SharedServer.client();

  @Test
  void pages() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String id = client.direct(ann, ben.userId());
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      page(body(ann, id, ""), List.of(), false);
      for (int i = 1; i <= 230; i++) {
        a.text(id, "number " + i);
      }
      page(body(ann, id, ""), range(181, 230), true);
      page(body(ann, id, "?limit=10"), range(221, 230), true);
      page(body(ann, id, "?limit=10&before=11"), range(1, 10), false);
      page(body(ann, id, "?limit=10&before=12"), range(2, 11), true);
      page(body(ann, id, "?limit=100&after=0"), range(1, 100), true);
      page(body(ann, id, "?limit=100&after=130"), range(131, 230), false);
      page(body(ann, id, "?limit=100&after=129"), range(130, 229), true);
      page(body(ann, id, "?after=230"), List.of(), false);
      page(body(ann, id, "?after=5000"), List.of(), false);
      page(body(ann, id, "?before=1"), List.of(), false);
      page(body(ann, id, "?limit=3&before=5000"), range(228, 230), true);
      for (JsonNode query :
          List.of(
              JsonTrees.obj("limit", 3, "before", 100),
              JsonTrees.obj("limit", 3, "after", 100),
              JsonTrees.obj("limit", 3))) {
        JsonNode overSocket =
            a.request(
                JsonTrees.obj(
                    "op",
                    "history",
                    "conversation_id",
                    id,
                    "limit",
                    3,
                    "before",
                    query.get("before"),
                    "after",
                    query.get("after")));
        String sign = query.has("before") ? "&before=100" : query.has("after") ? "&after=100" : "";
        assertThat(overSocket.path("op").asText()).isEqualTo("history");
        assertThat(overSocket.path("entries"))
            .isEqualTo(body(ann, id, "?limit=3" + sign).path("entries"));
      }
      for (JsonNode bad :
          List.of(
              JsonTrees.obj("before", 5, "after", 2),
              JsonTrees.obj("limit", 0),
              JsonTrees.obj("limit", 101))) {
        JsonNode answer =
            a.request(
                JsonTrees.obj(
                    "op",
                    "history",
                    "conversation_id",
                    id,
                    "limit",
                    bad.get("limit"),
                    "before",
                    bad.get("before"),
                    "after",
                    bad.get("after")));
        assertThat(answer.path("code").asText()).isIn("bad_request", "bad_frame");
      }
    }
    assertThat(client.log(ben, id)).hasSize(230).noneMatch(entry -> entry.has("client_msg_id"));
  }

  private static JsonNode body(TestAccount testAccount, String id, String query) {
    return SharedServer.history(testAccount, id, query).expect(200).body();
  }

  private static void page(JsonNode body, List<Integer> seqs, boolean more) {
    List<Integer> got = new ArrayList<>();
    body.path("entries").forEach(entry -> got.add(entry.path("seq").asInt()));
    assertThat(got).isEqualTo(seqs);
    assertThat(body.path("has_more").asBoolean(!more)).isEqualTo(more);
    assertThat(body.path("tier").asText()).isIn("memory", "hot", "cold", "mixed");
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.rangeClosed(from, to).boxed().toList();
  }

  @Test
  void theInboxIsNewestFirst() {
    TestAccount ann = SharedServer.user("ann");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(SharedServer.group(ann, SharedServer.user("peer")));
    }
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      a.text(ids.get(1), "newer");
      long target = a.text(ids.get(3), "newest").path("seq").asLong();
      a.request(SharedServer.change("edit", ids.get(3), target, "content", "edited"));
      a.request(SharedServer.change("react", ids.get(0), 1, "reaction", "x"));
      List<String> wanted = List.of(ids.get(3), ids.get(1), ids.get(4), ids.get(2), ids.get(0));
      await().untilAsserted(() -> assertThat(order(ann, a)).isEqualTo(wanted));
      String longText = "ü".repeat(300);
      a.text(ids.get(2), longText);
      await()
          .untilAsserted(
              () -> {
                JsonNode row = SharedServer.row(ann, ids.get(2));
                String preview = row.path("last_message").path("preview").asText();
                assertThat(preview.length()).isLessThanOrEqualTo(120);
                assertThat(preview).startsWith("üüü");
              });
    }
  }

  /** Reads pages of two rows over HTTP and over the socket, which must agree. */
  private List<String> order(TestAccount ann, ParleySocket socket) {
    List<String> overHttp = new ArrayList<>();
    List<String> overSocket = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page =
          client
              .get(
                  "/v1/conversations?limit=2"
                      + (cursor.isEmpty()
                          ? ""
                          : "&cursor="
                              + java.net.URLEncoder.encode(
                                  cursor, java.nio.charset.StandardCharsets.UTF_8)),
                  ann.accessToken())
              .expect(200)
              .body();
      page.path("conversations").forEach(row -> overHttp.add(row.path("conversation_id").asText()));
      JsonNode same =
          socket.request(
              JsonTrees.obj("op", "inbox", "limit", 2, "cursor", cursor.isEmpty() ? null : cursor));
      same.path("conversations")
          .forEach(row -> overSocket.add(row.path("conversation_id").asText()));
      cursor = page.path("next_cursor").asText("");
    } while (!cursor.isEmpty());
    assertThat(overSocket).isEqualTo(overHttp);
    return overHttp;
  }
}
