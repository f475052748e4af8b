package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import parley.client.Answer;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.SocketOptions;
import parley.client.TestAccount;

/**
 * Everything that belongs to one login, as clients see it: its refresh tokens, its sockets, its
 * devices.
 */
class LoginsIT {
  private final ParleyClient client = SharedServer.client();

  @Test
  void aLostAnswerAndASecondTabLoseNothing() {
    TestAccount ann = SharedServer.user("ann");
    List<CompletableFuture<Answer>> tabs =
        IntStream.range(0, 5)
            .mapToObj(
                i -> client.callAsync("POST", "/v1/auth/refresh", null, body(ann.refreshToken())))
            .toList();
    Set<String> tokens = new HashSet<>();
    for (CompletableFuture<Answer> tab : tabs) {
      Answer answer = tab.join().expect(200);
      tokens.add(answer.body().path("refresh_token").asText());
      client.get("/v1/users/me", answer.body().path("access_token").asText()).expect(200);
    }
    assertThat(tokens).hasSize(5);
    String one = tokens.iterator().next();
    client.post("/v1/auth/refresh", null, body(one)).expect(200);
    // The next generation has begun, so the previous one is too late; the login does not end for
    // that.
    Answer late = client.post("/v1/auth/refresh", null, body(ann.refreshToken()));
    late.expect(401, "unauthenticated");
    assertThat(late.headers().allValues("set-cookie")).isEmpty();
    tokens.remove(one);
    client.post("/v1/auth/refresh", null, body(tokens.iterator().next())).expect(200);
  }

  @Test
  void theTwentySecondPairIsRefusedAndRevokesNothing() {
    TestAccount ann = SharedServer.user("ann");
    String last = "";
    for (int i = 0; i < 21; i++) {
      last = refreshed(ann.refreshToken()).path("refresh_token").asText();
    }
    client.post("/v1/auth/refresh", null, body(ann.refreshToken())).expect(401, "unauthenticated");
    client.post("/v1/auth/refresh", null, body(last)).expect(200);
  }

  @Test
  void accessTokensCarryTheLoginTheyAreOf() {
    TestAccount ann = SharedServer.user("ann");
    String sid = sid(ann.accessToken());
    assertThat(sid).matches("[A-Za-z0-9_-]{16,64}");
    assertThat(sid(refreshed(ann.refreshToken()).path("access_token").asText())).isEqualTo(sid);
    TestAccount again = client.login(ann.username(), ann.password());
    assertThat(sid(again.accessToken())).isNotEqualTo(sid);
  }

  @Test
  void logoutEndsTheSocketsOfItsLoginAlone() {
    TestAccount phone = SharedServer.user("ann");
    TestAccount laptop = client.login(phone.username(), phone.password());
    try (ParleySocket one = client.connectSynced(phone, "phone");
        ParleySocket other = client.connectSynced(laptop, "laptop")) {
      client.post("/v1/auth/logout", null, body(phone.refreshToken())).expect(204);
      JsonNode closing = one.await(Frames.op("closing"));
      assertThat(closing.path("code").asText()).isEqualTo("removed");
      assertThat(closing.path("reconnect").asBoolean()).isFalse();
      one.awaitClosed();
      other.ping();
      assertThat(other.frames(Frames.op("closing"))).isEmpty();
      // {@code auth} with a token of the ended login is refused and changes nothing else.
      JsonNode renewal = other.request(JsonTrees.obj("op", "auth", "token", phone.accessToken()));
      assertThat(renewal.path("code").asText()).isEqualTo("unauthenticated");
      other.ping();
      assertThat(other.frames(Frames.op("closing"))).isEmpty();
    }
    refusedHello(phone, "phone");
    refusedHello(phone, "another");
    client.post("/v1/auth/refresh", null, body(phone.refreshToken())).expect(401);
    TestAccount back = client.login(phone.username(), phone.password());
    client.connectSynced(back, "phone").close();
  }

