/**
 * The client port: REST calls, the handshake of the socket, the documents and the web client. The
 * package {@code protocol} parses a call, the entity that it concerns answers it, and this package
 * writes the answer or the problem as HTTP. It decides only who is asking and how much may be
 * asked. {@link parley.http.Routes} is the table of contents.
 *
 * <h2>Decision: X-Forwarded-For is read from its trusted end</h2>
 *
 * The header is read from the right, and only as far as trusted proxies wrote it ({@code
 * TrustedProxies}). Rejected: its first address, because a client can write any address there.
 * Rejected: a fixed number of hops, because it is wrong as soon as a client reaches the server
 * without one of the proxies.
 */
@NullMarked
package parley.http;

import org.jspecify.annotations.NullMarked;
