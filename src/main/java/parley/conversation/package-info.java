/**
 * The {@code Conversation} entity: members, roles, the log and its order, cursors, unread counts,
 * and the dispatch of entries to members. It is the single writer of a conversation. What it has
 * not persisted has not happened.
 *
 * <h2>Decision: times and ids under a wrong clock</h2>
 *
 * Context: entries are ordered by seq. They are shown with a time and a {@code message_id}, which
 * is a ULID. A conversation moves between nodes, and the clock of one node can be hours off or
 * jump. An earlier version gave an entry the later of the clock and the last entry's time. After a
 * visit to a node that was hours ahead, all entries of the next hours had the same time.
 *
 * <p>Decision: the nodes of a cluster compare their clocks, and a node that is off uses the median
 * ({@code ClusterClock}). So a wrong time gets into a log only if most clocks are wrong, if a node
 * is alone, or before the first comparison after the start. If it did, {@link
 * parley.conversation.EntryTimes} lets the log's time run at half speed until the clock has caught
 * up. Times never go back, are all different, and the lead only shrinks. If the node's own next id
 * is smaller than the last id of the log, {@link parley.conversation.MessageIds} uses the last id
 * plus one. The last entry is always in memory, so nothing more is stored, and state of any age can
 * be used.
 *
 * <p>Rejected: to add one millisecond for each entry (a busy log would run away from the clock); to
 * refuse writes (a clock would stop a conversation); to set times back (clients know them, and
 * archives and look-ups rely on their order).
 *
 * <p>Nothing else relies on correct clocks. Whether an old {@code client_msg_id} can be in the log
 * depends on how far its sender was ahead of the entries' own times ({@code ClockLead}). So a wrong
 * time costs a longer search, never a duplicate. A lead of more than an hour counts for the entries
 * that were sent with such a lead and for no others. Otherwise one id of a far future would make
 * each later message of its sender a search of the whole log. Entries with a time in the future are
 * archived later, by as much. No entry is lost by being archived early.
 *
 * <h2>Decision: a retry costs no message</h2>
 *
 * Context: a user who has used up the rate must still get the answers to earlier messages. Only the
 * conversation knows whether a post is a retry. Decision: the post of a user over the rate says so
 * ({@code retryAfterMillis}), and is answered only if its id is known. A post within the rate uses
 * up one message first. If it turns out to be a duplicate, the message is given back to the user's
 * rate. Rejected: to ask the conversation before the rate is used up (one hop more for every
 * message).
 *
 * <h2>Decision: reminders instead of remembered conversations</h2>
 *
 * A conversation that was written, and whose members do not have everything yet, must start again
 * by itself after a crash. Sharding's remembered entities do that, but they write once for each
 * entity that starts and once for each that stops. That is two durable writes for every invented
 * id, and for every idle conversation that is only read. So sharding does not remember
 * conversations. It remembers a {@link parley.conversation.ConversationReminder}, from before the
 * first write of a conversation since it was started until all members have everything and the
 * journal says so. This costs the same two writes, but only for conversations that write.
 *
 * <p>Rejected: a second, unremembered way to read (two entities would answer for one conversation);
 * a timer over a list of undelivered entries (a write for each message).
 *
 * <p>Conversations that a version without reminders left in sharding's lists get a reminder at the
 * first start ({@code ReminderAdoption}). Rejected: to read the lists at each start until an
 * operator says that it is enough (the lists never become shorter); to start the conversations
 * themselves (nothing durable says which have been started, and whether they had delivered
 * everything before that node died).
 *
 * <h2>Decision: a recovered conversation takes over with a write</h2>
 *
 * Context: nodes share a journal. A node that was removed from the cluster and does not know it (it
 * was paused) can write an event that the new owner has not written yet. The store accepts one
 * event for each number, so nothing is lost or doubled. But the new owner would not know of that
 * event, and nobody would be told. Decision: three rules.
 *
 * <ol>
 *   <li>An entity that finds undelivered entries when it starts writes an empty event at once. So
 *       it owns the next number.
 *   <li>An entity that finds everything delivered takes the next number with its first write. If
 *       another node has taken it, the write fails: the entity stops, callers ask again, and the
 *       next start reads what was written. Until that first write it checks the journal, without a
 *       write, each time it could leave memory. If it finds an event that it does not know, it
 *       starts again.
 *   <li>A reminder ends only after a write of the entity that ends it. A node that still has the
 *       reminder and writes later is refused, and what it wrote before is found. If there is no
 *       conversation at all, nothing can be written: then the reminder looks four times, over 90
 *       seconds, before it ends.
 * </ol>
 *
 * <p>So what a woken node was able to write is delivered after 90 seconds at the latest. Rejected:
 * an event at every start, because every reader would become a writer.
 *
 * <h2>Decision: ids that do not exist are remembered for half a minute</h2>
 *
 * A request for an id that does not exist costs a look at the store, and then nothing for half a
 * minute ({@code MissingConversations}): repeated requests get the answer that the node found the
 * first time. The answer is kept only for the shard in its present place. A request that may create
 * a conversation is never answered from it. So a conversation that is created a moment later, here
 * or elsewhere, is found.
 *
 * <h2>Decision: one search for old ids for each sender</h2>
 *
 * An old {@code client_msg_id} is searched for in the log, which may be long. A sender has one
 * search at a time in a conversation, and takes one turn among the node's long scans, of journals
 * and of the cold tier. Other senders do not wait for it. What a search has read is remembered
 * ({@code SearchedRanges}), so the next old id of the same sender costs nothing, one entry, or only
 * the part that was not read before. The memory can prove that an id is not in the log, or name the
 * entry to compare. Otherwise there is one more search, but never a duplicate that is taken for
 * new.
 *
 * <p>A memory has a bound, and many senders or many ids exceed it. So a user also has a budget of
 * entries that a node reads for its old ids ({@code LogScans}), and is told to wait when it is used
 * up. Rejected: to refuse old ids of a sender who has many (a phone that was in a drawer for a year
 * has many, too; it is told to wait, and loses nothing).
 *
 * <h2>Decision: the conversation counts unread entries</h2>
 *
 * The single writer computes every unread count from the log. The count travels to the inbox row
 * together with the seq for which it is true. Rejected: counting in the user entity. It would have
 * to guess when a cursor is set to the middle of entries that it no longer has, and its counts
 * would drift. If a member reads on in small steps, the entries that it passes are subtracted,
 * instead of counting all that remain each time.
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
 *
 * <h2>Decision: archiving is part of the conversation</h2>
 *
 * Context: {@code SegmentArchiver} and its helpers are about the cold tier, which has a package of
 * its own ({@code parley.archive}). Decision: the border runs between what a segment is and what
 * becomes of a conversation's log. Which entries may move follows from the state and from how far
 * dispatch has come. Plan, seal and removal are events of the conversation, {@code ArchiveProgress}
 * is part of its state and its snapshot, and the entity may not leave memory meanwhile. Rejected: a
 * package of its own for this half. It would read the state, the dispatch and the journal of the
 * conversation, and the entity calls it, so the packages would import each other, or most of the
 * state would have to be public. Rejected: an archiver as an entity of its own. Two writers would
 * decide about one log, and each step would be a question to the conversation.
 */
@NullMarked
package parley.conversation;

import org.jspecify.annotations.NullMarked;
