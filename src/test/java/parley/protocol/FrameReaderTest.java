package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.model.EntryIntent;
import parley.model.ErrorCode;

class FrameReaderTest {
  private static final String SEND =
      """
      {"op":"send","id":1,"conversation_id":"g_1","client_msg_id":"m","type":"text","content":%s}""";

  /** In this table apostrophes stand for quotes, and a bar is the delimiter. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      maxCharsPerColumn = 100_000,
      textBlock =
          """
          {'id':1}                                                          | bad_frame   | op
          {'id':1,'op':null}                                                | bad_frame   | op
          {'id':1,'op':7}                                                   | bad_frame   | op
          {'id':1,'op':'SEND'}                                              | bad_frame   | op
          {'id':1,'op':'hello','device_id':'d'}                             | bad_frame   | token
          {'id':1,'op':'hello','token':true,'device_id':'d'}                | bad_frame   | token
          {'id':1,'op':'hello','token':'t'}                                 | bad_frame   | device_id
          {'id':1,'op':'hello','token':'t','device_id':''}                  | bad_frame   | device_id
          {'id':1,'op':'hello','token':'t','device_id':'a b'}               | bad_frame   | device_id
          {'id':1,'op':'hello','token':'t','device_id':'d','client':5}      | bad_frame   | client
          {'id':1,'op':'hello','token':'t','device_id':'d','fresh':'true'}  | bad_frame   | fresh
          {'id':1,'op':'hello','token':'t','device_id':'d','fresh':1}       | bad_frame   | fresh
          {'id':1,'op':'auth'}                                              | bad_frame   | token
          {'id':1,'op':'send'}                                              | bad_frame   | conversation_id
          {'id':1,'op':'send','conversation_id':'g','to':'u'}               | bad_frame   | to
          {'id':1,'op':'send','to':5}                                       | bad_frame   | to
          {'id':1,'op':'send','to':'u'}                                     | bad_frame   | client_msg_id
          {'id':1,'op':'send','to':'u','client_msg_id':''}                  | bad_frame   | client_msg_id
          {'id':1,'op':'send','to':'u','client_msg_id':'a.b'}               | bad_frame   | client_msg_id
          {'id':1,'op':'send','to':'u','client_msg_id':'m'}                 | bad_frame   | type
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'media','media_id':'x'} | bad_frame | type
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'text'}   | bad_frame   | content
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'text','content':''} | bad_frame | content
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'text','content':['a']} | bad_frame | content
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'text','content':'x','reply_to':0} | bad_frame | reply_to
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'text','content':'x','mentions':'u'} | bad_frame | mentions
          {'id':1,'op':'send','to':'u','client_msg_id':'m','type':'text','content':'x','mentions':[7]} | bad_frame | mentions
          {'id':1,'op':'edit','conversation_id':'g','client_msg_id':'m','content':'x'} | bad_frame | target_seq
          {'id':1,'op':'edit','conversation_id':'g','client_msg_id':'m','target_seq':1} | bad_frame | content
          {'id':1,'op':'delete','conversation_id':'g','client_msg_id':'m','target_seq':'1'} | bad_frame | target_seq
          {'id':1,'op':'react','conversation_id':'g','client_msg_id':'m','target_seq':1} | bad_frame | reaction
          {'id':1,'op':'ack','conversation_id':'g'}                         | bad_frame   | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':0}                 | bad_frame   | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':-1}                | bad_frame   | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':5.0}               | bad_frame   | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':1e3}               | bad_frame   | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':1e999999999}       | bad_frame   | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':9223372036854775808} | bad_frame | seq
          {'id':1,'op':'ack','conversation_id':'g','seq':'5'}               | bad_frame   | seq
          {'id':1,'op':'read','conversation_id':['g'],'seq':5}              | bad_frame   | conversation_id
          {'id':1,'op':'typing','conversation_id':'g'}                      | bad_frame   | active
          {'id':1,'op':'typing','conversation_id':'g','active':'yes'}       | bad_frame   | active
          {'id':1,'op':'watch'}                                             | bad_frame   | user_ids
          {'id':1,'op':'watch','user_ids':{}}                               | bad_frame   | user_ids
          {'id':1,'op':'watch','user_ids':['a',null]}                       | bad_frame   | user_ids
          {'id':1,'op':'inbox','limit':'20'}                                | bad_frame   | limit
          {'id':1,'op':'inbox','limit':0}                                   | bad_request | limit
          {'id':1,'op':'inbox','limit':101}                                 | bad_request | limit
          {'id':1,'op':'inbox','limit':99999999999999999999}                | bad_request | limit
          {'id':1,'op':'inbox','cursor':5}                                  | bad_frame   | cursor
          {'id':1,'op':'history'}                                           | bad_frame   | conversation_id
          {'id':1,'op':'history','conversation_id':'g','before':0}          | bad_frame   | before
          {'id':1,'op':'history','conversation_id':'g','after':-1}          | bad_frame   | after
          {'id':1,'op':'history','conversation_id':'g','before':5,'after':1}| bad_request | before
          {'id':1,'op':'history','conversation_id':'g','limit':-1}          | bad_request | limit
          {'id':1,'op':'history','conversation_id':'g','limit':5.0}         | bad_frame   | limit
          """)
  void aWrongFieldIsNamedAndTheAnswerBearsTheId(String frame, String code, String field) {
    FrameReader.Bad bad = bad(frame.replace('\'', '"'));

    assertThat(bad.code().wireName()).isEqualTo(code);
    assertThat(bad.field()).isEqualTo(field);
    assertThat(bad.message()).startsWith(field + " ").contains("must be");
    assertThat(bad.id()).isEqualTo(1L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "\"hello\"",
        "5",
        "{",
        "{}}",
        "{} {}",
        "{'op':'ping'}",
        "{\"op\":\"ping\",}",
        "{\"op\":NaN}",
        "/**/{}",
        "\ufeff{}",
        "{\"op\" \"ping\"}",
        "\u0000"
      })
  void whatIsNotOneJsonObjectIsNamedFrame(String text) {
    FrameReader.Bad bad = bad(text);

    assertThat(bad.code()).isEqualTo(ErrorCode.BAD_FRAME);
    assertThat(bad.field()).isIn("frame", "op");
    assertThat(bad.id()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"1\"", "1.0", "true", "[1]", "9223372036854775808", "1e2"})
  void anIdThatIsNoIntegerIsNamedAndNotRepeated(String id) {
    FrameReader.Bad bad = bad("{\"op\":\"ping\",\"id\":" + id + "}");

    assertThat(bad.field()).isEqualTo("id");
    assertThat(bad.code()).isEqualTo(ErrorCode.BAD_FRAME);
    assertThat(bad.id()).isNull();
  }

  @Test
  void aNameThatComesTwiceIsRefusedAndNamed() {
    FrameReader.Bad bad = bad("{\"op\":\"ack\",\"conversation_id\":\"g\",\"seq\":1,\"seq\":2}");

    assertThat(bad.field()).isEqualTo("seq");
    assertThat(bad.code()).isEqualTo(ErrorCode.BAD_FRAME);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"op\":\"ping\"} {}",
        "{\"op\":\"ping\"}x",
        "{\"op\":\"ping\"}{\"op\":\"ping\"}"
      })
  void nothingMayFollow(String text) {
    assertThat(bad(text).field()).isEqualTo("frame");
  }

  @Test
  void unknownFieldsAreIgnoredWithinBounds() {
    String ping = "{\"op\":\"ping\",\"x\":%s}";
    List<String> most =
        List.of(
            "[".repeat(31) + "]".repeat(31), "9".repeat(100), "{\"" + "n".repeat(256) + "\":0}");
    List<String> tooMuch =
        List.of(
            "[".repeat(32) + "]".repeat(32), "9".repeat(101), "{\"" + "n".repeat(257) + "\":0}");
    for (String value : most) {
      assertThat(FrameReader.read(ping.formatted(value))).isInstanceOf(FrameReader.Good.class);
    }
    for (String value : tooMuch) {
      assertThat(bad(ping.formatted(value)).field()).isEqualTo("x");
    }
    String space = " ".repeat(65_536 - ping.formatted("1").length());
    assertThat(FrameReader.read(space + ping.formatted("1"))).isInstanceOf(FrameReader.Good.class);
    assertThat(bad(space + ping.formatted("11")).code()).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(bad(ping.formatted("\"" + "é".repeat(40_000) + "\"")).code())
        .isEqualTo(ErrorCode.TOO_LARGE);
  }

  @Test
  void nullCountsAsNotGivenWhereAFieldIsOptional() {
    assertThat(
            FrameReader.read(
                """
                {"op":"send","id":null,"conversation_id":null,"to":"u_bob","client_msg_id":"m",
                 "type":"text","content":"x","reply_to":null,"mentions":null}"""))
        .isEqualTo(
            new FrameReader.Good(
                new ClientFrame.Post(
                    null,
                    null,
                    FrameSamples.BOB,
                    "m",
                    new EntryIntent.Text("x", null, List.of()))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud800", "\\udc00", "a\\ud83d", "\\udc4b\\ud83d", "\\ud83dx"})
  void halfACharacterIsRefused(String content) {
    FrameReader.Bad bad = bad(SEND.formatted("\"" + content + "\""));

    assertThat(bad.field()).isEqualTo("content");
    assertThat(bad.message()).contains("lone surrogates");
  }

  @Test
  void contentIsMeasuredInBytesOfUtf8AndKeptAsItIs() {
    String most = "\u0000\u202e" + "👋".repeat((16 * 1024 - 4) / 4);
    assertThat(content(most)).isEqualTo(most);
    assertThat(content("\u0000")).isEqualTo("\u0000");

    FrameReader.Bad bad = bad(SEND.formatted("\"" + most.replace("\u0000", "xx") + "\""));
    assertThat(bad.code()).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(bad.field()).isEqualTo("content");
    assertThat(bad.id()).isEqualTo(1L);
  }

  private static @Nullable String content(String content) {
    String json = content.replace("\u0000", "\\u0000");
    return FrameReader.read(SEND.formatted("\"" + json + "\"")) instanceof FrameReader.Good good
            && good.frame() instanceof ClientFrame.Post post
            && post.intent() instanceof EntryIntent.Text text
        ? text.content()
        : null;
  }

  @Test
  void listsAndReactionsHaveABound() {
    assertThat(FrameReader.read(watch(100))).isInstanceOf(FrameReader.Good.class);
    assertThat(bad(watch(101)).field()).isEqualTo("user_ids");
    String react =
        """
        {"op":"react","conversation_id":"g","client_msg_id":"m","target_seq":1,"reaction":"%s"}""";
    assertThat(FrameReader.read(react.formatted("👍".repeat(16))))
        .isInstanceOf(FrameReader.Good.class);
    assertThat(bad(react.formatted("👍".repeat(17))).field()).isEqualTo("reaction");
  }

  private static String watch(int users) {
    return IntStream.range(0, users)
        .mapToObj(i -> "\"u_" + i + "\"")
        .collect(Collectors.joining(",", "{\"op\":\"watch\",\"user_ids\":[", "]}"));
  }

  @Test
  void secretsAreNotInTheText() {
    for (ClientFrame frame : FrameSamples.client().values()) {
      assertThat(frame.toString()).doesNotContain("eyJ", "hello", "better");
    }
  }

  static FrameReader.Bad bad(String text) {
    FrameReader.Result result = FrameReader.read(text);
    assertThat(result).as(text).isInstanceOf(FrameReader.Bad.class);
    return (FrameReader.Bad) result;
  }
}
