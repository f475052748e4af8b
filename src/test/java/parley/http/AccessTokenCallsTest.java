package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;
import parley.user.User;

/** Access tokens of calls, and users of an external issuer. */
final class AccessTokenCallsTest extends CallsHarness {
  @Test
  void callsNeedAToken() {
    for (String authorization :
        List.of("", "Bearer", "Bearer ", "Basic dG9rZW4=", "token-alice", "Bearer nonsense")) {
      HttpHarness.problem(
          httpHarness.call("GET", "/v1/users/me", null, "Authorization", authorization),
          401,
          "unauthenticated");
    }
    HttpHarness.problem(httpHarness.call("GET", "/v1/users/me", null), 401, "unauthenticated");
    HttpHarness.problem(
        httpHarness.call(
            "GET",
            "/v1/users/me",
            null,
            "Authorization",
            "Bearer token-a",
            "Authorization",
            "Bearer token-b"),
        401,
        "unauthenticated");
    assertThat(httpHarness.told).isEmpty();
    assertThat(
            httpHarness
                .call("GET", "/v1/users/me", null, "Authorization", "bearer  token-alice")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void everyCallOfSectionThreeNeedsAToken() {
    for (String call :
        List.of(
            "GET /v1/users/me",
            "PATCH /v1/users/me",
            "GET /v1/users?username=bob",
            "GET /v1/users/bob",
            "PUT /v1/users/me/presence",
            "PUT /v1/users/me/devices/d/push_token",
            "DELETE /v1/users/me/devices/d/push_token",
            "GET /v1/users/me/devices",
            "DELETE /v1/users/me/devices/d",
            "POST /v1/conversations",
            "POST /v1/groups",
            "PATCH /v1/groups/g",
            "POST /v1/groups/g/members",
            "DELETE /v1/groups/g/members/u",
            "PUT /v1/groups/g/members/u",
            "GET /v1/conversations",
            "GET /v1/conversations/c",
            "PATCH /v1/conversations/c",
            "GET /v1/conversations/c/messages",
            "POST /v1/messages",
            "POST /v1/conversations/c/read")) {
      String[] parts = call.split(" ", 2);
      HttpHarness.problem(httpHarness.call(parts[0], parts[1], null), 401, "unauthenticated");
    }
    assertThat(httpHarness.told).isEmpty();
  }

  @Test
  void aTokenIsUnavailableWhenKeysCannotBeRead() {
    HttpResponse<String> response =
        httpHarness.call("GET", "/v1/users/me", null, "Authorization", "Bearer no-keys");
    HttpHarness.problem(response, 503, "unavailable");
    assertThat(response.headers().firstValue("Retry-After")).hasValue("2");
  }

  @Test
  void anExternalUserIsMadeOnceAndBeforeItsFirstCall() {
    for (int i = 0; i < 3; i++) {
      assertThat(
              httpHarness
                  .call("GET", "/v1/users/me", null, "Authorization", "Bearer external-eve")
                  .statusCode())
          .isEqualTo(200);
    }
    assertThat(httpHarness.told).hasSize(4);
    User.Ensure ensure = (User.Ensure) httpHarness.told.get(0);
    assertThat(ensure.username()).isEqualTo("eve");
    assertThat(httpHarness.told.subList(1, 4)).allMatch(told -> told instanceof User.GetProfile);
  }

  @Test
  void anExternalUserThatCouldNotBeMadeIsTriedAgain() {
    httpHarness.users =
        (id, command) ->
            ((User.Ensure) command)
                .replyTo()
                .tell(new User.Refused(new Refusal(ErrorCode.UNAVAILABLE, "the store is slow", 0)));
    HttpHarness.problem(
        httpHarness.call("GET", "/v1/users/me", null, "Authorization", "Bearer external-mia"),
        503,
        "unavailable");
    reset();
    assertThat(
            httpHarness
                .call("GET", "/v1/users/me", null, "Authorization", "Bearer external-mia")
                .statusCode())
        .isEqualTo(200);
    assertThat(httpHarness.told).hasSize(2);
    assertThat(new UserId("mia").value()).isEqualTo("mia");
  }
}
