/**
 * WebSocket frames (RFC 6455) as a server reads and writes them, without actors, streams or
 * sockets. The handshake is pekko-http's; from there on the bytes of a connection come here.
 *
 * <p>Rejected: the messages of pekko-http. Each message that comes in is a stream of its own there,
 * and each connection has some twenty stages and a timer that fires every three seconds: that was a
 * third of all the work for a message, and most of the memory of a connection that only waits.
 */
@NullMarked
package parley.websocket;

import org.jspecify.annotations.NullMarked;
