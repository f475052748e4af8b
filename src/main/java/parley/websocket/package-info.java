/**
 * WebSocket frames (RFC 6455) as a server reads and writes them, without actors, streams or
 * sockets. pekko-http handles the handshake. After it the bytes of a connection come here.
 *
 * <h2>Decision: Parley's own WebSocket frames</h2>
 *
 * Context: in pekko-http each incoming message is a stream of its own, and each connection has some
 * twenty stages and a timer that fires every three seconds.
 *
 * <p>pekko-http checks the handshake. Parley builds the answer to it ({@code SocketRoute}) and
 * everything after it: this package and one stage ({@code SocketFlow}). The library's messages took
 * almost half of the work for a message, and a third of the memory of a connection that waits.
 * {@code SocketRoute} uses one class that the library does not promise to keep; {@code
 * SocketRouteTest} fails if it has changed. Rejected: another HTTP server beside pekko-http,
 * because two of everything (ports, drain, limits, meters) are worse than five hundred lines.
 */
@NullMarked
package parley.websocket;

import org.jspecify.annotations.NullMarked;
