/**
 * Snapshots of any size in a store whose items are bounded.
 *
 * <pre>
 *   entity --snapshot--&gt; PiecedSnapshotStore --small: as it is--------&gt; the store of the node
 *                                            \--large: id#1 .. id#n,
 *                                                 then SnapshotPieces as id --&gt;
 * </pre>
 *
 * <p>It also says when an entity takes a snapshot ({@link parley.snapshot.SnapshotSchedule}), and
 * removes what newer snapshots make unnecessary ({@link parley.snapshot.SnapshotRetention}).
 *
 * <p>The package knows no entity and no store. An entity names it as its snapshot plugin, and it
 * passes snapshots on to the plugin that the node has chosen. It also reads snapshots that were
 * stored before it existed.
 *
 * <h2>Decision: snapshots in pieces</h2>
 *
 * Context: a state that is full in every respect (an inbox of thousands of rows, a group of a
 * thousand members) is larger than an item of DynamoDB may be, also compressed. If a snapshot
 * cannot be stored, its entity replays all its events at each start, and events that no snapshot
 * covers can never be removed. Decision: {@link parley.snapshot.PiecedSnapshotStore} stands in
 * front of the plugin of every store. It stores a large snapshot as several ordinary ones under ids
 * of their own, and last, under the entity's id, a {@code SnapshotPieces} that names them and holds
 * their checksum. So a crash in between leaves pieces that nobody reads, and the snapshot before
 * still counts.
 *
 * <p>Rejected: large snapshots in the cold tier (not every deployment has one, and an entity could
 * not start while it is away); to divide a large state over several entities (what changes together
 * must be one event); to divide snapshots inside the store for DynamoDB (its plugin reads and
 * removes one item for a snapshot, so most of it would have to be written anew).
 *
 * <h2>Decision: snapshots by weight</h2>
 *
 * Context: a user with 1,000 rows wrote a snapshot of about 180 KB every 100 events, and removed
 * the one before: 3.6 units of writing for an event that costs one. A conversation of more than
 * 10,000 entries has 80 KB of hashes in its snapshot. Decision: the interval grows with the size,
 * to 16 events for each KB, in powers of two. So a snapshot and its removal cost at most an eighth
 * of a unit for each event, while the interval is below its bound. The bound is what an entity that
 * starts has to replay: fewer than 4,000 events for a user (one or two MB, 40 queries on DynamoDB),
 * 2,000 for a conversation (its events are larger), 1,000 for an account. Beyond 250 KB (1,400 rows
 * of a user) the cost of an event grows with the size again: a user with 5,000 rows has snapshots
 * of about 900 KB and pays 0.45 units for an event. The size is an estimate from the state, so that
 * no state is serialized only to be measured.
 *
 * <p>Rejected: to count events since the last snapshot (after a failed snapshot the next event
 * would try again at once); a longer bound (each start of a large user would read more than the
 * snapshot saves); to write only the part of a state that has changed since the last snapshot: the
 * right answer beyond 250 KB, but pieces would belong to several snapshots, and the removal of one
 * would have to know the others.
 *
 * <h2>Decision: covered events are removed when they are a day old</h2>
 *
 * Context: events of users and accounts stayed for ever. On DynamoDB the removal of an event costs
 * as much as it did to write it. A month of storage of a small event (400 bytes) costs a sixth of
 * that, so removal pays from the seventh month on, and only removal bounds the store. Decision:
 * with each snapshot the entity removes the snapshots before the previous one, and then, not more
 * than once a day, the events up to a snapshot that was a day old. What remains: two snapshots, the
 * events since the older one, and one to two days of events.
 *
 * <ul>
 *   <li><b>Crash.</b> The order is: snapshot stored, older snapshots removed, events removed. So no
 *       snapshot is left that needs a removed event. The plan ({@link parley.snapshot.RemovalPlan})
 *       is part of the snapshot. What a crash or a failure leaves is removed with the next events.
 *   <li><b>A damaged newest snapshot</b> in pieces is skipped: the entity starts from the previous
 *       one, whose events are all there. One that is whole but unreadable stops the entity; an
 *       operator may remove it, and the previous one counts.
 *   <li><b>No snapshot at all</b>, although events were removed: a user whose events do not begin
 *       with its creation, or an account without its registration, does not start. It must not look
 *       like a free name.
 *   <li><b>Two writers.</b> The write guard takes the number of a removed event for free. A node
 *       that was removed from the cluster and does not know it could write such a number, and its
 *       event would never be read. So an event stays for a day: the node ends itself after seconds,
 *       or would have to be paused for a day. Users and accounts read no events after their start.
 * </ul>
 *
 * <p>Rejected: an expiry attribute on events, which DynamoDB removes free of charge. It must be
 * written with the event, when nobody knows when a snapshot will cover it: an entity that sleeps
 * longer than that would lose its state, and so would a store that is restored from an old copy, or
 * one that a node with a wrong clock has written. To set it later is a write, as dear as the
 * removal. Rejected: Pekko's own {@code withDeleteEventsOnSnapshot}, which needs a fixed interval
 * and removes at once. Rejected: events that replace covered ones in a ring (free of charge too),
 * because every reader of the journal, the marks and the guard would have to know the ring.
 */
@NullMarked
package parley.snapshot;

import org.jspecify.annotations.NullMarked;
