package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.model.Limits;

/**
 * Wrong requests are refused with the right code and the name of the field, before any entity
 * receives them.
 */
final class HostileRequestsTest {
  private static final List<String> WITH_BODY =
      List.of(
          "POST /v1/auth/register",
          "POST /v1/auth/login",
          "POST /v1/auth/refresh",
          "POST /v1/auth/logout",
          "PATCH /v1/users/me",
          "PUT /v1/users/me/presence",
          "PUT /v1/users/me/devices/d/push_token",
          "POST /v1/conversations",
          "PATCH /v1/conversations/c",
          "POST /v1/conversations/c/read",
          "POST /v1/groups",
          "PATCH /v1/groups/g",
          "POST /v1/groups/g/members",
          "PUT /v1/groups/g/members/u",
          "POST /v1/messages");

  private static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    httpHarness = new HttpHarness();
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  @AfterEach
  void noEntityHeardOfIt() {
    assertThat(httpHarness.told).isEmpty();
  }

  private static HttpResponse<String> send(String call, byte[] body, String... headers) {
    String[] parts = call.split(" ", 2);
    String[] all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 0, headers.length);
    all[headers.length] = "Authorization";
    all[headers.length + 1] = "Bearer token-alice";
    return httpHarness.callBytes(parts[0], parts[1], body, all);
  }

  private static HttpResponse<String> send(String call, String body, String... headers) {
    return send(call, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "null",
        "[]",
        "\"text\"",
        "1",
        "{} {}",
        "{\"a\":1,\"a\":2}",
        "{'a':1}",
        "{\"a\":NaN}",
        "\ufeff{}",
        "<xml/>"
      })
  void bodiesThatAreNotOneJsonObjectAreRefused(String body) {
    for (String call : WITH_BODY) {
      JsonNode problem = HttpHarness.problem(send(call, body), 400, "bad_request");
      assertThat(problem.path("field").asText()).as(call).isNotEmpty();
    }
  }

  @Test
  void deeplyNestedBodiesAreRefused() {
    String body = "{\"content\":" + "[".repeat(20_000) + "]".repeat(20_000) + "}";
    for (String call : WITH_BODY) {
      HttpHarness.problem(send(call, body), 400, "bad_request");
    }
  }

  @Test
  void invalidUtf8IsRefused() {
    byte[] body = "{\"name\":\"?\",\"display_name\":\"?\"}".getBytes(StandardCharsets.UTF_8);
    body[9] = (byte) 0xff;
    for (String call : WITH_BODY) {
      assertThat(HttpHarness.problem(send(call, body), 400, "bad_request").path("field").asText())
          .isEqualTo("body");
    }
  }

  @Test
  void oversizedBodiesAreRefused() {
    String body = "{\"content\":\"" + "x".repeat(Limits.FRAME_BYTES) + "\"}";
    for (String call : WITH_BODY) {
      HttpHarness.problem(send(call, body), 413, "too_large");
    }
    // Far too large, and for an unknown path.
    HttpHarness.problem(send("POST /v1/messages", new byte[900_000]), 413, "too_large");
    HttpHarness.problem(send("POST /nowhere", new byte[900_000]), 413, "too_large");
  }

  @Test
  void emptyBodiesAreRefused() {
    for (String call : WITH_BODY) {
      if (!call.contains("refresh") && !call.contains("logout")) {
        HttpHarness.problem(send(call, ""), 400, "bad_request");
      }
    }
  }

  @Test
  void otherContentTypesAreRefused() {
    for (String call : WITH_BODY) {
      HttpHarness.problem(
          send(call, "{}", "Content-Type", "text/plain"), 415, "unsupported_media_type");
      HttpHarness.problem(
          send(call, "{}", "Content-Type", "application/jsonp"), 415, "unsupported_media_type");
      HttpHarness.problem(
          send(call, "{}", "Content-Encoding", "gzip"), 415, "unsupported_media_type");
    }
  }

  @Test
  void jsonWithACharsetIsJson() {
    for (String type :
        List.of("application/json; charset=utf-8", "Application/JSON;charset=UTF-8")) {
      // Refused for its content, not for its type.
      HttpHarness.problem(send("POST /v1/groups", "{}", "Content-Type", type), 400, "bad_request");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST /v1/auth/register | {\"password\":\"12345678\"} | username",
        "POST /v1/auth/register | {\"username\":\"BOB\",\"password\":\"12345678\"} | username",
        "POST /v1/auth/register | {\"username\":\"bob\",\"password\":\"1234567\"} | password",
        "POST /v1/auth/register | {\"username\":\"bob\",\"password\":12345678} | password",
        "POST /v1/auth/register |"
            + " {\"username\":\"bob\",\"password\":\"12345678\",\"display_name\":\"\"} |"
            + " display_name",
        "POST /v1/auth/login | {\"username\":\"bob\"} | password",
        "POST /v1/auth/refresh | {\"refresh_token\":1} | refresh_token",
        "PATCH /v1/users/me | {\"display_name\":\"\"} | display_name",
        "PATCH /v1/users/me | {\"avatar_url\":\"javascript:alert(1)\"} | avatar_url",
        "PUT /v1/users/me/presence | {\"status\":\"gone\"} | status",
        "PUT /v1/users/me/presence | {} | status",
        "PUT /v1/users/me/devices/d/push_token | {\"platform\":\"sms\",\"token\":\"t\"} | platform",
        "PUT /v1/users/me/devices/d/push_token | {\"platform\":\"fcm\"} | token",
        "POST /v1/conversations | {\"type\":\"group\",\"user_id\":\"bob\"} | type",
        "POST /v1/conversations | {\"type\":\"direct\"} | user_id",
        "POST /v1/conversations | {\"type\":\"direct\",\"user_id\":\"b b\"} | user_id",
        "PATCH /v1/conversations/c | {\"muted\":\"yes\"} | muted",
        "POST /v1/conversations/c/read | {\"seq\":0} | seq",
        "POST /v1/conversations/c/read | {\"seq\":1.0} | seq",
        "POST /v1/conversations/c/read | {\"seq\":9223372036854775808} | seq",
        "POST /v1/conversations/c/read | {\"seq\":1e999} | seq",
        "POST /v1/groups | {\"member_ids\":[]} | name",
        "POST /v1/groups | {\"name\":\"g\"} | member_ids",
        "POST /v1/groups | {\"name\":\"g\",\"member_ids\":[1]} | member_ids",
        "PATCH /v1/groups/g | {\"name\":7} | name",
        "POST /v1/groups/g/members | {\"user_ids\":[]} | user_ids",
        "PUT /v1/groups/g/members/u | {\"role\":\"owner\"} | role",
        "POST /v1/messages | {\"client_msg_id\":\"a\",\"type\":\"text\",\"content\":\"x\"} |"
            + " conversation_id",
        "POST /v1/messages |"
            + " {\"to\":\"b\",\"client_msg_id\":\"ä\",\"type\":\"text\",\"content\":\"x\"} |"
            + " client_msg_id",
        "POST /v1/messages |"
            + " {\"to\":\"b\",\"client_msg_id\":\"a\",\"type\":\"media\",\"content\":\"x\"} | type",
        "POST /v1/messages |"
            + " {\"to\":\"b\",\"client_msg_id\":\"a\",\"type\":\"text\",\"content\":\"\"} |"
            + " content",
        "POST /v1/messages |"
            + " {\"to\":\"b\",\"client_msg_id\":\"a\",\"type\":\"text\",\"content\":\"\\ud800\"} |"
            + " content",
      })
  void fieldsThatAreWrongAreNamed(String call, String body, String field) {
    JsonNode problem = HttpHarness.problem(send(call, body), 400, "bad_request");
    assertThat(problem.path("field").asText()).isEqualTo(field);
    assertThat(problem.path("detail").asText()).contains(field);
  }

  @Test
  void contentOverItsLimitIsTooLarge() {
    String body =
        "{\"to\":\"b\",\"client_msg_id\":\"a\",\"type\":\"text\",\"content\":\"%s\"}"
            .formatted("x".repeat(Limits.CONTENT_BYTES + 1));
    JsonNode problem = HttpHarness.problem(send("POST /v1/messages", body), 413, "too_large");
    assertThat(problem.path("field").asText()).isEqualTo("content");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/conversations?limit=0, limit",
    "/v1/conversations?limit=101, limit",
    "/v1/conversations?limit=-1, limit",
    "/v1/conversations?limit=1.5, limit",
    "/v1/conversations?limit=abc, limit",
    "/v1/conversations?limit=, limit",
    "/v1/conversations?limit=99999999999999999999999999, limit",
    "/v1/conversations?limit=5&limit=6, limit",
    "/v1/conversations?cursor=a&cursor=a, cursor",
    "/v1/conversations/c/messages?limit=0, limit",
    "/v1/conversations/c/messages?before=0, before",
    "/v1/conversations/c/messages?before=x, before",
    "/v1/conversations/c/messages?before=1&after=1, before",
    "/v1/conversations/c/messages?before=1&before=2, before",
    "/v1/conversations/c/messages?after=-1, after",
    "/v1/conversations/c/messages?after=9223372036854775808, after",
    "/v1/conversations/c/messages?after=%201, after",
    "/v1/users, username",
    "/v1/users?username=, username",
    "/v1/users?username=BOB, username",
    "/v1/users?username=a, username",
    "/v1/users?username=%00%00%00, username",
    "/v1/users?username=bob&username=eve, username",
  })
  void invalidQueriesAreRefused(String path, String field) {
    JsonNode problem =
        HttpHarness.problem(httpHarness.alice("GET", path, null), 400, "bad_request");
    assertThat(problem.path("field").asText()).isEqualTo(field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%20", "a%20b", "%C3%A4", "%ff", "%00", "%7F", "%0d%0aSet-Cookie:x"})
  void invalidIdsAreRefused(String id) {
    HttpHarness.problem(
        httpHarness.alice("GET", "/v1/conversations/" + id, null), 404, "not_found");
    HttpHarness.problem(
        httpHarness.alice("GET", "/v1/conversations/" + id + "/messages", null), 404, "not_found");
    HttpHarness.problem(httpHarness.alice("PATCH", "/v1/groups/" + id, "{}"), 404, "not_found");
    HttpHarness.problem(httpHarness.alice("GET", "/v1/users/" + id, null), 400, "bad_request");
    assertThat(
            HttpHarness.problem(
                    httpHarness.alice("DELETE", "/v1/users/me/devices/" + id, null),
                    400,
                    "bad_request")
                .path("field")
                .asText())
        .isEqualTo("device_id");
    assertThat(
            HttpHarness.problem(
                    httpHarness.alice("DELETE", "/v1/groups/g/members/" + id, null),
                    400,
                    "bad_request")
                .path("field")
                .asText())
        .isEqualTo("user_id");
  }

  @Test
  void anIdThatIsTooLongIsRefused() {
    String id = "x".repeat(65);
    HttpHarness.problem(
        httpHarness.alice("GET", "/v1/conversations/" + id, null), 404, "not_found");
    HttpHarness.problem(
        httpHarness.alice("DELETE", "/v1/users/me/devices/" + id, null), 400, "bad_request");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v2/users/me",
        "/v1/users/me/",
        "/v1/users/bob/",
        "/v1//users/me",
        "//v1/users/me",
        "/v1/conversations/",
        "/v1/conversations/c/messages/1",
        "/v1/auth"
      })
  void unknownPathsAreNotFound(String path) {
    HttpHarness.problem(httpHarness.alice("GET", path, null), 404, "not_found");
    HttpHarness.problem(httpHarness.alice("POST", path, "{}"), 404, "not_found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/users/me | DELETE | GET, HEAD, PATCH",
        "/v1/users | POST | GET, HEAD",
        "/v1/conversations | DELETE | GET, HEAD, POST",
        "/v1/conversations/c | PUT | GET, HEAD, PATCH",
        "/v1/conversations/c/read | GET | POST",
        "/v1/groups/g/members/u | GET | DELETE, PUT",
        "/v1/messages | GET | POST",
        "/v1/auth/login | GET | POST",
        "/v1/ws | POST | GET, HEAD",
        "/v1/messages | OPTIONS | POST",
        "/.well-known/jwks.json | POST | GET, HEAD",
        "/docs/openapi.json | DELETE | GET, HEAD",
      })
  void unsupportedMethodsAreRefused(String path, String method, String allow) {
    HttpResponse<String> response = httpHarness.alice(method, path, null);
    HttpHarness.problem(response, 405, "method_not_allowed");
    assertThat(response.headers().firstValue("Allow")).hasValue(allow);
  }
}
