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
 *
 * <h2>Decisions</h2>
 *
 * <p><b>What comes back after a crash.</b> A conversation that was written and had not told
 * everybody must come back by itself. Sharding's remembered entities do that, but write for each
 * entity that starts and again when it stops: two durable writes for every id that somebody makes
 * up, and for every sleeping conversation that is merely read. So conversations are not remembered;
 * each has a {@link parley.conversation.ConversationReminder}, which is, from before the first
 * write of a life until all is told and the journal says so: the same two writes, for those that
 * write. Rejected: a second, unremembered way to read (two entities that both answer for one
 * conversation), and a timer over a list of what is untold (a write for each message). Those that a
 * version without reminders left in sharding's lists get one at the first start ({@code Adoption}).
 * Rejected: to read the lists at each start until somebody says that it is enough (they are never
 * shortened again), and to wake the conversations themselves (nothing durable says which have been
 * woken, and had they told all before that node died).
 *
 * <p><b>Who takes the place.</b> Where several nodes share a journal, a node that was given up and
 * does not know (it was paused) may write where the new owner has not written yet. The store lets
 * one writer have each place, so nothing is lost or doubled by that; but the new owner would not
 * know of it, and nobody would be told. Three rules take care of it. A life that finds something
 * untold takes its place at once, with an event that says nothing. A life that finds everything
 * told takes it with its first write, which fails where the place is taken: this life ends, its
 * callers ask again, and the next one reads what was written; until then it looks into the journal,
 * without a write, each time it could leave memory, and begins anew where it finds an event it does
 * not know. And a reminder is let go only behind a write of the life that lets it go: whoever still
 * holds it and writes later is refused, and what it wrote before is found. (Where there is no
 * conversation at all nothing can be written: there the reminder looks four times, over 90 seconds,
 * before it goes.) So what a woken node was able to write is told after 90 seconds at the latest.
 * Rejected: an event at the begin of each life, which made every reader a writer.
 *
 * <p><b>Ids that are made up</b> cost a look at the store, and then nothing for half a minute
 * ({@code Absent}): who asks again is answered by what the node found the first time. That is
 * remembered for the shard in its present place only, and what may make a conversation is never
 * answered from it, so a conversation that is made a moment later, here or elsewhere, is found.
 *
 * <p><b>Old ids</b> are searched for in the log, which may be long. One has one search at a time in
 * a conversation and one turn of the node's scans of the cold tier, and others pass; what a search
 * has read is remembered ({@code Absences}), so that the next old id of the same sender costs
 * nothing, or what was not read before. What is remembered can only rule an id out for certain, or
 * fail to: a search more, never a duplicate taken for new. Rejected: to refuse old ids of one who
 * has many (a phone that was in a drawer for a year has many, too).
 *
 * <h2>Decision: the conversation counts unread entries</h2>
 *
 * The single writer computes every unread count from the log. The count travels to the inbox row
 * together with the seq for which it is true. Rejected: counting in the user entity. It would have
 * to guess when a cursor is set to the middle of entries that it no longer has, and its counts
 * would drift.
 *
 * <h2>Decision: exactly once in three exact steps</h2>
 *
 * <ol>
 *   <li>A window of 64-bit hashes covers the newest 10,240 entries. It answers "new" with
 *       certainty, or names candidates. Each candidate is compared with the entry itself, so a hash
 *       collision costs a look-up and nothing else.
 *   <li>A ULID or UUIDv7 cannot have been stored before its own time, minus the largest lead that
 *       its sender's clock ever had (one number for each member). If that time is within the
 *       window, the id is new. If it is older, the log is searched from that time on.
 *   <li>An id without a time is known for the length of the window.
 * </ol>
 *
 * <p>Rejected: a set of all ids (it grows for ever); a Bloom filter (it grows too, and "perhaps"
 * still needs the log).
 *
 * <h2>Decision: one durable number for dispatch</h2>
 *
 * How far each user has acknowledged is kept in memory. Stored is one seq: all members have
 * everything below it. Events that are written anyway carry it. After a crash a few entries are
 * delivered twice, and the users drop them. Rejected: an event for each acknowledgement, which
 * would double the writes.
 *
 * <h2>Decision: a sparse index from seq to event</h2>
 *
 * An event can hold several entries or none, so a seq does not tell the number of its event. At
 * most 1,024 checkpoints are kept. When they are full, every second one is dropped. So the index
 * stays small, and a look-up reads too much by at most a thousandth of the log.
 *
 * <h2>Decision: edits and deletes are an overlay</h2>
 *
 * The log is never rewritten. The conversation knows which entries were changed (at most 20,000;
 * more are refused), and readers get the current content.
 *
 * <h2>Decision: an entity stops when its write fails</h2>
 *
 * After a failed write the entity does not know what the journal holds. So it stops and is
 * recovered from the journal. Callers that wait for an answer get {@code unavailable} and try again
 * under the same {@code client_msg_id}.
 *
 * <h2>Decision: a segment is planned before it is written</h2>
 *
 * Which entries form the next segment of the cold tier is an event of the conversation. The write
 * guard protects it like any other event, and it is stored before anything is written to the cold
 * tier. So all attempts, on any node, write the same range, and a leftover of an attempt never
 * crosses the border of a sealed segment. Rejected: to choose the range anew at each attempt,
 * because time goes on and with it what is old enough.
 */
@NullMarked
package parley.conversation;

import org.jspecify.annotations.NullMarked;
