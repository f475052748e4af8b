/**
 * One connection: its handshake, its window, its buffer, its end. A session passes frames from
 * users to sockets, and from clients to users and conversations. The entities decide what an entry
 * is, who may write it, and what a device still needs. A session stores nothing: only the
 * acknowledgements of a closed connection remain.
 *
 * <pre>
 *   socket == SocketFlow (one stage) == Session (one actor)
 *                                         |-- SessionLifecycle phase, timers, end
 *                                         |-- FrameAdmission   which frames are carried out
 *                                         |-- ClientLogin      hello, token, attach
 *                                         |-- TokenExpiry      the end of a token
 *                                         |-- UserAttachment   attach again, the user entity's end
 *                                         |-- ClientRequests   what a client's frames ask for
 *                                         |-- PendingPosts     writes without an answer yet
 *                                         |-- DeliveryTrails   spans and log lines of deliveries
 *                                         |-- DeliveryTracker  what was sent and acknowledged
 *                                         |     |-- TrackedConversations  progress of each
 *                                         |     |-- EntrySender           order and window
 *                                         |     `-- ReplayPages           pages of the backlog
 *                                         `-- OutgoingFrames   what waits for the socket
 * </pre>
 *
 * <h2>Decision: two budgets</h2>
 *
 * Context: a client in a loop must not use up a node, and a user over the rate must still get the
 * answers to earlier messages. Decision: everything that makes an entry takes from the user's
 * messages a minute, which all connections and HTTP calls of the user share ({@link
 * parley.session.MessageRate}). All other frames except {@code ack}, {@code ping} and {@code auth}
 * take from a budget of the connection ({@code FrameBudget}). A post over the rate takes from the
 * budget of frames and goes to its conversation, which answers it only if its id is known. A post
 * within the rate that turns out to be a retry gives its message back, if a frame can pay for it.
 * If not, the message stays spent, so that no client can repeat one message without end. After
 * 1,000 refusals within a minute the connection ends.
 *
 * <p>Rejected: to lend frames for retries (a client that comes back with 200 unanswered messages
 * could not read for seconds).
 */
@NullMarked
package parley.session;

import org.jspecify.annotations.NullMarked;
