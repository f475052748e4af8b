/**
 * What goes over a socket or comes out of an HTTP call, as types and as JSON. Only this package
 * knows the JSON of clients; it knows nothing of Pekko, of entities or of connections.
 */
@NullMarked
package parley.protocol;

import org.jspecify.annotations.NullMarked;
