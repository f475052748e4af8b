package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that two parsers could understand differently are refused, and nothing after them is
 * read. In these requests {@code |} stands for CR LF; a bare LF or CR is written as such.
 */
final class FramingTest {
  /** The smuggled request: the answer is 200 if it is taken for a request. */
  private static final String SMUGGLED = "GET /.well-known/jwks.json HTTP/1.1|Host: x||";

  private static final String POST = "POST /v1/groups HTTP/1.1|Host: x|";

  private static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    httpHarness = new HttpHarness();
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Read as 2 by the HTTP library.
        POST + "Content-Length: 18446744073709551618||{}",
        POST + "Content-Length: +2||{}",
        POST + "Content-Length: -2||{}",
        POST + "Content-Length: 0x2||{}",
        POST + "Content-Length: 2 2||{}",
        POST + "Content-Length: 2, 2||{}",
        POST + "Content-Length: 2|Content-Length: 2||{}",
        POST + "Content-Length: 2|Content-Length: 20||{}",
        POST + "Content-Length: ||{}",
        POST + "Content-Length : 2||{}",
        POST + " Content-Length: 2||{}",
        POST + "X: y| Content-Length: 2||{}",
        POST + "X: y|\tz||",
        POST + "Content-Length: 7|Transfer-Encoding: chunked||2|{}|0||",
        POST + "Transfer-Encoding: chunked|Content-Length: 7||2|{}|0||",
        POST + "Transfer-Encoding: chunked|Transfer-Encoding: chunked||2|{}|0||",
        POST + "Transfer-Encoding: chunked, identity||2|{}|0||",
        POST + "Transfer-Encoding: identity, chunked||2|{}|0||",
        POST + "Transfer-Encoding: identity||",
        POST + "Transfer-Encoding: xchunked||2|{}|0||",
        POST + "Transfer-Encoding: \u000bchunked||2|{}|0||",
        POST + "Transfer-Encoding : chunked||2|{}|0||",
        POST + "Transfer-Encoding:||2|{}|0||",
        "POST /v1/groups HTTP/1.0|Transfer-Encoding: chunked||2|{}|0||",
        // Lines with wrong line ends.
        "POST /v1/groups HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}",
        POST + "X: y\nContent-Length: 2||{}",
        POST + "X: y\rContent-Length: 2||{}",
        POST + "X: y\r\r\nContent-Length: 2||{}",
        POST + "X: \u0000||",
        POST + ": y||",
        POST + "X y||",
        POST + "X(: y||",
        "POST  /v1/groups HTTP/1.1|Host: x||",
        "POST /v1/groups HTTP/1.1 |Host: x||",
        "POST /v1/groups HTTP/2.0|Host: x||",
        "POST /v1/groups http/1.1|Host: x||",
        "POST /v1/groups|Host: x||",
        "|POST /v1/groups HTTP/1.1|Host: x||",
        "\u0016\u0003\u0001\u0002\u0000",
      })
  void anAmbiguousHeadIsRefused(String request) {
    List<String> statuses = statuses(httpHarness.raw(request + SMUGGLED));
    assertThat(statuses).containsExactly("400");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2\n{}|0||",
        "2|{}\n0||",
        "2|{}|0\n\n",
        "2|{}|0|\n",
        "2 |{}|0||",
        " 2|{}|0||",
        "0x2|{}|0||",
        "+2|{}|0||",
        "|{}|0||",
        "2|{}x|0||",
        "2|{}0||",
        "000000000000002|{}|0||",
        "100000002|{}|0||",
        "2;a\nb|{}|0||",
        "2|{}|0|X: y||",
      })
  void anAmbiguousChunkIsRefused(String chunks) {
    String answer =
        httpHarness.raw(
            POST
                + "Authorization: Bearer token-alice|Content-Type: application/json|"
                + "Transfer-Encoding: chunked||"
                + chunks
                + SMUGGLED);
    assertThat(statuses(answer)).containsExactly("400");
    assertThat(answer).contains("the body could not be read");
  }

  @Test
  void anEndlessChunkExtensionIsRefused() {
    String answer =
        httpHarness.raw(POST + "Transfer-Encoding: chunked||2;" + "x".repeat(5_000) + "|{}|0||");
    assertThat(statuses(answer)).containsExactly("400");
  }

  @Test
  void anOverflowingLengthIsRefused() {
    assertThat(statuses(httpHarness.raw(POST + "Content-Length: 4294967298||{}" + SMUGGLED)))
        .containsExactly("413");
  }

  @Test
  void anEndlessHeadIsRefused() {
    String answer = httpHarness.raw(POST + "X: " + "y".repeat(70_000) + "||");
    assertThat(statuses(answer)).containsExactly("413");
  }

  /** Earlier requests are answered first, and nothing follows the refusal. */
  @Test
  void aBadRequestIsAnsweredAfterTheGoodOnesBeforeIt() {
    String good = "GET /.well-known/jwks.json HTTP/1.1|Host: x||";
    String answer =
        httpHarness.raw(good + good + POST + "Content-Length: 18446744073709551618||{}" + good);
    assertThat(statuses(answer)).containsExactly("200", "200", "400");
    assertThat(answer).contains("application/problem+json").contains("Connection: close");
  }

  @Test
  void unambiguousRequestsAreRead() {
    String last = "GET /.well-known/jwks.json HTTP/1.1|Host: x|Connection: close||";
    String json = "Authorization: Bearer token-alice|Content-Type: application/json|";
    String answer =
        httpHarness.raw(
            POST
                + json
                + "content-LENGTH:  \t2||{}"
                + POST
                + json
                + "transfer-encoding: Chunked||1|{|00000001;name=value|}|0||"
                + POST
                + json
                + "Content-Length: 0||"
                + last);
    assertThat(statuses(answer)).as(answer).containsExactly("400", "400", "400", "200");
    // Refused for their content, not for their form.
    assertThat(answer.split("\"field\":\"name\"", -1)).hasSize(3);
  }

  private static List<String> statuses(String answer) {
    return answer
        .lines()
        .flatMap(
            line -> {
              // The next answer follows a body without a line end.
              int at = line.indexOf("HTTP/1.1 ");
              return at < 0
                  ? java.util.stream.Stream.empty()
                  : java.util.stream.Stream.of(line.substring(at + 9, at + 12));
            })
        .toList();
  }
}