  @Test
  void aRemovedDeviceEndsTheLoginsItCameWith() {
    TestAccount first = SharedServer.user("ann");
    TestAccount second = client.login(first.username(), first.password());
    TestAccount other = client.login(first.username(), first.password());
    client.connectSynced(first, "phone").close();
    try (ParleySocket tablet = client.connectSynced(first, "tablet");
        ParleySocket phone = client.connectSynced(second, "phone");
        ParleySocket laptop = client.connectSynced(other, "laptop")) {
      client.call("DELETE", "/v1/users/me/devices/phone", other.accessToken(), null).expect(204);
      for (ParleySocket gone : List.of(tablet, phone)) {
        assertThat(gone.await(Frames.op("closing")).path("code").asText()).isEqualTo("removed");
      }
      laptop.ping();
      assertThat(laptop.frames(Frames.op("closing"))).isEmpty();
    }
    for (TestAccount out : List.of(first, second)) {
      refusedHello(out, "phone");
      client.post("/v1/auth/refresh", null, body(out.refreshToken())).expect(401);
    }
    client.post("/v1/auth/refresh", null, body(other.refreshToken())).expect(200);
  }

  @Test
  void aSocketMayGoOnWithAnotherLogin() {
    TestAccount first = SharedServer.user("ann");
    TestAccount second = client.login(first.username(), first.password());
    try (ParleySocket phone = client.connectSynced(first, "phone")) {
      JsonNode renewal = phone.request(JsonTrees.obj("op", "auth", "token", second.accessToken()));
      assertThat(renewal.path("op").asText()).isEqualTo("ok");
      client.post("/v1/auth/logout", null, body(first.refreshToken())).expect(204);
      phone.ping();
      assertThat(phone.frames(Frames.op("closing"))).isEmpty();
      client.post("/v1/auth/logout", null, body(second.refreshToken())).expect(204);
      assertThat(phone.await(Frames.op("closing")).path("code").asText()).isEqualTo("removed");
    }
  }

  @Test
  void aForeignPageLogsNobodyOut() {
    TestAccount ann = SharedServer.user("ann");
    browser("logout", ann.refreshToken(), "Origin", "https://evil.example")
        .expect(403, "forbidden");
    browser("refresh", ann.refreshToken(), "Origin", "null").expect(403, "forbidden");
    String own = "http://" + client.base().getAuthority();
    Answer page =
        browser("refresh", ann.refreshToken(), "Origin", own, "Sec-Fetch-Site", "same-origin")
            .expect(200);
    assertThat(page.body().has("refresh_token")).isFalse();
    assertThat(page.headers().firstValue("set-cookie").orElse(""))
        .matches("parley_refresh=[A-Za-z0-9_-]{20,};.*");
    browser("logout", ann.refreshToken(), "Origin", own).expect(204);
  }

  private Answer browser(String path, String cookie, String... headers) {
    return client
        .send(
            HttpRequest.newBuilder(client.base().resolve("/v1/auth/" + path))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .header("Content-Type", "application/json")
                .header("Cookie", "parley_refresh=" + cookie)
                .headers(headers)
                .build())
        .join();
  }

  private void refusedHello(TestAccount testAccount, String device) {
    try (ParleySocket socket = client.open(SocketOptions.standard())) {
      socket.send(
          JsonTrees.obj(
              "op",
              "hello",
              "id",
              1,
              "token",
              testAccount.accessToken(),
              "device_id",
              device,
              "client",
              "test/1"));
      assertThat(socket.await(Frames.op("closing")).path("code").asText())
          .isEqualTo("unauthenticated");
      assertThat(socket.frames(Frames.error("unauthenticated"))).hasSize(1);
    }
  }

  private JsonNode refreshed(String token) {
    return client.post("/v1/auth/refresh", null, body(token)).expect(200).body();
  }

  private static Map<String, String> body(String refreshToken) {
    return Map.of("refresh_token", refreshToken);
  }

  private static String sid(String accessToken) {
    try {
      return new ObjectMapper()
          .readTree(Base64.getUrlDecoder().decode(accessToken.split("\\.", -1)[1]))
          .path("sid")
          .asText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
