package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;

/** Actions in a conversation, and what the other members see of them. */
class ChatRulesIT {
  private final ParleyClient client = SharedServer.client();
  private final TestAccount ann = SharedServer.user("ann");
  private final TestAccount ben = SharedServer.user("ben");
  private final String id = SharedServer.group(ann, ben);
  private final ParleySocket a = client.connectSynced(ann, "phone");
  private final ParleySocket a2 = client.connectSynced(ann, "laptop");
  private final ParleySocket b = client.connectSynced(ben, "phone");

  @BeforeEach
  void quiet() {
    a.ping();
  }

  @AfterEach
  void close() {
    List.of(a, a2, b).forEach(ParleySocket::close);
  }

  @Test
  void aMessageReachesEveryOtherDevice() {
    JsonNode sent = a.request(SharedServer.text(id, "hello").put("reply_to", 1));
    assertThat(sent.path("status").asText()).isEqualTo("sent");
    assertThat(sent.path("duplicate").asBoolean(true)).isFalse();
    long seq = sent.path("seq").asLong();
    JsonNode toBen = b.await(Frames.message(id, seq));
    JsonNode toSelf = a2.await(Frames.message(id, seq));
    for (JsonNode frame : List.of(toBen, toSelf)) {
      assertThat(frame.path("message_id")).isEqualTo(sent.path("message_id"));
      assertThat(frame.path("server_timestamp")).isEqualTo(sent.path("server_timestamp"));
      assertThat(frame.path("sender_id").asText()).isEqualTo(ann.userId());
      assertThat(frame.path("content").asText()).isEqualTo("hello");
      assertThat(frame.path("reply_to").asLong()).isEqualTo(1);
    }
    assertThat(toSelf.path("client_msg_id")).isEqualTo(sent.path("client_msg_id"));
    assertThat(toBen.has("client_msg_id")).isFalse();
    long next = b.text(id, "hi").path("seq").asLong();
    a.await(Frames.message(id, next));
    assertThat(a.frames(Frames.message(id, seq))).isEmpty();
  }

  @Test
  void editsAndDeletions() {
    long one = a.text(id, "one").path("seq").asLong();
    long two = a.text(id, "two").path("seq").asLong();
    refused(b.request(SharedServer.change("edit", id, one, "content", "bens")), "forbidden");
    refused(b.request(SharedServer.change("delete", id, one, "x", "x")), "forbidden");
    JsonNode edited = a.request(SharedServer.change("edit", id, two, "content", "zwei"));
    assertThat(edited.path("seq").asLong()).isEqualTo(two + 1);
    JsonNode frame = b.await(Frames.message(id, two + 1));
    assertThat(frame.path("type").asText()).isEqualTo("edit");
    assertThat(frame.path("target_seq").asLong()).isEqualTo(two);
    assertThat(frame.path("content").asText()).isEqualTo("zwei");
    preview(two, "zwei", 2);
    JsonNode shown = client.log(ben, id).get((int) two - 1);
    assertThat(shown.path("content").asText()).isEqualTo("zwei");
    assertThat(shown.path("edited").asBoolean()).isTrue();

    b.read(id, one);
    preview(two, "zwei", 1);
    a.request(SharedServer.change("delete", id, two, "x", "x"));
    preview(one, "one", 0);
    List<JsonNode> log = client.log(ben, id);
    assertThat(log.get((int) two - 1).path("deleted").asBoolean()).isTrue();
    assertThat(log.toString()).doesNotContain("zwei").doesNotContain("two");
    refused(a.request(SharedServer.change("edit", id, two, "content", "again")), "forbidden");
    refused(a.request(SharedServer.change("react", id, two, "reaction", "x")), "forbidden");
    refused(a.request(SharedServer.change("edit", id, 999, "content", "x")), "");
    // An admin deletes what others wrote.
    long bens = b.text(id, "bens words").path("seq").asLong();
    assertThat(a.request(SharedServer.change("delete", id, bens, "x", "x")).path("op").asText())
        .isEqualTo("sent");
    assertThat(client.log(ann, id).toString()).doesNotContain("bens words");
  }

  private void preview(long seq, String text, int unread) {
    await()
        .untilAsserted(
            () -> {
              JsonNode row = SharedServer.row(ben, id);
              assertThat(row.path("last_message").path("seq").asLong()).isEqualTo(seq);
              assertThat(row.path("last_message").path("preview").asText()).isEqualTo(text);
              assertThat(row.path("unread_count").asInt()).isEqualTo(unread);
            });
  }

  private static void refused(JsonNode answer, String code) {
    assertThat(answer.path("op").asText()).as("%s", answer).isEqualTo("error");
    if (!code.isEmpty()) {
      assertThat(answer.path("code").asText()).as("%s", answer).isEqualTo(code);
    }
  }

