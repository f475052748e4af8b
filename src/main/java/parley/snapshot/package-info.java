/**
 * Snapshots of any size in a store whose items are bounded. A state that is full in every respect
 * (an inbox of thousands of rows, a group of a thousand members) is larger than an item of DynamoDB
 * may be, also compressed; a snapshot that cannot be stored would leave its entity to replay its
 * whole life at each start.
 *
 * <pre>
 *   entity --snapshot--&gt; PiecedSnapshotStore --small: as it is--------&gt; the store of the node
 *                                            \--large: id#1 .. id#n,
 *                                                 then Pieces as id --&gt;
 * </pre>
 *
 * <p>It knows no entity and no store: an entity names it as its snapshot plugin, and it passes on
 * to the plugin the node has chosen. What was stored before it was there is read as ever.
 */
@NullMarked
package parley.snapshot;

import org.jspecify.annotations.NullMarked;
