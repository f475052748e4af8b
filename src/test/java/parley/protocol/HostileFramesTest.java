package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.model.EntryIntent;
import parley.model.ErrorCode;

/**
 * Any input of a stranger: it never causes an exception, the error names the field, and the work is
 * bounded.
 */
class HostileFramesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String NASTY = "{}[]\",:\\0-.eE\u0000\ud800";
  private static final int ROUNDS = 20_000;

  /** Values in JSON, each wrong for most fields. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "-0",
          "-1",
          "1.5",
          "5.0",
          "1e3",
          "1e999999999",
          "-1e-999999999",
          "9223372036854775807",
          "9223372036854775808",
          "9".repeat(60_000),
          "0.".concat("1".repeat(60_000)),
          "\"\"",
          "\" \"",
          "\"5\"",
          "\"\\ud800\"",
          "\"\\udc00\\ud800\"",
          "\"\\u0000\"",
          "\"\\u202e\"",
          "\"" + "x".repeat(60_000) + "\"",
          "\"" + "é".repeat(20_000) + "\"",
          "\"<img src=x onerror=alert(1)>\"",
          "\"'; DROP TABLE users; --\"",
          "\"../../etc/passwd\"",
          "\"${jndi:ldap://x.test/a}\"",
          "[]",
          "{}",
          "[null]",
          "[\"\\ud800\"]",
          "[" + "\"u\",".repeat(9_999) + "\"u\"]",
          "{\"a\":1,\"a\":2}",
          "[".repeat(10_000),
          "[".repeat(10_000) + "]".repeat(10_000),
          "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000),
          "{\"" + "n".repeat(50_000) + "\":1}");

  private Random random = new Random(0);

  @BeforeEach
  void seed() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("HostileFramesTest: -Dparley.seed=" + seed);
    random = new Random(seed);
  }

  @Test
  void aFrameWithOneWrongFieldNamesThatField() throws IOException {
    List<String> frames = goldenFrames();
    for (int i = 0; i < ROUNDS; i++) {
      ObjectNode frame = (ObjectNode) MAPPER.readTree(pick(frames));
      String field = pick(names(frame));
      boolean remove = random.nextInt(10) == 0;
      String text = remove ? without(frame, field) : with(frame, field, pick(VALUES));
      switch (FrameReader.read(text)) {
        case FrameReader.Good good -> check(good.frame());
        case FrameReader.Bad bad -> {
          assertThat(bad.field())
              .as(shown(text))
              // Without its other half, the pair is missing.
              .isIn(field, field.equals("to") ? "conversation_id" : field);
          check(bad.code(), bad.field(), bad.message(), text);
        }
      }
    }
  }

  @Test
  void aBodyWithOneWrongFieldNamesThatField() throws IOException {
    List<RequestSamples.Sample> samples = List.copyOf(RequestSamples.all().values());
    for (int i = 0; i < ROUNDS; i++) {
      RequestSamples.Sample sample = pick(samples);
      ObjectNode body = (ObjectNode) MAPPER.readTree(sample.json());
      String field = pick(names(body));
      String text = with(body, field, pick(VALUES));
      if (sample.read(text) instanceof RequestReader.Bad<?> bad) {
        assertThat(bad.field()).as(shown(text)).isEqualTo(field);
        check(bad.code(), bad.field(), bad.message(), text);
      }
    }
  }

  @Test
  void brokenTextIsRefusedWithoutAnException() throws IOException {
    List<String> frames = goldenFrames();
    List<RequestSamples.Sample> samples = List.copyOf(RequestSamples.all().values());
    for (int i = 0; i < ROUNDS; i++) {
      String text = broken(pick(frames));
      if (FrameReader.read(text) instanceof FrameReader.Bad bad) {
        check(bad.code(), bad.field(), bad.message(), text);
      }
      RequestSamples.Sample sample = pick(samples);
      String body = broken(sample.json());
      if (sample.read(body) instanceof RequestReader.Bad<?> bad) {
        check(bad.code(), bad.field(), bad.message(), body);
      }
    }
  }

  @Test
  void randomBytesAreRefusedWithoutAnException() {
    List<RequestSamples.Sample> samples = List.copyOf(RequestSamples.all().values());
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = new byte[1 + random.nextInt(200)];
      random.nextBytes(bytes);
      assertThat(pick(samples).reader().apply(bytes)).isInstanceOf(RequestReader.Bad.class);
    }
  }

  /** The time grows with the length only; quadratic time would take hours. */
  @Test
  @Timeout(120)
  void theWorkIsBounded() {
    List<String> heavy =
        List.of(
            "[".repeat(65_536),
            "{\"a\":".repeat(13_000),
            "{\"op\":\"ack\",\"conversation_id\":\"g\",\"seq\":" + "9".repeat(65_000) + "}",
            "{\"op\":\"ack\",\"conversation_id\":\"g\",\"seq\":1e" + "9".repeat(65_000) + "}",
            "{\"a\":[" + "[],".repeat(21_000) + "[]]}",
            "x".repeat(10_000_000));
    for (int i = 0; i < 20; i++) {
      for (String text : heavy) {
        assertThat(FrameReader.read(text)).isInstanceOf(FrameReader.Bad.class);
      }
    }
  }

  private static void check(ErrorCode code, String field, String message, String text) {
    assertThat(code)
        .as(shown(text))
        .isIn(ErrorCode.BAD_FRAME, ErrorCode.BAD_REQUEST, ErrorCode.TOO_LARGE);
    assertThat(field).as(shown(text)).matches("[a-z_]{1,32}");
    assertThat(message).as(shown(text)).startsWith(field).hasSizeLessThan(300);
  }

  /** Checks that an accepted frame keeps the rules. */
  private static void check(ClientFrame frame) {
    switch (frame) {
      case ClientFrame.Post post -> {
        assertThat(post.conversationId() == null).isNotEqualTo(post.to() == null);
        assertThat(post.clientMsgId()).matches("[A-Za-z0-9_:-]{1,64}");
        switch (post.intent()) {
          case EntryIntent.Text text -> checkContent(text.content());
          case EntryIntent.Edit edit -> checkContent(edit.content());
          case EntryIntent.Delete delete -> assertThat(delete.targetSeq()).isPositive();
          case EntryIntent.React react ->
              assertThat(TextRules.isWellFormed(react.reaction())).isTrue();
        }
      }
      case ClientFrame.Ack ack -> assertThat(ack.seq()).isPositive();
      case ClientFrame.Read read -> assertThat(read.seq()).isPositive();
      case ClientFrame.Watch watch -> assertThat(watch.userIds()).hasSizeLessThanOrEqualTo(100);
      case ClientFrame.Inbox inbox -> assertThat(inbox.limit()).isBetween(1, 100);
      case ClientFrame.History history -> {
        assertThat(history.limit()).isBetween(1, 100);
        assertThat(history.before() != null && history.after() != null).isFalse();
      }
      case ClientFrame.Hello hello -> assertThat(hello.client()).hasSizeLessThanOrEqualTo(256);
      case ClientFrame.Auth auth -> assertThat(auth.token()).isNotNull();
      case ClientFrame.Typing typing -> assertThat(typing.conversationId()).isNotNull();
      case ClientFrame.Ping ping -> assertThat(ping).isNotNull();
    }
  }

  private static void checkContent(String content) {
    assertThat(content).isNotEmpty();
    assertThat(TextRules.utf8Bytes(content)).isLessThanOrEqualTo(16 * 1024);
    assertThat(TextRules.isWellFormed(content)).isTrue();
  }

  private String broken(String text) {
    StringBuilder out = new StringBuilder(text);
    for (int n = 1 + random.nextInt(4); n > 0 && !out.isEmpty(); n--) {
      int at = random.nextInt(out.length());
      switch (random.nextInt(5)) {
        case 0 -> out.setCharAt(at, (char) random.nextInt(0x10000));
        case 1 -> out.deleteCharAt(at);
        case 2 -> out.insert(at, NASTY.charAt(random.nextInt(NASTY.length())));
        case 3 -> out.setLength(at);
        default -> out.insert(at, out.substring(at, Math.min(out.length(), at + 20)));
      }
    }
    return out.toString();
  }

  /** The frame with another value, which need not be JSON at all. */
  private static String with(ObjectNode frame, String field, String value) {
    ObjectNode copy = frame.deepCopy();
    copy.put(field, "@@@");
    return text(copy).replace("\"@@@\"", value);
  }

  private static String without(ObjectNode frame, String field) {
    ObjectNode copy = frame.deepCopy();
    copy.remove(field);
    return text(copy);
  }

  private static String text(ObjectNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      return fail(e);
    }
  }

  private static List<String> names(ObjectNode node) {
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, ?> field : node.properties()) {
      names.add(field.getKey());
    }
    return names;
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static List<String> goldenFrames() throws IOException {
    List<String> frames = new ArrayList<>();
    for (String name : FrameSamples.client().keySet()) {
      frames.add(
          Files.readString(Path.of("src/test/resources/golden/frames/client", name + ".json")));
    }
    return frames;
  }

  private static String shown(String text) {
    return text.length() <= 300 ? text : text.substring(0, 150) + " … " + text.length();
  }
}