  @Test
  void receiptsAndCursors() {
    long seq = a.text(id, "read me").path("seq").asLong();
    a.await(receipt(ben, "delivered_seq", seq));
    b.read(id, seq);
    JsonNode read = a.await(receipt(ben, "read_seq", seq));
    assertThat(read.path("delivered_seq").asLong()).isGreaterThanOrEqualTo(seq);
    a2.await(receipt(ben, "read_seq", seq));
    // A smaller seq is ignored, and a too large one means the end of the log.
    b.read(id, 1);
    b.ack(id, 1);
    b.read(id, 1_000_000);
    long next = a.text(id, "more").path("seq").asLong();
    b.await(Frames.message(id, next));
    b.read(id, next);
    a.await(receipt(ben, "read_seq", next));
    for (JsonNode frame : a.frames(Frames.op("receipt").and(Frames.has("user_id", ben.userId())))) {
      assertThat(frame.path("read_seq").asLong()).isLessThanOrEqualTo(next);
    }
    JsonNode row = SharedServer.row(ann, id);
    assertThat(row.path("peer_read_seq").asLong()).isEqualTo(next);
    assertThat(row.path("unread_count").asInt()).isZero();
    assertThat(row.path("read_seq").asLong()).as("sending does not read").isLessThan(seq);
  }

  private static java.util.function.Predicate<JsonNode> receipt(
      TestAccount of, String field, long seq) {
    return Frames.op("receipt").and(Frames.has("user_id", of.userId())).and(Frames.has(field, seq));
  }

  @Test
  void typingGoesToTheOthers() {
    a.send(JsonTrees.obj("op", "typing", "conversation_id", id, "active", true));
    JsonNode typing = b.await(Frames.op("typing"));
    assertThat(typing.path("user_id").asText()).isEqualTo(ann.userId());
    assertThat(typing.path("active").asBoolean()).isTrue();
    long seq = a.text(id, "typed").path("seq").asLong();
    a2.await(Frames.message(id, seq));
    assertThat(a2.frames(Frames.op("typing"))).isEmpty();
    assertThat(a.frames(Frames.op("typing"))).isEmpty();
  }

  @Test
  void presenceIsWatched() {
    TestAccount cat = SharedServer.user("cat");
    JsonNode ok = a.request(JsonTrees.obj("op", "watch", "user_ids", List.of(cat.userId())));
    assertThat(ok.path("op").asText()).isEqualTo("ok");
    a.await(presence(cat, "offline"));
    int mark = a.mark();
    try (ParleySocket c = client.connectSynced(cat, "phone")) {
      a.awaitAfter(mark, presence(cat, "online"));
      client
          .call("PUT", "/v1/users/me/presence", cat.accessToken(), JsonTrees.obj("status", "away"))
          .expect(204);
      a.awaitAfter(mark, presence(cat, "away"));
      client
          .call(
              "PUT", "/v1/users/me/presence", cat.accessToken(), JsonTrees.obj("status", "online"))
          .expect(204);
      mark = a.mark();
      assertThat(c.closedBecause()).isNull();
    }
    JsonNode gone = a.awaitAfter(mark, presence(cat, "offline"));
    assertThat(gone.path("last_seen").asText()).isNotEmpty();
    JsonNode many =
        a.request(
            JsonTrees.obj("op", "watch", "user_ids", java.util.Collections.nCopies(101, "u")));
    refused(many, "bad_frame");
  }

  private static java.util.function.Predicate<JsonNode> presence(TestAccount of, String status) {
    return Frames.op("presence")
        .and(Frames.has("user_id", of.userId()))
        .and(Frames.has("status", status));
  }

  @Test
  void reactions() {
    long seq = a.text(id, "react").path("seq").asLong();
    b.await(Frames.message(id, seq));
    JsonNode sent = b.request(SharedServer.change("react", id, seq, "reaction", "👍"));
    JsonNode frame = a.await(Frames.message(id, sent.path("seq").asLong()));
    assertThat(frame.path("type").asText()).isEqualTo("reaction");
    assertThat(frame.path("target_seq").asLong()).isEqualTo(seq);
    assertThat(frame.path("reaction").asText()).isEqualTo("👍");
    assertThat(b.request(SharedServer.change("react", id, seq, "reaction", "")).path("op").asText())
        .isEqualTo("sent");
    await()
        .untilAsserted(
            () -> {
              JsonNode row = SharedServer.row(ann, id);
              assertThat(row.path("unread_count").asInt()).isZero();
              assertThat(row.path("last_message").path("seq").asLong()).isEqualTo(seq);
            });
  }
}
