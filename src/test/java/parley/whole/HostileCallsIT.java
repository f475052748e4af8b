package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.TestAccount;

/** Wrong calls are answered with problems that name the field, never with a 5xx. */
class HostileCallsIT {
  private static final String DEEP = "[".repeat(10_000) + "]".repeat(10_000);

  private record Call(
      String method, String path, ObjectNode body, boolean open, List<String> required) {}

  private final ParleyClient client = SharedServer.client();

  private static List<Call> calls(TestAccount ben, String group) {
    return List.of(
        new Call(
            "POST",
            "/v1/auth/register",
            JsonTrees.obj(
                "username",
                ClientIds.username("x"),
                "password",
                "long enough",
                "display_name",
                "X"),
            true,
            List.of("username", "password")),
        new Call(
            "POST",
            "/v1/auth/login",
            JsonTrees.obj("username", ClientIds.username("x"), "password", "long enough"),
            true,
            List.of("username", "password")),
        new Call("POST", "/v1/auth/refresh", JsonTrees.obj("refresh_token", "x"), true, List.of()),
        new Call(
            "PATCH",
            "/v1/users/me",
            JsonTrees.obj("display_name", "Ann", "avatar_url", "https://example.org/a.png"),
            false,
            List.of()),
        new Call(
            "PUT",
            "/v1/users/me/presence",
            JsonTrees.obj("status", "away"),
            false,
            List.of("status")),
        new Call(
            "PUT",
            "/v1/users/me/devices/phone/push_token",
            JsonTrees.obj("platform", "fcm", "token", "t"),
            false,
            List.of("platform", "token")),
        new Call(
            "POST",
            "/v1/conversations",
            JsonTrees.obj("type", "direct", "user_id", ben.userId()),
            false,
            List.of("type", "user_id")),
        new Call(
            "POST",
            "/v1/groups",
            JsonTrees.obj("name", "g", "member_ids", List.of(ben.userId())),
            false,
            List.of("name", "member_ids")),
        new Call("PATCH", "/v1/groups/" + group, JsonTrees.obj("name", "g"), false, List.of()),
        new Call(
            "POST",
            "/v1/groups/" + group + "/members",
            JsonTrees.obj("user_ids", List.of(ben.userId())),
            false,
            List.of("user_ids")),
        new Call(
            "PUT",
            "/v1/groups/" + group + "/members/" + ben.userId(),
            JsonTrees.obj("role", "member"),
            false,
            List.of("role")),
        new Call(
            "POST",
            "/v1/messages",
            JsonTrees.obj(
                "conversation_id",
                group,
                "client_msg_id",
                ClientIds.next(),
                "type",
                "text",
                "content",
                "x"),
            false,
            List.of("client_msg_id", "type", "content")),
        new Call(
            "POST",
            "/v1/conversations/" + group + "/read",
            JsonTrees.obj("seq", 1),
            false,
            List.of("seq")));
  }

