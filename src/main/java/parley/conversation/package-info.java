/**
 * The {@code Conversation} entity: members, roles, the log and its order, cursors, unread counts,
 * and the dispatch of entries to members. It is the single writer of a conversation: what it has
 * not persisted has not happened.
 *
 * <h2>Decision: times and ids under a wrong clock</h2>
 *
 * Context: entries are ordered by seq, and shown with a time and a {@code message_id} that is a
 * ULID. A conversation moves between nodes, and one node's clock may be hours off or jump. Until
 * then an entry got the later of the clock and the last entry's time: after a visit to a node that
 * was hours ahead, everything had one and the same time for hours. Decision: the nodes of a cluster
 * compare their clocks, and one that is off uses the median ({@code ClusterClock}); so a wrong time
 * gets into a log only where most clocks are wrong, a node is alone, or before the first comparison
 * right after the start. Where it did, {@link parley.conversation.EntryTimes} lets the log's time
 * run at half speed until the clock has caught up: times never go back, differ, and the lead only
 * shrinks. {@link parley.conversation.MessageIds} takes the last id of the log a step further where
 * the node's own would be smaller; the last entry is always in memory, so nothing more is stored,
 * and state of any age serves. Rejected: adding one millisecond for each entry (a busy log would
 * run away from the clock); refusing to write (a clock would stop a conversation); setting times
 * back (they are told, and archives and look-ups rely on their order).
 *
 * <p>Nothing else relies on clocks being right. Whether an old {@code client_msg_id} can be in the
 * log is decided by how far ahead of the entries' own times its sender ever was, so a wrong time
 * costs a longer search, never a double. Entries of a time that is ahead are archived later, by as
 * much; none is lost by being archived early.
 *
 * <h2>Decision: a retry costs no message</h2>
 *
 * Context: who has used up its messages must still hear what became of those it wrote, and whether
 * a post is a retry only the conversation knows. Decision: the post of a user that is over its rate
 * says so ({@code retryAfterMillis}), and is answered only if it is known; one within its rate is
 * paid for first, and gets its message back when the answer is a duplicate. Rejected: to ask first
 * and take then (one hop more for every message).
 */
@NullMarked
package parley.conversation;

import org.jspecify.annotations.NullMarked;
