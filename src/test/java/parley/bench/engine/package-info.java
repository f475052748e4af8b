/**
 * The load generator: devices that speak the protocol over non-blocking sockets on one thread, and
 * the processes of the measured server.
 */
@NullMarked
package parley.bench.engine;

import org.jspecify.annotations.NullMarked;
