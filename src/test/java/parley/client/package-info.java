/**
 * A small client of the protocol for tests and load: HTTP calls, the socket, a raw socket that can
 * misbehave, and the server as a process. It is written from the protocol alone and uses no class
 * of the server.
 */
@NullMarked
package parley.client;

import org.jspecify.annotations.NullMarked;
