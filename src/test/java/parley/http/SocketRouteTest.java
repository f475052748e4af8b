package parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import parley.bounds.LoadGate;

/** The handshake of the socket, with an echo behind it. */
final class SocketRouteTest {
  private static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    httpHarness = new HttpHarness();
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  private static final class Listener implements WebSocket.Listener {
    final CompletableFuture<String> text = new CompletableFuture<>();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.complete(data.toString());
      return null;
    }
  }

  private static WebSocket.Builder builder() {
    return httpHarness.client().newWebSocketBuilder();
  }

  private static URI uri() {
    return URI.create("ws://127.0.0.1:" + httpHarness.port() + "/v1/ws");
  }

  @Test
  void underLoadNewSocketsAreRefused() {
    httpHarness.shed.add(LoadGate.Shed.CONNECTIONS);
    try {
      assertThatThrownBy(() -> builder().buildAsync(uri(), new Listener()).join())
          .cause()
          .isInstanceOfSatisfying(
              WebSocketHandshakeException.class,
              refused -> {
                assertThat(refused.getResponse().statusCode()).isEqualTo(503);
                assertThat(refused.getResponse().headers().firstValue("Retry-After")).contains("5");
              });
    } finally {
      httpHarness.shed.clear();
    }
  }

  @Test
  void theSubprotocolIsAccepted() {
    Listener listener = new Listener();
    WebSocket socket =
        builder()
            .subprotocols("other.v9", "parley.v1")
            .header("Origin", "https://elsewhere.example")
            .buildAsync(uri(), listener)
            .join();
    assertThat(socket.getSubprotocol()).isEqualTo("parley.v1");
    socket.sendText("hi", true).join();
    assertThat(listener.text)
        .succeedsWithin(Duration.ofSeconds(10), InstanceOfAssertFactories.STRING)
        .isEqualTo("hi");
    socket.abort();
  }

  @Test
  void noSubprotocolIsAccepted() {
    WebSocket socket = builder().buildAsync(uri(), new Listener()).join();
    assertThat(socket.getSubprotocol()).isEmpty();
    socket.abort();
  }

  @Test
  void anUnknownSubprotocolIsRefused() {
    assertThatThrownBy(
            () -> builder().subprotocols("parley.v2").buildAsync(uri(), new Listener()).join())
        .hasCauseInstanceOf(WebSocketHandshakeException.class)
        .cause()
        .satisfies(
            e ->
                assertThat(((WebSocketHandshakeException) e).getResponse().statusCode())
                    .isEqualTo(400));
    String answer =
        httpHarness.raw(
            "GET /v1/ws HTTP/1.1|Host: x|Connection: upgrade, close|Upgrade: websocket|"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13|"
                + "Sec-WebSocket-Protocol: nonsense||");
    assertThat(answer).startsWith("HTTP/1.1 400 ").contains("application/problem+json");
  }

  @Test
  void theHandshakeAnswerFollowsTheStandard() {
    String answer =
        httpHarness.head(
            "GET /v1/ws HTTP/1.1|Host: x|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Key:"
                + " dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13|Sec-WebSocket-Extensions:"
                + " permessage-deflate|Sec-WebSocket-Protocol: parley.v1||");
    assertThat(answer).startsWith("HTTP/1.1 101 ").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assertThat(answer.lines().skip(1).map(line -> line.toLowerCase(Locale.ROOT)))
        .filteredOn(line -> !line.isEmpty() && !line.matches("(server|date):.*"))
        .containsExactlyInAnyOrder(
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
            "sec-websocket-protocol: parley.v1");
  }

  @Test
  void theHandshakeKeyMustOccurOnceAndHaveSixteenBytes() {
    for (String keys :
        List.of(
            "",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j|",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Key:"
                + " c2FtcGxlIG5vbmNlIHR3bw==|")) {
      assertThat(
              httpHarness.raw(
                  "GET /v1/ws HTTP/1.1|Host: x|Connection: upgrade, close|Upgrade: websocket|"
                      + keys
                      + "Sec-WebSocket-Version: 13||"))
          .as(keys)
          .startsWith("HTTP/1.1 400 ")
          .contains("application/problem+json");
    }
  }

  @Test
  void aRequestThatIsNoHandshakeIsRefused() {
    HttpHarness.problem(httpHarness.alice("GET", "/v1/ws", null), 400, "bad_request");
    assertThat(
            httpHarness.raw(
                "GET /v1/ws HTTP/1.1|Host: x|Connection: upgrade, close|"
                    + "Upgrade: websocket|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|"
                    + "Sec-WebSocket-Version: 12||"))
        .startsWith("HTTP/1.1 400 ")
        .contains("application/problem+json");
  }
}
