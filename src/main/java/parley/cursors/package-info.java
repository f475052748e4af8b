/**
 * The cursor log: delivered and read cursors that members were told, and that are not yet in the
 * journal of their conversation.
 *
 * <h2>Decision: cursors of many conversations share an event</h2>
 *
 * Context: a message moves the receiver's cursors two times: its device has it, and a moment later
 * it is read. Members are told only what is durable, because a cursor never goes back. So each move
 * was an event of its own, and on DynamoDB, where an item costs as much as a kilobyte, these were
 * two of the three and a half write units that a message costs. Decision: conversations that share
 * a store send their moves to one entity, the cursor log. It gathers the moves of all conversations
 * for two seconds, or until they fill a kilobyte, and writes them as one event. A read by HTTP, for
 * which somebody waits, is written at once. Then the conversations tell their members. The
 * conversation's own journal gets the moves with its next entry, after five minutes, or when nobody
 * has used the conversation for a while.
 *
 * <p>While a move is only in the log, the inbox row keeps its version. Users confirm versions only,
 * so they are told once more when the own journal has the move; a direct conversation's ticks that
 * were lost on the way are shown then. A user that starts again is told all cursors at once.
 *
 * <pre>
 *   Conversation --Keep--&gt; CursorLog --CursorsKept (many conversations)--&gt; journal
 *   Conversation &lt;--Kept-- CursorLog          now the conversation tells its members
 *   Conversation --EntriesAppended(cursors)--&gt; its own journal
 *
 *   Conversation --Find--&gt; CursorLog          after a crash, before it answers anybody
 *   Conversation &lt;--Found-- CursorLog
 * </pre>
 *
 * <p>What a crash leaves: a conversation that was not settled asks for its cursors before it
 * handles a command, so nobody sees lower ones. A log that starts again writes an empty event
 * before it answers. So an incarnation on a node that was removed and does not know it can keep
 * nothing more. If the log does not answer for five seconds, or refuses, the conversation writes to
 * its own journal, as it does with an embedded store.
 *
 * <p>Cost: at most one unit of writing in two seconds, or one for about twenty moves, and one for
 * each read by HTTP; a move is told up to two seconds late. Bounds: {@link
 * parley.cursors.CursorLogState#MAX_CONVERSATIONS} and {@link
 * parley.cursors.CursorLogState#MAX_MEMBERS}; beyond them the log refuses. A conversation is
 * forgotten after {@link parley.cursors.CursorLogState#RETENTION} of activity of the log; time in
 * which nothing was kept, or no node ran, does not count. Scale: a partition of DynamoDB takes a
 * thousand units a second, about ten thousand messages a second. What is beyond is refused, and
 * costs what it cost before.
 *
 * <p>Rejected: to tell what is only in memory (after a crash of all nodes cursors would go back);
 * to let members wait until the next entry (ticks would come seconds late); a log for each node (a
 * conversation would have to know on which nodes it was, and to fence them); five seconds (a reader
 * would see a tick move long after the answer).
 */
@NullMarked
package parley.cursors;

import org.jspecify.annotations.NullMarked;
