package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.impl.engine.server.UpgradeToOtherProtocolResponseHeader;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.WebSocketUpgrade;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import parley.model.ErrorCode;

/**
 * The way to the socket.
 *
 * <p>A page of any origin may open one: who it is for is said by the token in the first frame,
 * which a foreign page does not have, and no cookie is sent to this path. A list of origins would
 * keep out nobody but honest clients on other hosts.
 */
final class SocketRoute {
  static final String SUBPROTOCOL = "parley.v1";

  private static final Flow<Message, Message, NotUsed> UNUSED = Flow.create();

  private final Edge edge;

  SocketRoute(Edge edge) {
    this.edge = edge;
  }

  Route route() {
    return path("ws", () -> get(() -> extractRequest(request -> complete(upgrade(request)))));
  }

  private HttpResponse upgrade(HttpRequest request) {
    Optional<WebSocketUpgrade> upgrade = request.getAttribute(AttributeKeys.webSocketUpgrade);
    if (upgrade.isEmpty()) {
      return Problems.of(ErrorCode.BAD_REQUEST, "this path takes WebSocket handshakes, version 13");
    }
    List<String> offered = new ArrayList<>();
    upgrade.get().getRequestedProtocols().forEach(offered::add);
    if (!offered.isEmpty() && !offered.contains(SUBPROTOCOL)) {
      return Problems.badField(
          "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol must offer " + SUBPROTOCOL);
    }
    HttpResponse handshake =
        offered.isEmpty()
            ? upgrade.get().handleMessagesWith(UNUSED)
            : upgrade.get().handleMessagesWith(UNUSED, SUBPROTOCOL);
    return withBytes(handshake, edge.services().sockets().get());
  }

  /**
   * The library's answer to the handshake, but with what comes after it as bytes. That is the one
   * place where a class is used that the library does not promise to keep.
   */
  private static HttpResponse withBytes(
      HttpResponse handshake, Flow<ByteString, ByteString, NotUsed> bytes) {
    List<HttpHeader> headers = new ArrayList<>();
    boolean switches = false;
    for (HttpHeader header : handshake.getHeaders()) {
      if (header instanceof UpgradeToOtherProtocolResponseHeader) {
        headers.add(new UpgradeToOtherProtocolResponseHeader(scala(bytes)));
        switches = true;
      } else {
        headers.add(header);
      }
    }
    if (!switches) {
      throw new IllegalStateException("the library's handshake is not what it was");
    }
    return handshake.withHeaders(headers);
  }

  // The library wants any materialized value, and the types of Scala's Any are Java's Object.
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static org.apache.pekko.stream.scaladsl.Flow<ByteString, ByteString, Object> scala(
      Flow<ByteString, ByteString, NotUsed> flow) {
    return (org.apache.pekko.stream.scaladsl.Flow) flow.asScala();
  }
}
