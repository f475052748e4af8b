/**
 * A port that serves HTTP. It bounds connections and the time a request may take to arrive, and it
 * accepts strict framing only. The package does not know what the requests mean.
 *
 * <pre>
 *   kernel ──▶ Acceptor (a thread) ── 503 and closed, beyond the limits
 *                 │ SocketChannel
 *                 ▼
 *   the library's connection actor ──▶ ConnectionRegistrar ──▶ one stream per connection:
 *
 *   bytes ⇄ RequestGuard ⇄ the library's HTTP layer ⇄ handler
 * </pre>
 *
 * <h2>Decision: Parley has its own accept loop</h2>
 *
 * The library's listener accepts connections as long as its stream wants some. If {@code accept}
 * fails (no descriptors), it logs the error and tries again at once, for ever. That uses a
 * processor, and gigabytes of log. Nothing outside can make it pause. So Parley accepts connections
 * itself, pauses after a failure, and hands each connection to the library's selectors as the
 * library's own listener does. This uses four classes that the library does not promise to keep;
 * {@code SlowRequestsTest} fails if they change.
 *
 * <p>Rejected: to watch the number of descriptors and stop the library's listener in time (if
 * descriptors run out between two checks, it loops until the next); to filter the log (the
 * processor is still used); another HTTP server (every route, test and figure anew).
 *
 * <h2>Decision: strict framing in front of the library</h2>
 *
 * The library reads {@code Content-Length: 18446744073709551618} as 2, accepts chunk sizes that end
 * in a bare LF, and accepts more folded and repeated headers than proxies do. So the library and a
 * proxy may disagree on where a request ends and a body begins (request smuggling). The guard reads
 * RFC 9112 strictly and passes on only what has one meaning. It refuses trailers too, since nothing
 * reads them. Cost: one look at each byte of a head and of the framing of chunks. Heads that arrive
 * in several reads are copied once.
 *
 * <h2>Decision: the library answers refusals</h2>
 *
 * A bad request may follow good ones that are still being answered. Only the library knows the
 * order. So the guard passes {@link parley.port.GuardRefusal} to it, and its error handler answers.
 *
 * <h2>After a switch to another protocol</h2>
 *
 * Bytes pass by reference, and one timer checks for silence. Until the handler has decided about
 * the switch, bytes after the request wait, because their protocol is not known yet.
 *
 * <h2>Bounds</h2>
 *
 * Connections in total and by address ({@link parley.port.PortSettings}); a head of 64 KiB and 10 s
 * from its first byte; 15 s for a body; 45 s of silence. A client with one address can hold {@code
 * connectionsPerAddress} connections with 64 KiB each, for 10 s at a time. This package stores
 * nothing.
 */
@NullMarked
package parley.port;

import org.jspecify.annotations.NullMarked;
