/**
 * The load generator: devices that speak the protocol over non-blocking sockets on one thread, and
 * the server process that is measured.
 */
@NullMarked
package parley.bench.engine;

import org.jspecify.annotations.NullMarked;
