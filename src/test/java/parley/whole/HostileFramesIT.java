package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import parley.client.ClientIds;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.RawSocket;
import parley.client.TestAccount;

/** Wrong frames are answered with errors that name the fault, and disturb nobody. */
class HostileFramesIT {
  private static final Set<String> OPTIONAL =
      Set.of("limit", "before", "cursor", "fresh", "mentions", "reply_to");
  private static final String DEEP = "[".repeat(10_000) + "]".repeat(10_000);

  private final ParleyClient client = SharedServer.client();

  @Test
  void everyFieldOfEveryFrameIsChecked() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String id = client.direct(ann, ben.userId());
    SoftAssertions soft = new SoftAssertions();
    try (ParleySocket b = client.connectSynced(ben, "phone")) {
      long seq;
      try (ParleySocket a = client.connectSynced(ann, "phone")) {
        seq = a.text(id, "target").path("seq").asLong();
      }
      for (ObjectNode frame : frames(ann, ben, id, seq)) {
        // A connection for each kind of frame, so that its wrong variants stay within one budget.
        try (ParleySocket a = client.connectSynced(ann, "phone")) {
          everyFieldOf(frame, soft, a);
          assertThat(a.closedBecause()).isNull();
        }
      }
      try (ParleySocket a = client.connectSynced(ann, "phone")) {
        a.text(id, "after all that");
      }
      b.await(Frames.op("message").and(Frames.has("content", "after all that")));
    }
    soft.assertAll();
  }

  private static void everyFieldOf(ObjectNode frame, SoftAssertions soft, ParleySocket a) {
    List<String> names = new ArrayList<>();
    frame.fieldNames().forEachRemaining(names::add);
    for (String field : names) {
      for (Map.Entry<String, String> bad : wrong(frame, field).entrySet()) {
        answersBad(soft, a, bad.getKey(), bad.getValue(), field);
      }
    }
  }

  private static List<ObjectNode> frames(TestAccount ann, TestAccount ben, String id, long seq) {
    return List.of(
        SharedServer.text(id, "hello").put("reply_to", seq),
        SharedServer.change("edit", id, seq, "content", "edited"),
        SharedServer.change("delete", id, seq, "none", "none"),
        SharedServer.change("react", id, seq, "reaction", "👍"),
        JsonTrees.obj("op", "ack", "conversation_id", id, "seq", seq),
        JsonTrees.obj("op", "read", "conversation_id", id, "seq", seq),
        JsonTrees.obj("op", "typing", "conversation_id", id, "active", true),
        JsonTrees.obj("op", "watch", "user_ids", List.of(ben.userId())),
        JsonTrees.obj("op", "inbox", "limit", 20),
        JsonTrees.obj("op", "history", "conversation_id", id, "before", 10, "limit", 20),
        JsonTrees.obj("op", "auth", "token", ann.accessToken()));
  }

  /** Wrong variants of a frame, by their fault. */
  private static Map<String, String> wrong(ObjectNode frame, String field) {
    Map<String, String> variants = new java.util.LinkedHashMap<>();
    if (field.equals("none") || field.equals("reply_to")) {
      return variants;
    }
    boolean required = !OPTIONAL.contains(field);
    if (required && !field.equals("op")) {
      ObjectNode missing = frame.deepCopy();
      missing.remove(field);
      variants.put("missing", missing.toString());
    }
    String type = frame.path(field).getNodeType().name();
    put(variants, frame, field, "an object", "{\"a\":1}");
    if (!type.equals("NUMBER")) {
      put(variants, frame, field, "a number", "7");
      put(variants, frame, field, "nested deep", DEEP);
    } else {
      put(variants, frame, field, "a text", "\"seven\"");
      put(variants, frame, field, "negative", "-1");
      put(variants, frame, field, "a fraction", "1.5");
      put(variants, frame, field, "too great a number", "123456789012345678901234567890");
    }
    if (!type.equals("BOOLEAN")) {
      put(variants, frame, field, "a boolean", "true");
    }
    if (!type.equals("ARRAY")) {
      put(variants, frame, field, "an array", "[1]");
    }
    if (required) {
      put(variants, frame, field, "null", "null");
      if (type.equals("STRING") && !field.equals("reaction")) {
        put(variants, frame, field, "empty", "\"\"");
      }
    }
    if (type.equals("STRING")) {
      put(variants, frame, field, "a lone surrogate", "\"a\\ud800b\"");
      put(variants, frame, field, "too long", "\"" + "x".repeat(17 * 1024) + "\"");
    }
    return variants;
  }

  private static void put(
      Map<String, String> variants, ObjectNode frame, String field, String what, String raw) {
    ObjectNode marked = frame.deepCopy();
    marked.put(field, "@@");
    variants.put(what, marked.toString().replace("\"@@\"", raw));
  }

  private static void answersBad(
      SoftAssertions soft, ParleySocket socket, String what, String text, String field) {
    int id = 1_000_000 + socket.mark();
    String numbered = "{\"id\":" + id + "," + text.substring(1);
    int mark = socket.mark();
    socket.sendText(numbered);
    socket.ping();
    List<JsonNode> errors =
        socket.frames().subList(mark, socket.mark()).stream().filter(Frames.op("error")).toList();
    String as = field + " " + what + " in " + text.substring(0, Math.min(120, text.length()));
    boolean unknownIdIsFine = field.equals("conversation_id") || field.equals("token");
    soft.assertThat(errors).as(as).hasSize(1);
    for (JsonNode error : errors) {
      String code = error.path("code").asText();
      soft.assertThat(code)
          .as(as + ": " + error)
          .isIn(
              "bad_frame",
              "too_large",
              "bad_request",
              unknownIdIsFine ? "not_found" : "bad_frame",
              field.equals("token") ? "unauthenticated" : "bad_frame");
      if (code.equals("bad_frame") && !what.equals("nested deep")) {
        soft.assertThat(error.path("message").asText()).as(as + ": " + error).contains(field);
        soft.assertThat(error.path("id").asInt()).as(as + ": " + error).isEqualTo(id);
      }
      soft.assertThat(error.path("retryable").asBoolean()).as(as).isFalse();
    }
  }

  @Test
  void aFrameThatIsNoJsonObjectIsABadFrame() {
    TestAccount ann = SharedServer.user("ann");
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      for (String text :
          List.of(
              "",
              "hello",
              "[]",
              "7",
              "null",
              "{",
              "{}",
              "{\"op\":7}",
              "{\"op\":\"dance\"}",
              "{\"op\":\"ping\"}}",
              DEEP,
              "{\"x\":" + DEEP + "}",
              "\u0000",
              "{\"op\":null}")) {
        int mark = a.mark();
        a.sendText(text);
        a.awaitAfter(mark, Frames.error("bad_frame"));
        a.ping();
      }
      assertThat(a.ping().path("op").asText()).isEqualTo("pong");
    }
  }

  @Test
  void twentyBadFramesInARowEndTheConnection() {
    TestAccount ann = SharedServer.user("ann");
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 19; i++) {
          a.sendText("nonsense");
        }
        assertThat(a.ping().path("op").asText()).isEqualTo("pong");
      }
      for (int i = 0; i < 20; i++) {
        a.sendText("nonsense");
      }
      JsonNode closing = a.await(Frames.op("closing"));
      assertThat(closing.path("code").asText()).isEqualTo("protocol");
      assertThat(closing.path("reconnect").asBoolean(true)).isFalse();
      a.awaitClosed();
      assertThat(a.frames(Frames.error("bad_frame"))).hasSizeGreaterThanOrEqualTo(76);
    }
  }

  @Test
  void contentIsKeptAsItIs() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String id = client.direct(ann, ben.userId());
    List<String> contents =
        List.of(
            "a\u0000b",
            "\u0001\u001f\u007f",
            "\u202egnp.exe",
            "<img src=x onerror=alert(1)>",
            " ",
            "\n",
            "👩‍👩‍👧‍👦",
            "\ufeffbom",
            "e\u0301",
            "'; DROP TABLE journal; --",
            "${jndi:ldap://x}",
            "x".repeat(16 * 1024),
            "ü".repeat(8 * 1024),
            "😀".repeat(4 * 1024));
    try (ParleySocket a = client.connectSynced(ann, "phone");
        ParleySocket b = client.connectSynced(ben, "phone")) {
      for (String content : contents) {
        long seq = a.text(id, content).path("seq").asLong();
        assertThat(b.await(Frames.message(id, seq)).path("content").asText()).isEqualTo(content);
      }
      for (String content : List.of("x".repeat(16 * 1024 + 1), "ü".repeat(8 * 1024) + "x", "")) {
        JsonNode answer = a.request(SharedServer.text(id, content));
        assertThat(answer.path("code").asText()).isIn("bad_frame", "too_large");
        assertThat(answer.path("message").asText()).contains("content");
      }
      JsonNode media = a.request(SharedServer.text(id, "x").put("type", "media"));
      assertThat(media.path("code").asText()).isEqualTo("bad_frame");
      assertThat(media.path("message").asText()).contains("type");
      assertThat(a.request(SharedServer.text(id, "x").put("unknown", "field")).path("op").asText())
          .isEqualTo("sent");
    }
    List<String> stored =
        client.log(ben, id).stream().map(entry -> entry.path("content").asText()).toList();
    assertThat(stored.subList(0, contents.size())).isEqualTo(contents);
  }

  @Test
  void framesThatNoLibrarySends() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    try (ParleySocket bystander = client.connectSynced(ben, "phone")) {
      try (RawSocket raw = RawSocket.open(client.base())) {
        raw.hello(ann, "phone");
        raw.await(Frames.op("synced"));
        byte[] ping = "{\"op\":\"ping\",\"id\":5}".getBytes(StandardCharsets.UTF_8);
        raw.fragments(List.of(bytes(ping, 0, 3), bytes(ping, 3, 10), bytes(ping, 10, ping.length)));
        raw.await(Frames.op("pong").and(Frames.has("id", 5)));
        raw.binary(ping);
        raw.await(Frames.error("bad_frame"));
        raw.frame(RawSocket.PING, true, true, new byte[] {1, 2});
        raw.text("{\"op\":\"ping\",\"id\":6}");
        raw.await(Frames.op("pong").and(Frames.has("id", 6)));
      }
      ends(ann, raw -> raw.text("{\"x\":\"" + "y".repeat(70_000) + "\"}"), "protocol");
      ends(ann, raw -> raw.binary(new byte[70_000]), "protocol");
      for (int size : List.of(200_000, 1_000_000)) {
        ends(ann, raw -> raw.text("{\"x\":\"" + "y".repeat(size) + "\"}"), "protocol");
        ends(ann, raw -> raw.binary(new byte[size]), "protocol");
      }
      for (int kind : List.of(RawSocket.TEXT, RawSocket.BINARY)) {
        ends(
            ann,
            raw -> {
              raw.frame(kind, false, true, "y".repeat(40_000).getBytes(StandardCharsets.US_ASCII));
              raw.frame(
                  RawSocket.CONTINUATION,
                  false,
                  true,
                  "y".repeat(40_000).getBytes(StandardCharsets.US_ASCII));
            },
            "protocol");
      }
      ends(ann, raw -> raw.frame(RawSocket.TEXT, true, false, new byte[] {'{', '}'}), "");
      ends(
          ann,
          raw ->
              raw.garbage("GET / HTTP/1.1\r\n\r\n".repeat(50).getBytes(StandardCharsets.US_ASCII)),
          "");
      // Not UTF-8: RFC 6455 (8.1) has the library fail the connection, which leaves no last frame.
      ends(ann, raw -> raw.text(new byte[] {'{', '"', (byte) 0xc3, (byte) 0x28, '"', '}'}), "");
      assertThat(bystander.ping().path("op").asText()).isEqualTo("pong");
    }
  }

  /** Expects the end of the connection, with this code in the last frame if there is one. */
  private void ends(
      TestAccount testAccount, java.util.function.Consumer<RawSocket> evil, String code) {
    try (RawSocket raw = RawSocket.open(client.base())) {
      raw.hello(testAccount, "phone-" + ClientIds.next());
      evil.accept(raw);
      JsonNode last = raw.lastFrame();
      if (!code.isEmpty()) {
        assertThat(last.path("op").asText()).isEqualTo("closing");
        assertThat(last.path("code").asText()).isEqualTo(code);
      }
    }
  }

  private static byte[] bytes(byte[] of, int from, int to) {
    return java.util.Arrays.copyOfRange(of, from, to);
  }
}
