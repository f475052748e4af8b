/**
 * Which journal keeps the events, and its safety: the data folder and its lock, the embedded
 * journal ({@code parley.journal}) or DynamoDB and its write guard, the watch that ends a process
 * whose store is broken. Knows nothing of what is stored.
 *
 * <p><b>Decision: a hundredth event and its mark are one transaction.</b> The journal plugin finds
 * an entity's last event by a mark that it writes with every hundredth one, in a batch that can be
 * done in part. An event without its mark was found only for as long as the events before it stood;
 * once they were archived, the search answered too low and every later write met a taken number.
 * {@link parley.store.WriteGuard} makes a transaction of the batch. Costs four write units instead
 * of three, once in a hundred small events, and one round trip instead of two. Rejected: a repair
 * at the next start of the entity, which would have to win against a removal.
 *
 * <p><b>Decision: the search reads the low mark too.</b> {@link parley.store.HighestNumber} begins
 * at the higher of the two marks, so it is right where a high mark was lost by an earlier version,
 * and reads one row of a partition instead of all. {@code verify} names entities with missing
 * marks, {@code mend} and {@code POST /admin/marks} write them; until then only a node of the
 * version before would be misled.
 *
 * <p><b>What a crash leaves.</b> Between a transaction and its answer: the event with its mark, of
 * which the writer does not know; it reads both when it comes back, and a retry is a duplicate.
 * Between a low mark and the removal of the events below it: events that nobody reads, and that the
 * search does not count.
 *
 * <p><b>The version before beside this one.</b> It writes a hundredth event first and the mark
 * after it, under the same conditions, and both versions read both. A table keeps the number of
 * rows for marks it was begun with ({@link parley.store.JournalFormat}); a table that this version
 * has made is not for the version before, whose snapshots ask for an index and whose marks are
 * spread over ten rows.
 *
 * <p><b>Decision: an own lock of the data folder.</b> RocksDB locks its folder too, but late, and
 * with a message about the file instead of the setting. {@link parley.store.DataFolder} takes a
 * lock of the operating system, which ends with the process. Rejected: a file with a process id,
 * because nobody can tell for certain whether that process still runs.
 */
@NullMarked
package parley.store;

import org.jspecify.annotations.NullMarked;
