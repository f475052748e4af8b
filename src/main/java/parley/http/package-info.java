/**
 * The client port: REST calls, the way to the socket, the documents and the web client. Every call
 * is read by {@code protocol}, told to the entity it concerns and answered with what that says;
 * nothing is decided here but who is asking, how much may be asked, and how an answer or a problem
 * looks as HTTP. {@link parley.http.Routes} is the table of contents.
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
