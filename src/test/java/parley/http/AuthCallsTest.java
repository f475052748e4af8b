package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import parley.auth.AuthResult;
import parley.auth.Secret;
import parley.model.ErrorCode;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;
import parley.user.User;

/** Register, login, refresh and logout. */
final class AuthCallsTest extends CallsHarness {
  private static final String CREDENTIALS = "{\"username\":\"bob\",\"password\":\"pass word\"}";
  private static final AuthResult.SignedIn IN = FakeIdentity.signedIn("u_1");

  @BeforeEach
  void forgetWhatWasAsked() {
    httpHarness.identity.asked.clear();
  }

  private static HttpResponse<String> post(String path, String body, String... headers) {
    return httpHarness.call("POST", "/v1/auth/" + path, body, headers);
  }

  private static void tokens(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.body())
        .isEqualTo(
            "{\"user_id\":\"u_1\",\"access_token\":\"at-1\",\"token_type\":\"Bearer\","
                + "\"expires_in\":900,\"refresh_token\":\"rt-1\"}");
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(cookie(response))
        .containsExactlyInAnyOrder(
            "parley_refresh=rt-1",
            "Max-Age=604800",
            "Path=/v1/auth",
            "HttpOnly",
            "SameSite=Strict");
  }

  private static List<String> cookie(HttpResponse<String> response) {
    List<String> headers = response.headers().allValues("Set-Cookie");
    assertThat(headers).hasSize(1);
    return List.of(headers.get(0).split("; "));
  }

  /** New accounts. */
  @Nested
  class Registration {
    @Test
    void registerCreatesAnAccountAndAUser() {
      httpHarness.identity.onRegister = IN;
      tokens(post("register", CREDENTIALS), 201);
      assertThat(httpHarness.identity.asked).containsExactly("register bob pass word bob");
      User.Ensure ensure = (User.Ensure) httpHarness.told.get(0);
      assertThat(ensure.username()).isEqualTo("bob");
      assertThat(ensure.displayName()).isEqualTo("Bob B.");
    }

    @Test
    void registerReportsEachRefusal() {
      httpHarness.identity.onRegister = new AuthResult.UsernameTaken();
      HttpHarness.problem(post("register", CREDENTIALS), 409, "username_taken");
      httpHarness.identity.onRegister = new AuthResult.Invalid("password", "is bad");
      JsonNode problem = HttpHarness.problem(post("register", CREDENTIALS), 400, "bad_request");
      assertThat(problem.path("field").asText()).isEqualTo("password");
      assertThat(problem.path("detail").asText()).isEqualTo("password is bad");
      httpHarness.identity.onRegister = new AuthResult.Unavailable(1_500);
      HttpResponse<String> busy = post("register", CREDENTIALS);
      HttpHarness.problem(busy, 503, "unavailable");
      assertThat(busy.headers().firstValue("Retry-After")).hasValue("2");
      assertThat(busy.headers().allValues("Set-Cookie")).isEmpty();
      assertThat(httpHarness.told).isEmpty();
    }

    @Test
    void noTokenIsGivenBeforeTheUserExists() {
      httpHarness.identity.onRegister = IN;
      httpHarness.users =
          (id, command) ->
              ((User.Ensure) command)
                  .replyTo()
                  .tell(new User.Refused(Refusal.unavailable("the store is slow")));
      HttpResponse<String> response = post("register", CREDENTIALS);
      HttpHarness.problem(response, 503, "unavailable");
      assertThat(response.body()).doesNotContain("at-1");
    }

    @Test
    void anAddressRegistersSoManyTimesADayAndNothingIsGivenBack() {
      try (HttpHarness other = new HttpHarness(HttpSettings.standard(0, TrustedProxies.NONE), 3)) {
        other.users = httpHarness.users;
        HttpHarness.problem(other.call("POST", "/v1/auth/register", "{}"), 400, "bad_request");
        other.identity.onRegister = IN;
        assertThat(other.call("POST", "/v1/auth/register", CREDENTIALS).statusCode())
            .isEqualTo(201);
        other.identity.onRegister = new AuthResult.UsernameTaken();
        for (int i = 0; i < 2; i++) {
          HttpHarness.problem(
              other.call("POST", "/v1/auth/register", CREDENTIALS), 409, "username_taken");
        }
        HttpResponse<String> refused = other.call("POST", "/v1/auth/register", CREDENTIALS);
        HttpHarness.problem(refused, 429, "rate_limited");
        assertThat(refused.headers().firstValue("Retry-After")).hasValue("86400");
        assertThat(other.limited).containsExactly("registrations");
        other.identity.onLogin = IN;
        assertThat(other.call("POST", "/v1/auth/login", CREDENTIALS).statusCode()).isEqualTo(200);
      }
    }
  }

  /** Logins, their limits and known devices. */
  @Nested
  class Login {
    @Test
    void logsInAndMakesTheUserIfItIsMissing() {
      httpHarness.identity.onLogin = IN;
      tokens(post("login", CREDENTIALS), 200);
      assertThat(httpHarness.told).hasSize(1).first().isInstanceOf(User.Ensure.class);
    }

    @Test
    void loginReportsEachRefusal() {
      httpHarness.identity.onLogin = new AuthResult.BadCredentials();
      HttpHarness.problem(post("login", CREDENTIALS), 401, "bad_credentials");
      httpHarness.identity.onLogin = new AuthResult.RateLimited(61_000);
      HttpResponse<String> limited = post("login", CREDENTIALS);
      HttpHarness.problem(limited, 429, "rate_limited");
      assertThat(limited.headers().firstValue("Retry-After")).hasValue("61");
      assertThat(httpHarness.limited).containsExactly("guesses");
    }

    @Test
    void anAddressThatGuessesIsSlowedDown() {
      try (HttpHarness other = new HttpHarness(HttpSettings.standard(1_000, TrustedProxies.NONE))) {
        other.users = httpHarness.users;
        // A request that is no attempt does not count.
        for (int i = 0; i < 100; i++) {
          assertThat(other.call("POST", "/v1/auth/login", "{}").statusCode()).isEqualTo(400);
        }
        other.identity.onLogin = IN;
        for (int i = 0; i < 100; i++) {
          // Successes are no guesses.
          assertThat(other.call("POST", "/v1/auth/login", CREDENTIALS).statusCode()).isEqualTo(200);
        }
        other.identity.onLogin = new AuthResult.BadCredentials();
        int guesses = 0;
        HttpResponse<String> response = other.call("POST", "/v1/auth/login", CREDENTIALS);
        while (response.statusCode() == 401 && guesses++ < 100) {
          response = other.call("POST", "/v1/auth/login", CREDENTIALS);
        }
        HttpHarness.problem(response, 429, "rate_limited");
        assertThat(other.limited).containsExactly("logins");
        // The account is asked if it may know the device; registrations are not affected.
        other.identity.asked.clear();
        HttpHarness.problem(
            other.call(
                "POST",
                "/v1/auth/login",
                "{\"username\":\"bob\",\"password\":\"pass word\",\"known_device\":\"k\"}"),
            401,
            "bad_credentials");
        HttpHarness.problem(
            other.call("POST", "/v1/auth/login", CREDENTIALS, "Cookie", "parley_known=c"),
            401,
            "bad_credentials");
        assertThat(other.identity.asked)
            .containsExactly("login bob pass word known k", "login bob pass word known c");
        HttpHarness.problem(
            other.call("POST", "/v1/auth/register", CREDENTIALS), 409, "username_taken");
        // A login by a known device takes no attempt, so none is given back for guesses elsewhere.
        other.identity.onLogin = IN;
        assertThat(
                other
                    .call("POST", "/v1/auth/login", CREDENTIALS, "Cookie", "parley_known=c")
                    .statusCode())
            .isEqualTo(200);
        HttpHarness.problem(other.call("POST", "/v1/auth/login", CREDENTIALS), 429, "rate_limited");
      }
    }

    @Test
    void withoutALimitOfRequestsAnAddressMayGuessButForTheAccount() {
      httpHarness.identity.onLogin = new AuthResult.BadCredentials();
      for (int i = 0; i < 100; i++) {
        HttpHarness.problem(post("login", CREDENTIALS), 401, "bad_credentials");
      }
    }

    @Test
    void aLoginMakesTheDeviceKnownAndARefreshDoesNot() {
      httpHarness.identity.onLogin =
          new AuthResult.SignedIn(
              IN.userId(),
              "bob",
              "Bob B.",
              IN.accessToken(),
              900,
              IN.refreshToken(),
              new Secret("k-1"));
      HttpResponse<String> in = post("login", CREDENTIALS);
      assertThat(in.body()).endsWith("\"refresh_token\":\"rt-1\",\"known_device\":\"k-1\"}");
      assertThat(in.headers().allValues("Set-Cookie"))
          .anySatisfy(
              cookie ->
                  assertThat(cookie.split("; ", -1))
                      .containsExactlyInAnyOrder(
                          "parley_known=k-1",
                          "Max-Age=31536000",
                          "Path=/v1/auth",
                          "HttpOnly",
                          "SameSite=Strict"));
      httpHarness.identity.onRefresh = IN;
      assertThat(post("refresh", "{\"refresh_token\":\"a\"}").body())
          .doesNotContain("known_device");
    }
  }

  /** Refresh tokens and their cookie. */
  @Nested
  class RefreshAndLogout {
    @Test
    void aPageOfThisServerDoesNotGetTheRefreshToken() {
      httpHarness.identity.onLogin = IN;
      httpHarness.identity.onRefresh = IN;
      for (HttpResponse<String> page :
          List.of(
              post("login", CREDENTIALS, "Sec-Fetch-Site", "same-origin"),
              post(
                  "refresh",
                  "{}",
                  "Cookie",
                  "parley_refresh=a",
                  "Sec-Fetch-Site",
                  "same-origin"))) {
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).doesNotContain("rt-1");
        assertThat(cookie(page)).contains("parley_refresh=rt-1");
      }
      assertThat(
              post("refresh", "{\"refresh_token\":\"a\"}", "Sec-Fetch-Site", "same-origin").body())
          .contains("rt-1");
    }

    @Test
    void aRecentlySpentTokenKeepsTheCookie() {
      httpHarness.identity.onRefresh = new AuthResult.StaleToken();
      HttpResponse<String> stale = post("refresh", "", "Cookie", "parley_refresh=a");
      HttpHarness.problem(stale, 401, "unauthenticated");
      assertThat(stale.headers().allValues("Set-Cookie")).isEmpty();
    }

    @Test
    void pagesOfOtherOriginsAreForbidden() {
      httpHarness.identity.onRefresh = IN;
      for (String[] foreign :
          new String[][] {
            {"Origin", "https://evil.example"},
            {"Origin", "null"},
            {"Origin", "http://127.0.0.1.evil.example"},
            {"Sec-Fetch-Site", "cross-site"},
            {"Sec-Fetch-Site", "same-site"}
          }) {
        for (String path : List.of("logout", "refresh")) {
          HttpResponse<String> refused =
              post(path, "{}", "Cookie", "parley_refresh=a", foreign[0], foreign[1]);
          HttpHarness.problem(refused, 403, "forbidden");
          assertThat(refused.headers().allValues("Set-Cookie")).isEmpty();
        }
      }
      assertThat(httpHarness.identity.asked).isEmpty();
      // Behind a proxy that changes {@code Host}, the browser's own header decides.
      assertThat(
              post(
                      "logout",
                      "{}",
                      "Cookie",
                      "parley_refresh=a",
                      "Origin",
                      "https://chat.example",
                      "Sec-Fetch-Site",
                      "same-origin")
                  .statusCode())
          .isEqualTo(204);
    }

    @Test
    void refreshesByBodyOrCookie() {
      httpHarness.identity.onRefresh = IN;
      tokens(post("refresh", "{\"refresh_token\":\"a\"}"), 200);
      tokens(post("refresh", "", "Cookie", "x=1; parley_refresh=b; y=2"), 200);
      tokens(httpHarness.call("POST", "/v1/auth/refresh", null, "Cookie", "parley_refresh=c"), 200);
      tokens(post("refresh", "{}", "Cookie", "parley_refresh=d"), 200);
      // If both are present, the token in the body counts.
      tokens(post("refresh", "{\"refresh_token\":\"e\"}", "Cookie", "parley_refresh=f"), 200);
      assertThat(httpHarness.identity.asked)
          .containsExactly("refresh a", "refresh b", "refresh c", "refresh d", "refresh e");
    }

    /** Only the account can tell whether the token is valid; it is asked without spending it. */
    @Test
    void aBannedUserGetsNoTokens() {
      Refusal ban = new Refusal(ErrorCode.FORBIDDEN, "this user is banned", 90_000);
      httpHarness.users =
          (id, command) -> {
            User.Found found = new User.Found(new Profile(id, "bob", "Bob", null), ban);
            switch (command) {
              case User.Ensure c -> c.replyTo().tell(found);
              case User.GetProfile c -> c.replyTo().tell(found);
              default -> throw new AssertionError(command);
            }
          };
      httpHarness.identity.onOwner = new AuthResult.Found(new UserId("u_1"), "bob", "Bob");
      httpHarness.identity.onRefresh = new AuthResult.Banned();
      HttpResponse<String> refresh = post("refresh", "", "Cookie", "parley_refresh=a");
      JsonNode problem = HttpHarness.problem(refresh, 403, "forbidden");
      assertThat(problem.path("retry_after_ms").asLong()).isEqualTo(90_000);
      assertThat(refresh.headers().allValues("Set-Cookie")).isEmpty();
      httpHarness.identity.onRefresh = new AuthResult.UnknownToken();
      HttpHarness.problem(post("refresh", "{\"refresh_token\":\"b\"}"), 401, "unauthenticated");
      httpHarness.identity.onLogin = IN;
      HttpHarness.problem(post("login", CREDENTIALS), 403, "forbidden");
      assertThat(httpHarness.identity.asked)
          .containsExactly(
              "refresh a banned", "refresh b banned", "login bob pass word", "logout rt-1");
      // While the account does not say whose token it is, nobody knows that there is no ban.
      httpHarness.identity.onOwner = new AuthResult.Unavailable(1);
      HttpHarness.problem(post("refresh", "{\"refresh_token\":\"c\"}"), 503, "unavailable");
      assertThat(httpHarness.identity.asked).hasSize(4);
      httpHarness.identity.onOwner = new AuthResult.NotFound();
    }

    @Test
    void refreshReportsEachRefusal() {
      HttpHarness.problem(post("refresh", "{}"), 401, "unauthenticated");
      HttpHarness.problem(post("refresh", "", "Cookie", "parley_refresh="), 401, "unauthenticated");
      assertThat(httpHarness.identity.asked).isEmpty();
      httpHarness.identity.onRefresh = new AuthResult.RefreshReused();
      HttpResponse<String> reused = post("refresh", "", "Cookie", "parley_refresh=a");
      HttpHarness.problem(reused, 401, "refresh_reused");
      assertThat(cookie(reused)).contains("parley_refresh=", "Max-Age=0", "Path=/v1/auth");
      httpHarness.identity.onRefresh = new AuthResult.UnknownToken();
      HttpResponse<String> unknown = post("refresh", "{\"refresh_token\":\"a\"}");
      HttpHarness.problem(unknown, 401, "unauthenticated");
      assertThat(unknown.headers().allValues("Set-Cookie")).isEmpty();
      httpHarness.identity.onRefresh = new AuthResult.Unavailable(1);
      HttpResponse<String> busy = post("refresh", "", "Cookie", "parley_refresh=a");
      HttpHarness.problem(busy, 503, "unavailable");
      assertThat(busy.headers().allValues("Set-Cookie")).isEmpty();
      httpHarness.identity.onRefresh = new AuthResult.RateLimited(2_000);
      HttpHarness.problem(post("refresh", "{\"refresh_token\":\"a\"}"), 429, "rate_limited");
      assertThat(httpHarness.limited).containsExactly("refreshes");
    }

    @Test
    void aFormOfAnotherSiteCannotUseTheCookie() {
      for (String type :
          List.of("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")) {
        HttpResponse<String> response =
            post("logout", "{}", "Cookie", "parley_refresh=a", "Content-Type", type);
        HttpHarness.problem(response, 415, "unsupported_media_type");
      }
      assertThat(httpHarness.identity.asked).isEmpty();
    }

    @Test
    void logsOut() {
      for (HttpResponse<String> response :
          List.of(
              post("logout", "{\"refresh_token\":\"a\"}"),
              post("logout", "", "Cookie", "parley_refresh=b"),
              post("logout", "{}"))) {
        assertThat(response.statusCode()).isEqualTo(204);
        assertThat(cookie(response)).contains("parley_refresh=", "Max-Age=0", "Path=/v1/auth");
      }
      assertThat(httpHarness.identity.asked).containsExactly("logout a", "logout b");
    }

    @Test
    void theCookieIsSecureOverTls() {
      httpHarness.identity.onLogin = IN;
      assertThat(cookie(post("login", CREDENTIALS, "X-Forwarded-Proto", "https")))
          .contains("Secure");
      assertThat(cookie(post("login", CREDENTIALS, "X-Forwarded-Proto", "http, https")))
          .doesNotContain("Secure");
    }
  }
}
