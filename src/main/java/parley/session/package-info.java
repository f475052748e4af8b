/**
 * One connection: its handshake, its window, its buffer, its end. It passes what users say to
 * sockets and what clients say to users and conversations; what an entry is, who may write it and
 * what a device still needs is decided by those. Nothing here is kept: a connection that is gone
 * has left nothing but its acknowledgements.
 *
 * <pre>
 *   socket == SocketFlow (one stage) == Session (one actor)
 *                                         |-- Handshake   hello, token, attach
 *                                         |-- Requests    what a client's frames ask for
 *                                         |-- Posts       writes without an answer yet
 *                                         |-- Deliveries  what this connection was sent, and has
 *                                         `-- Outbox      what waits for the socket
 * </pre>
 */
@NullMarked
package parley.session;

import org.jspecify.annotations.NullMarked;
