/**
 * A small, honest client of the wire protocol, for tests and load: HTTP calls, the socket, a raw
 * socket that may misbehave, and the server as a process. Written against the protocol alone; it
 * knows no class of the server.
 */
@NullMarked
package parley.client;

import org.jspecify.annotations.NullMarked;
