/**
 * Records traces of messages with OpenTelemetry, and exports them by OTLP over HTTP. The only
 * package that knows OpenTelemetry; everybody else sees {@link parley.telemetry.Tracing}. Off
 * unless a collector is set.
 *
 * <pre>
 *   socket                      the sender's node
 *   |-- validate                the conversation's node
 *   |-- persist                 the same; one for each traced entry of an event
 *   `-- dispatch                the same
 *         |-- inbox             each recipient's user, on its node
 *         |     |-- deliver     each session of the recipient, on its node
 *         |     `-- push        the recipient's user
 *         `-- inbox ...
 * </pre>
 *
 * <h2>What it costs, and what it does when something is wrong</h2>
 *
 * <p><b>Cost.</b> The sender's node draws a number for each message. Unless the message is chosen
 * (one in a hundred by default), all that follows is a comparison with null: no object, no byte in
 * a message between nodes, nothing in an event. A chosen message has about 4 spans, and 2 or 3 more
 * for each of at most 16 recipients, of some 300 bytes each, and 75 bytes more in each of its
 * messages between nodes.
 *
 * <p><b>A crash</b> loses the spans that wait for their export, and the contexts of what is
 * repeated after it. Nothing else is lost, doubled or late: no part of a message's way waits for a
 * span.
 *
 * <p><b>A collector that is slow, away, or lies.</b> Spans wait in a queue of {@link
 * parley.traces.SpanQueue#MAX_WAITING}. When it is full, further spans are dropped and counted. One
 * thread exports, every 5 s or a full batch. A batch that fails is dropped and counted; there is no
 * second attempt. The answer of a collector is not used, and no redirect is followed. A stop waits
 * 2 s for the last batch.
 *
 * <p><b>Strangers</b> cannot choose what is traced: a context from a client is not read. Spans hold
 * ids and numbers, never content or names. They have no life beyond the collector's: who erases a
 * user sets the collector's retention to less than the time that the erasure may take.
 *
 * <p><b>Meters.</b> {@code parley_traces_spans_total} by outcome. No alert: lost spans harm nobody.
 *
 * <p><b>The version before and after.</b> A context is an optional field, which older nodes ignore
 * and do not send: their part of the trace is missing, and what follows it has no parent in the
 * trace.
 *
 * <h2>Decision: the SDK without its defaults</h2>
 *
 * No autoconfiguration and no global instance: the settings of the server are its own variables,
 * and two nodes in one test have traces of their own. The JDK's HTTP client sends; OkHttp would
 * bring Kotlin's library. Rejected: the Java agent, which traces what libraries do. Between actors
 * it knows no context, so it would show many short traces and not one message. Rejected: a context
 * in the journal's events, which are for ever.
 */
@NullMarked
package parley.traces;

import org.jspecify.annotations.NullMarked;
