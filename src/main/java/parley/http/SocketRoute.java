package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ws.WebSocketUpgrade;
import org.apache.pekko.http.javadsl.server.Route;
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
    if (offered.isEmpty()) {
      return upgrade.get().handleMessagesWith(edge.services().sockets().get());
    }
    return offered.contains(SUBPROTOCOL)
        ? upgrade.get().handleMessagesWith(edge.services().sockets().get(), SUBPROTOCOL)
        : Problems.badField(
            "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol must offer " + SUBPROTOCOL);
  }
}
