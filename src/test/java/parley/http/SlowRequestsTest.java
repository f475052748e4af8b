package parley.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import parley.port.PortSettings;

/**
 * A slow client cannot hold a connection, and no client can hold more connections than its limit.
 */
@Timeout(60)
final class SlowRequestsTest {
  private static final Duration SHORT = Duration.ofMillis(400);
  private static final Duration LONG = Duration.ofSeconds(50);
  private static final String GET = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n";

  private final List<Socket> sockets = new ArrayList<>();
  private HttpHarness httpHarness = new HttpHarness();

  private void serve(PortSettings limits, TrustedProxies proxies) {
    httpHarness.close();
    httpHarness =
        new HttpHarness(
            new HttpSettings(
                () -> 0,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(3),
                LONG,
                proxies,
                limits));
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    httpHarness.close();
  }

  private static PortSettings times(Duration head, Duration body) {
    return new PortSettings(0, 0, address -> true, head, body, LONG);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), httpHarness.port());
    socket.setSoTimeout(30_000);
    sockets.add(socket);
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
    socket.getOutputStream().flush();
  }

  private static String rest(Socket socket) throws IOException {
    try {
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    } catch (SocketException e) {
      // The connection was closed while the test still wrote.
      return "";
    }
  }

  /** Reads a whole answer whose body has a known length. */
  private static String answer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("it ended: " + head);
      }
      head.append((char) next);
    }
    int at = head.indexOf("Content-Length: ") + "Content-Length: ".length();
    int length = Integer.parseInt(head.substring(at, head.indexOf("\r\n", at)));
    return head + new String(in.readNBytes(length), US_ASCII);
  }

  @Test
  void aClientThatSendsNothingIsDisconnected() throws IOException {
    serve(times(SHORT, LONG), TrustedProxies.NONE);
    assertThat(rest(connect())).isEmpty();
  }

  @Test
  void anIncompleteHeadIsAnsweredAndTheConnectionEnds() throws IOException {
    serve(times(SHORT, LONG), TrustedProxies.NONE);
    Socket socket = connect();
    write(socket, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    assertThat(rest(socket)).startsWith("HTTP/1.1 408 ").contains("Connection: close");
    assertThat(httpHarness.server().meters().lateHeads()).isEqualTo(1);
  }

  /** The time limit is for the whole head: single bytes do not restart it. */
  @Test
  void aHeadThatArrivesTooSlowlyEndsTheConnection() throws IOException {
    serve(times(SHORT, LONG), TrustedProxies.NONE);
    Socket socket = connect();
    write(socket, GET);
    assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
    write(socket, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    await()
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              try {
                write(socket, "y");
                return false;
              } catch (IOException e) {
                return true;
              }
            });
    assertThat(httpHarness.server().meters().lateHeads()).isEqualTo(1);
  }

  @Test
  void aBodyThatArrivesTooSlowlyEndsTheConnection() throws IOException {
    serve(times(LONG, SHORT), TrustedProxies.NONE);
    for (String framing : List.of("Content-Length: 10000", "Transfer-Encoding: chunked")) {
      Socket socket = connect();
      write(socket, "POST /v1/groups HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n\r\n");
      long before = httpHarness.server().meters().lateBodies();
      await()
          .pollInterval(Duration.ofMillis(20))
          .until(
              () -> {
                try {
                  write(socket, framing.startsWith("C") ? "y" : "1\r\ny\r\n");
                  return false;
                } catch (IOException e) {
                  return true;
                }
              });
      assertThat(httpHarness.server().meters().lateBodies()).isEqualTo(before + 1);
    }
  }

  /** Between two requests no deadline runs. */
  @Test
  void anIdleConnectionStaysOpen() throws IOException {
    serve(times(SHORT, SHORT), TrustedProxies.NONE);
    Socket idle = connect();
    write(idle, GET);
    assertThat(answer(idle)).startsWith("HTTP/1.1 200 ");
    // The slow connections that came later have been closed meanwhile.
    Socket slow = connect();
    write(slow, "G");
    assertThat(rest(slow)).startsWith("HTTP/1.1 408 ");
    write(idle, GET);
    assertThat(answer(idle)).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void aConnectionSilentInBothDirectionsIsCut() throws IOException {
    serve(new PortSettings(0, 0, address -> true, LONG, LONG, SHORT), TrustedProxies.NONE);
    Socket socket = connect();
    write(socket, GET);
    assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
    assertThat(rest(socket)).isEmpty();
  }

  @Test
  void anAddressWithTooManyConnectionsIsRefused() throws IOException {
    serve(new PortSettings(0, 3, address -> false, LONG, LONG, LONG), TrustedProxies.NONE);
    full(3);
    assertThat(httpHarness.server().meters().addressFull()).isEqualTo(1);
  }

  @Test
  void aPortWithTooManyConnectionsRefusesMore() throws IOException {
    serve(new PortSettings(3, 0, address -> true, LONG, LONG, LONG), TrustedProxies.NONE);
    full(3);
    assertThat(httpHarness.server().meters().portFull()).isEqualTo(1);
  }

  private void full(int most) throws IOException {
    for (int i = 0; i < most; i++) {
      Socket socket = connect();
      write(socket, GET);
      assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
    }
    String refused = rest(connect());
    assertThat(refused)
        .startsWith("HTTP/1.1 503 ")
        .contains("Retry-After: 10\r\n", "Connection: close\r\n", "application/problem+json")
        .contains("\"code\":\"unavailable\"");
    assertThat(httpHarness.server().meters().open()).isEqualTo(most);
    // A closed connection makes room.
    sockets.getFirst().close();
    await().until(() -> httpHarness.server().meters().open() == most - 1);
    Socket next = connect();
    write(next, GET);
    assertThat(answer(next)).startsWith("HTTP/1.1 200 ");
  }

  /** Behind a proxy the client's address counts, for its open calls and its sockets. */
  @Test
  void behindAProxyTheForwardedAddressCounts() throws IOException {
    TrustedProxies proxies = TrustedProxies.parse("127.0.0.1");
    serve(new PortSettings(0, 2, InetAddress::isLoopbackAddress, LONG, LONG, LONG), proxies);
    String client = "X-Forwarded-For: 203.0.113.7\r\n";
    Socket first = upgraded(client);
    upgraded(client);
    Socket third = connect();
    write(third, GET.replace("\r\n\r\n", "\r\n" + client + "\r\n"));
    assertThat(answer(third)).startsWith("HTTP/1.1 503 ").contains("Retry-After: 10");
    assertThat(httpHarness.server().meters().addressFull()).isEqualTo(1);
    // Another client through the same connection of the proxy.
    write(third, GET.replace("\r\n\r\n", "\r\nX-Forwarded-For: 203.0.113.8\r\n\r\n"));
    assertThat(answer(third)).startsWith("HTTP/1.1 200 ");
    first.close();
    await().until(() -> httpHarness.server().meters().open() == 2);
    for (int call = 0; call < 5; call++) {
      write(third, GET.replace("\r\n\r\n", "\r\n" + client + "\r\n"));
      assertThat(answer(third)).startsWith("HTTP/1.1 200 ");
    }
  }

  private Socket upgraded(String header) throws IOException {
    Socket socket = connect();
    write(
        socket,
        "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + header
            + "\r\n");
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
    return socket;
  }

  /**
   * The guard does not time a socket's bytes, and bytes sent right after the handshake belong to
   * the socket.
   */
  @Test
  void bytesPassUncheckedAfterTheHandshake() throws IOException {
    serve(times(SHORT, SHORT), TrustedProxies.NONE);
    Socket socket = connect();
    String handshake =
        String.join(
            "\r\n",
            "GET /v1/ws HTTP/1.1",
            "Host: x",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "",
            "");
    byte[] hi = {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'};
    byte[] all = new byte[handshake.length() + hi.length];
    System.arraycopy(handshake.getBytes(US_ASCII), 0, all, 0, handshake.length());
    System.arraycopy(hi, 0, all, handshake.length(), hi.length);
    socket.getOutputStream().write(all);
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) socket.getInputStream().read());
    }
    assertThat(socket.getInputStream().readNBytes(4))
        .containsExactly((byte) 0x81, (byte) 2, (byte) 'h', (byte) 'i');
    Socket slow = connect();
    write(slow, "G");
    assertThat(rest(slow)).startsWith("HTTP/1.1 408 ");
    socket.getOutputStream().write(hi);
    assertThat(socket.getInputStream().readNBytes(4)[3]).isEqualTo((byte) 'i');
  }

  @Test
  void aRefusedUpgradeKeepsTheHttpConnection() throws IOException {
    Socket socket = connect();
    write(socket, GET.replace("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n") + GET);
    assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
    assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
  }

  private static InetAddress address(String literal) throws IOException {
    return InetAddress.getByName(literal);
  }

  @Test
  void loopbackIsExempt() throws IOException {
    PortSettings limits = HttpSettings.standard(0, TrustedProxies.NONE, 5, 5).port();
    assertThat(limits.exempt().test(InetAddress.getLoopbackAddress())).isTrue();
    assertThat(limits.exempt().test(address("203.0.113.7"))).isFalse();
    assertThat(
            HttpSettings.standard(0, TrustedProxies.parse("203.0.113.0/24"), 5, 5)
                .port()
                .exempt()
                .test(address("203.0.113.7")))
        .isTrue();
  }
}
