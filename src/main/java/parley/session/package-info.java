/**
 * One connection: its handshake, its window, its buffer, its end. It passes what users say to
 * sockets and what clients say to users and conversations; what an entry is, who may write it and
 * what a device still needs is decided by those. Nothing here is kept: a connection that is gone
 * has left nothing but its acknowledgements.
 *
 * <pre>
 *   socket == SocketFlow (one stage) == Session (one actor)
 *                                         |-- Handshake   hello, token, attach
 *                                         |-- Requests    what a client's frames ask for
 *                                         |-- Posts       writes without an answer yet
 *                                         |-- Deliveries  what this connection was sent, and has
 *                                         `-- Outbox      what waits for the socket
 * </pre>
 *
 * <h2>Decision: two budgets</h2>
 *
 * Context: a client in a loop must not use up a node, and a person over its rate must still get the
 * answers to what it wrote. Decision: what makes an entry takes from the user's messages a minute,
 * which all its connections and HTTP calls share ({@link parley.session.MessageRate}); all other
 * frames but {@code ack}, {@code ping} and {@code auth} take from a budget of the connection
 * ({@code FrameBudget}). A post over the rate costs a frame and goes to its conversation, which
 * answers it only if it is known. A post within the rate that turns out to be a retry gets its
 * message back where a frame can pay for it; else the message stays spent, so that nobody repeats
 * one message without end. After 1,000 refusals within a minute the connection ends. Rejected:
 * frames owed for retries (a client that comes back with 200 unanswered messages could not read for
 * seconds).
 */
@NullMarked
package parley.session;

import org.jspecify.annotations.NullMarked;
