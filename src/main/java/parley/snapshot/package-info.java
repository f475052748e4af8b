/**
 * Snapshots of any size in a store whose items are bounded. A state that is full in every respect
 * (an inbox of thousands of rows, a group of a thousand members) is larger than an item of DynamoDB
 * may be, also compressed. If a snapshot cannot be stored, its entity replays all its events at
 * each start.
 *
 * <pre>
 *   entity --snapshot--&gt; PiecedSnapshotStore --small: as it is--------&gt; the store of the node
 *                                            \--large: id#1 .. id#n,
 *                                                 then Pieces as id --&gt;
 * </pre>
 *
 * <p>The package knows no entity and no store. An entity names it as its snapshot plugin, and it
 * passes snapshots on to the plugin that the node has chosen. It also reads snapshots that were
 * stored before it existed.
 */
@NullMarked
package parley.snapshot;

import org.jspecify.annotations.NullMarked;
