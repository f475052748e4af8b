/**
 * A port that speaks HTTP: who may connect, how long a request may take to come, and which framing
 * is read at all. What the requests mean is not known here.
 *
 * <pre>
 *   kernel ──▶ Acceptor (a thread) ── 503 and closed, beyond the limits
 *                 │ SocketChannel
 *                 ▼
 *   the library's connection actor ──▶ Intake ──▶ a stream each:
 *
 *   bytes ⇄ RequestGuard ⇄ the library's HTTP layer ⇄ handler
 * </pre>
 *
 * <p><b>An own accept loop.</b> The library's listener takes connections as long as its stream
 * wants some, and where {@code accept} fails (no descriptors) it logs the error and tries again at
 * once, for ever: a processor and gigabytes of log. Nothing outside of it can make it pause. So
 * connections are accepted here, with a pause after a failure, and each is handed to the library's
 * selectors as its own listener does it. That takes four classes the library does not promise to
 * keep; {@code SlowRequestsTest} notices. Rejected: to watch the number of descriptors and stop the
 * library's listener in time (what runs out between two looks is a loop until the next); to filter
 * the log (the processor burns on); another HTTP server (every route, test and figure anew).
 *
 * <p><b>Framing is checked in front of the library.</b> It reads {@code Content-Length:
 * 18446744073709551618} as 2, takes chunk sizes that end in a bare LF, folds and repeats headers
 * more generously than proxies do: what one of them takes for a body may be a request to the other.
 * The guard reads RFC 9112 strictly and passes on nothing it does not understand in one way only.
 * Trailers are refused too, since nobody reads them. Cost: one look at each byte of a head and of
 * the framing of chunks; heads that come in several reads are copied once.
 *
 * <p><b>Refusals are the library's answers.</b> A bad request may come behind good ones that are
 * still being answered; only the library knows the order. So it gets {@link
 * parley.port.GuardRefusal} instead, and its error handler answers.
 *
 * <p><b>After a switch to another protocol</b> bytes pass by reference, and one timer looks for
 * silence. Until the handler has decided about the switch, bytes behind the request wait: they
 * belong to whichever protocol it will be.
 *
 * <p><b>Bounds.</b> Connections by number and address ({@link parley.port.PortLimits}); a head of
 * 64 KiB and 10 s from its first byte; a body of 15 s; silence of 45 s. A stranger with one address
 * can hold {@code connectionsPerAddress} connections with 64 KiB each, for 10 s at a time. Nothing
 * here is stored.
 */
@NullMarked
package parley.port;

import org.jspecify.annotations.NullMarked;