  @Test
  void everyFieldOfEveryBodyIsChecked() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String group = SharedServer.group(ann, ben);
    client.connectSynced(ann, "phone").close();
    SoftAssertions soft = new SoftAssertions();
    for (Call call : calls(ben, group)) {
      String token = call.open() ? null : ann.accessToken();
      for (String body : List.of("", "x", "[]", "null", "{", DEEP, "{\"a\":" + DEEP + "}")) {
        Answer answer = send(call, token, body.getBytes(StandardCharsets.UTF_8));
        boolean mayPass = call.required().isEmpty() && body.startsWith("{\"a\"");
        if (!mayPass) {
          problem(soft, answer, call.method() + " " + call.path() + " body " + cut(body), 4);
        }
      }
      byte[] invalid = call.body().toString().getBytes(StandardCharsets.UTF_8);
      invalid[invalid.length - 3] = (byte) 0xff;
      problem(soft, send(call, token, invalid), call + " invalid UTF-8", 4);
      List<String> names = new ArrayList<>();
      call.body().fieldNames().forEachRemaining(names::add);
      for (String field : names) {
        fields(soft, call, token, field);
      }
    }
    soft.assertAll();
    assertThat(client.get("/v1/users/me", ann.accessToken()).status()).isEqualTo(200);
  }

  private void fields(SoftAssertions soft, Call call, @Nullable String token, String field) {
    List<String> values = new ArrayList<>(List.of("{\"a\":1}", "[[1]]", DEEP, "true"));
    if (call.body().path(field).isTextual()) {
      values.addAll(List.of("7", "\"a\\ud800b\"", "\"" + "x".repeat(200_000) + "\"", "\"\""));
    } else {
      values.addAll(List.of("\"a\"", "-1"));
    }
    if (call.required().contains(field)) {
      values.add("null");
      ObjectNode missing = call.body().deepCopy();
      missing.remove(field);
      named(
          soft,
          send(call, token, missing.toString().getBytes(StandardCharsets.UTF_8)),
          call,
          field,
          "missing");
    }
    for (String value : values) {
      ObjectNode marked = call.body().deepCopy();
      marked.put(field, "@@");
      String body = marked.toString().replace("\"@@\"", value);
      Answer answer = send(call, token, body.getBytes(StandardCharsets.UTF_8));
      boolean emptyIsAWord =
          value.equals("\"\"")
              && List.of("avatar_url", "refresh_token", "password").contains(field);
      if (!emptyIsAWord) {
        named(soft, answer, call, field, value);
      }
    }
  }

  private static void named(
      SoftAssertions soft, Answer answer, Call call, String field, String value) {
    String as = call.method() + " " + call.path() + " " + field + " " + cut(value);
    problem(soft, answer, as, 4);
    if (answer.status() == 400 && !value.equals(DEEP)) {
      soft.assertThat(answer.code()).as(as).isEqualTo("bad_request");
      soft.assertThat(answer.text()).as(as).contains(field);
    }
  }

  private static void problem(SoftAssertions soft, Answer answer, String as, int hundreds) {
    soft.assertThat(answer.status() / 100)
        .as(as + ": " + answer.status() + " " + cut(answer.text()))
        .isEqualTo(hundreds);
    soft.assertThat(answer.headers().firstValue("content-type").orElse(""))
        .as(as + ": " + cut(answer.text()))
        .startsWith("application/problem+json");
    for (String field : List.of("type", "title", "status", "detail", "code")) {
      soft.assertThat(answer.body().has(field)).as(as + " has " + field).isTrue();
    }
  }

  private Answer send(Call call, @Nullable String token, byte[] body) {
    return client.callBytes(call.method(), call.path(), token, body, "application/json").join();
  }

  private static String cut(String text) {
    return text.substring(0, Math.min(100, text.length()));
  }

  @Test
  void hostileAddressesAndQueries() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String id = client.direct(ann, ben.userId());
    SoftAssertions soft = new SoftAssertions();
    for (String query :
        List.of(
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=x",
            "limit=",
            "limit=99999999999999999999",
            "before=x",
            "before=-1",
            "after=x",
            "after=-1",
            "before=5&after=2",
            "before=%00",
            "after=1.5")) {
      Answer answer = SharedServer.history(ann, id, "?" + query);
      problem(soft, answer, query, 4);
      soft.assertThat(answer.code()).as(query).isEqualTo("bad_request");
      soft.assertThat(answer.text()).as(query).contains(query.substring(0, query.indexOf('=')));
    }
    for (String query :
        List.of(
            "limit=0", "limit=x", "cursor=%00", "cursor=nonsense", "cursor=" + "x".repeat(2000))) {
      problem(soft, client.get("/v1/conversations?" + query, ann.accessToken()), query, 4);
    }
    for (String bad :
        List.of("%00", "..%2f..", "%ff", "x".repeat(500), "%E2%80%AE", "a%20b", "%22%3E")) {
      for (String path :
          List.of(
              "/v1/conversations/" + bad,
              "/v1/conversations/" + bad + "/messages",
              "/v1/users/me/devices/" + bad + "/push_token",
              "/v1/groups/" + bad,
              "/" + bad)) {
        for (String method : List.of("GET", "DELETE", "PATCH")) {
          Answer answer = client.call(method, path, ann.accessToken(), null);
          soft.assertThat(answer.status()).as(method + " " + path).isBetween(400, 499);
        }
      }
    }
    for (String token :
        List.of(
            "x",
            "",
            "a.b.c",
            "e30.e30.e30",
            ann.accessToken() + "x",
            ann.refreshToken(),
            "\"",
            "x".repeat(4000))) {
      Answer answer = client.get("/v1/users/me", token);
      problem(soft, answer, "token " + cut(token), 4);
      soft.assertThat(answer.code()).isEqualTo("unauthenticated");
    }
    problem(soft, client.get("/v1/users/me", null), "no token", 4);
    problem(soft, client.get("/v1/nowhere", ann.accessToken()), "nowhere", 4);
    problem(
        soft, client.call("DELETE", "/v1/messages", ann.accessToken(), null), "wrong method", 4);
    soft.assertAll();
  }

  @Test
  void bodiesWithoutEnd() {
    TestAccount ann = SharedServer.user("ann");
    for (int bytes : new int[] {70_000, 500_000, 8 * 1024 * 1024}) {
      byte[] large = new byte[bytes];
      java.util.Arrays.fill(large, (byte) ' ');
      assertThat(statusOrCut(ann, large))
          .as("%d bytes", bytes)
          .isIn(413, bytes < 1 << 20 ? 413 : 0);
    }
    assertThat(client.get("/v1/users/me", ann.accessToken()).status()).isEqualTo(200);
  }

  /**
   * Returns the status, or 0 if the connection ended while the request was being sent: then the
   * answer may be lost.
   */
  private int statusOrCut(TestAccount testAccount, byte[] body) {
    try {
      return client
          .callBytes("POST", "/v1/messages", testAccount.accessToken(), body, "application/json")
          .join()
          .status();
    } catch (java.util.concurrent.CompletionException e) {
      assertThat(e).hasCauseInstanceOf(java.io.IOException.class);
      return 0;
    }
  }
}
