package parley.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.impl.engine.server.UpgradeToOtherProtocolResponseHeader;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.model.ws.WebSocketUpgrade;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import parley.bounds.LoadGate;
import parley.model.ErrorCode;

/**
 * The route of the socket's handshake.
 *
 * <p>A page of any origin may open a socket. The token in the first frame identifies the user. A
 * foreign page does not have it, and browsers send no cookie to this path. A list of allowed
 * origins would keep out only honest clients on other hosts.
 */
final class SocketRoute {
  static final String SUBPROTOCOL = "parley.v1";

  private static final String KEY = "Sec-WebSocket-Key";
  private static final String KEY_NAME = KEY.toLowerCase(Locale.ROOT);
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final HttpHeader UPGRADE = RawHeader.create("Upgrade", "websocket");
  private static final HttpHeader CONNECTION = Connection.create("upgrade");
  private static final HttpHeader PROTOCOL =
      RawHeader.create("Sec-WebSocket-Protocol", SUBPROTOCOL);

  private final RouteSupport routeSupport;

  SocketRoute(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
  }

  Route route() {
    return path("ws", () -> get(() -> extractRequest(request -> complete(upgrade(request)))));
  }

  private HttpResponse upgrade(HttpRequest request) {
    Optional<WebSocketUpgrade> upgrade = request.getAttribute(AttributeKeys.webSocketUpgrade);
    if (upgrade.isEmpty()) {
      return Problems.of(ErrorCode.BAD_REQUEST, "this path takes WebSocket handshakes, version 13");
    }
    List<String> keys = new ArrayList<>();
    for (HttpHeader header : request.getHeaders()) {
      if (header.is(KEY_NAME)) {
        keys.add(header.value());
      }
    }
    if (keys.size() != 1) { // RFC 6455, section 11.3.1. The library takes one of them.
      return Problems.badField(KEY, KEY + " must be there once");
    }
    List<String> offered = new ArrayList<>();
    upgrade.get().getRequestedProtocols().forEach(offered::add);
    if (!offered.isEmpty() && !offered.contains(SUBPROTOCOL)) {
      return Problems.badField(
          "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol must offer " + SUBPROTOCOL);
    }
    if (routeSupport.services().load().sheds(LoadGate.Shed.CONNECTIONS)) {
      return Problems.unavailable(LoadGate.RETRY_MILLIS);
    }
    return switchProtocols(
        keys.getFirst(), !offered.isEmpty(), routeSupport.services().sockets().get());
  }

  /**
   * The answer to a handshake that the library has parsed and accepted. The library's own answer
   * would add some twenty stages for its messages; after ours come bytes. The header that requests
   * this is the one class used here that the library does not promise to keep.
   */
  private static HttpResponse switchProtocols(
      String key, boolean subprotocol, Flow<ByteString, ByteString, NotUsed> bytes) {
    List<HttpHeader> headers = new ArrayList<>();
    headers.add(UPGRADE);
    headers.add(CONNECTION);
    headers.add(RawHeader.create("Sec-WebSocket-Accept", acceptKey(key)));
    if (subprotocol) {
      headers.add(PROTOCOL);
    }
    headers.add(new UpgradeToOtherProtocolResponseHeader(scala(bytes)));
    return HttpResponse.create().withStatus(StatusCodes.SWITCHING_PROTOCOLS).withHeaders(headers);
  }

  /** RFC 6455, section 4.2.2: shows that the server has understood this handshake. */
  private static String acceptKey(String key) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(US_ASCII));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }

  // The library takes any materialized value, and Scala's Any is Object in Java.
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static org.apache.pekko.stream.scaladsl.Flow<ByteString, ByteString, Object> scala(
      Flow<ByteString, ByteString, NotUsed> flow) {
    return (org.apache.pekko.stream.scaladsl.Flow) flow.asScala();
  }
}
