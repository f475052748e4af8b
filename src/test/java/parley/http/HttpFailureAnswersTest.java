package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.conversation.Conversation;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.port.PortSettings;

/**
 * The answers of the client port when entities refuse, fail or do not answer, and when requests are
 * hardly HTTP.
 */
final class HttpFailureAnswersTest {
  private static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    // Short, so that the tests can wait for it; no test asserts how long it takes.
    httpHarness =
        new HttpHarness(
            new HttpSettings(
                () -> 0,
                Duration.ofMillis(300),
                Duration.ofMillis(300),
                Duration.ofMillis(100),
                Duration.ofMillis(300),
                TrustedProxies.NONE,
                PortSettings.standard(0, 0, address -> true)));
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  @ParameterizedTest
  @EnumSource(ErrorCode.class)
  void refusalsOfEntitiesBecomeProblems(ErrorCode code) {
    httpHarness.conversations =
        (id, command) ->
            ((Conversation.GetView) command)
                .replyTo()
                .tell(new Conversation.Refused(new Refusal(code, "because", 2_500)));
    HttpResponse<String> response = httpHarness.alice("GET", "/v1/conversations/c", null);
    String expected = code == ErrorCode.BAD_FRAME ? "bad_request" : code.wireName();
    JsonNode problem = HttpHarness.problem(response, code.status(), expected);
    assertThat(problem.path("detail").asText()).isEqualTo("because");
    if (code.status() == 429 || code.status() == 503) {
      assertThat(response.headers().firstValue("Retry-After")).hasValue("3");
    } else {
      assertThat(response.headers().firstValue("Retry-After")).isEmpty();
    }
  }

  @Test
  void noAnswerIsUnavailable() {
    httpHarness.users = (id, command) -> {};
    httpHarness.conversations = (id, command) -> {};
    HttpHarness.problem(httpHarness.alice("GET", "/v1/users/me", null), 503, "unavailable");
    HttpHarness.problem(httpHarness.alice("GET", "/v1/conversations/c", null), 503, "unavailable");
    HttpHarness.problem(
        httpHarness.alice(
            "POST",
            "/v1/messages",
            "{\"to\":\"b\",\"client_msg_id\":\"a\",\"type\":\"text\",\"content\":\"x\"}"),
        503,
        "unavailable");
  }

  @Test
  void aFailureOfOursSaysNothingOfIt() {
    HttpResponse<String> response =
        httpHarness.call("GET", "/v1/users/me", null, "Authorization", "Bearer broken");
    HttpHarness.problem(response, 500, "internal");
    assertThat(response.body()).doesNotContain("secret", "IllegalState", "parley.http");
  }

  private static JsonNode rawProblem(String answer, int status, String code) {
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    String[] parts = answer.split("\r\n\r\n", 2);
    assertThat(parts[0]).contains("Content-Type: application/problem+json");
    assertThat(parts[0]).contains("X-Content-Type-Options: nosniff").doesNotContain("Server:");
    JsonNode problem = HttpHarness.json(parts[1]);
    assertThat(problem.path("code").asText()).isEqualTo(code);
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    return problem;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COMPLETE NONSENSE||",
        "BREW /v1/users/me HTTP/1.1|Host: x||",
        "GET /v1/users/me HTTP/9.9|Host: x||",
        "GET /v1/users/me HTTP/1.1||",
        "GET /v1/%zz HTTP/1.1|Host: x||",
        "GET /v1/users?username=%zz HTTP/1.1|Host: x|Connection: close|"
            + "Authorization: Bearer token-a||",
        "GET /v1/users?username=%ff HTTP/1.1|Host: x|Connection: close|"
            + "Authorization: Bearer token-a||",
        "GET /v1/users?<> HTTP/1.1|Host: x||",
        "GET / HTTP/1.1|Host: x|Bad Header: secret||",
        "POST /v1/auth/login HTTP/1.1|Host: x|Content-Length: abc||",
        "POST /v1/auth/login HTTP/1.1|Host: x|Content-Length: -1||",
        "POST /v1/auth/login HTTP/1.1|Host: x|Content-Length: 2|Content-Length: 3||{}",
        "POST /v1/auth/login HTTP/1.1|Host: x|Content-Type: nonsense|Connection: close|"
            + "Content-Length: 2||{}",
      })
  void whatIsHardlyARequest(String request) {
    String answer = httpHarness.raw(request);
    String status = answer.split(" ", 3)[1];
    assertThat(List.of("400", "415")).as(answer).contains(status);
    rawProblem(
        answer,
        Integer.parseInt(status),
        status.equals("400") ? "bad_request" : "unsupported_media_type");
    assertThat(answer).doesNotContain("secret");
  }

  @Test
  void tooLongOrTooMany() {
    rawProblem(
        httpHarness.raw("GET /" + "x".repeat(20_000) + " HTTP/1.1|Host: x||"), 413, "too_large");
    rawProblem(
        httpHarness.raw("GET / HTTP/1.1|Host: x|X-Long: " + "x".repeat(20_000) + "||"),
        413,
        "too_large");
    String many = "X-%d: 1|";
    StringBuilder headers = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      headers.append(many.formatted(i));
    }
    String answer = httpHarness.raw("GET / HTTP/1.1|Host: x|" + headers + "|");
    assertThat(answer).startsWith("HTTP/1.1 4").contains("application/problem+json");
  }

  @Test
  void aBodyThatDoesNotCome() {
    String answer =
        httpHarness.raw(
            "POST /v1/auth/login HTTP/1.1|Host: x|Content-Type: application/json|"
                + "Content-Length: 100||{\"user");
    rawProblem(answer, 408, "request_timeout");
  }

  @Test
  void aBodyWithoutAnEnd() {
    String chunk = "10000|" + "x".repeat(0x10000) + "|";
    String answer =
        httpHarness.raw(
            "POST /v1/auth/login HTTP/1.1|Host: x|Content-Type: application/json|"
                + "Transfer-Encoding: chunked|Connection: close||"
                + chunk.repeat(8)
                + "0||");
    rawProblem(answer, 413, "too_large");
  }

  @Test
  void aBodyThatIsAnnouncedAsHuge() {
    String answer =
        httpHarness.raw(
            "POST /v1/auth/login HTTP/1.1|Host: x|Content-Type: application/json|"
                + "Content-Length: 9000000000||{");
    rawProblem(answer, 413, "too_large");
  }

  @Test
  void aChunkedBodyIsReadWhole() {
    String answer =
        httpHarness.raw(
            "POST /v1/auth/login HTTP/1.1|Host: x|Content-Type: application/json|"
                + "Transfer-Encoding: chunked|Connection: close||"
                + "10|{\"username\":\"bob|18|\",\"password\":\"12345678\"}|0||");
    assertThat(answer).startsWith("HTTP/1.1 401 ").contains("bad_credentials");
  }
}
