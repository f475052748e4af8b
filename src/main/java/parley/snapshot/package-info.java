/**
 * Snapshots of any size in a store whose items are bounded.
 *
 * <pre>
 *   entity --snapshot--&gt; PiecedSnapshotStore --small: as it is--------&gt; the store of the node
 *                                            \--large: id#1 .. id#n,
 *                                                 then SnapshotPieces as id --&gt;
 * </pre>
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
 */
@NullMarked
package parley.snapshot;

import org.jspecify.annotations.NullMarked;
