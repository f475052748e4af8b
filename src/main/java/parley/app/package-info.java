/**
 * The program: it puts the parts of a node together, starts them and stops them in order, and has
 * the commands that run instead of a server. No package imports it.
 *
 * <h2>Decision: the server owns the stop</h2>
 *
 * Pekko's shutdown phases do the work. The server's own shutdown hook runs them and closes the
 * store afterwards; a hook of a library beside it would race with that. A broken journal ends the
 * process at once, without a drain: nothing can be stored, so nothing more can be acknowledged.
 *
 * <h2>Decision: JVM options in code</h2>
 *
 * The server sets what happens when memory runs out, so it is the same from Maven, from the jar and
 * in an image ({@code Jvm}). Collector and heap are the JVM's choice for the machine, or the
 * operator's.
 *
 * <h2>Decision: 1,024 shards, and a command that changes the number</h2>
 *
 * 1,024 shards are ten for each of a hundred nodes. A shard costs a name, two actors and, where
 * entities are remembered, a few hundred bytes in the journal. Without a setting the store's number
 * is used ({@code ShardCount}), so data of the version that knew only 128 shards keeps 128. The
 * command {@code shards N} changes the number while all nodes are stopped. Nothing else has to be
 * moved: events are kept by entity, and sharding itself starts the remembered entities of an old
 * shard in their new shard and removes them from the old shard's list. Rejected: to change the
 * number at the first start of a new version. In a rolling upgrade two nodes would then each own
 * the same conversation, with only the write guard between them.
 */
@NullMarked
package parley.app;

import org.jspecify.annotations.NullMarked;
