/**
 * Chooses the journal that stores the events, and protects it. The package holds the data folder
 * and its lock, the embedded journal ({@code parley.journal}) or DynamoDB with its write guard, and
 * the watch that ends a process whose store is broken. It does not interpret what is stored.
 *
 * <h2>Decision: a hundredth event and its mark are one transaction</h2>
 *
 * The journal plugin finds the last event of an entity by a mark. It writes the mark with every
 * hundredth event, in a batch that can be done in part. An event without its mark was found only
 * while the events before it existed. After they were archived, the search gave a number that was
 * too low, and every later write met a number that was taken. So {@link parley.store.WriteGuard}
 * makes a transaction of the batch. It costs four write units instead of three, once in a hundred
 * small events, and one round trip instead of two. Rejected: a repair at the next start of the
 * entity, which would race with a removal.
 *
 * <h2>Decision: the search reads the low mark too</h2>
 *
 * {@link parley.store.HighestNumber} begins at the higher of the two marks. So it is correct also
 * if an earlier version lost a high mark, and it reads one row of a partition instead of all.
 * {@code verify} names entities with missing marks. {@code mend} and {@code POST /admin/marks}
 * write them. Until then, missing marks would mislead only a node of the previous version.
 *
 * <h2>Decision: an entity that wakes reads its events once</h2>
 *
 * Context: each read is paid for, and people wake far more entities than they write events. The
 * plugin reads all marks, the numbers of the newest hundred, the low marks again, and then the
 * events. Decision: {@link parley.store.LogTail} reads the events after the snapshot, which gives
 * the highest number and what is replayed. That is one request, or one for each hundred. Marks
 * count only where nothing follows the snapshot, or where there is a gap. A range of history is
 * read the same way ({@link parley.store.DynamoEvents}).
 *
 * <p>So a log without a snapshot that begins with event 1 must be whole. Therefore a removal writes
 * the low mark, then removes event 1, and then the others. Rejected: to trust the log of entities
 * with a snapshot only, because most conversations have fewer than a hundred events.
 *
 * <h2>Decision: one row for the marks of an entity</h2>
 *
 * The plugin spreads the marks of an entity over ten rows, for entities that write thousands of
 * events a second. Each recovery then reads twenty rows to find two. An entity here has one write
 * in flight at a time, so one row is enough: the marks are written once in a hundred events. Tables
 * that were created with ten rows keep them ({@link parley.store.JournalFormat}). A table that
 * holds anything and does not say its number is one of those. Rejected: to move their marks at a
 * start, beside nodes of the previous version, which still write ten.
 *
 * <h2>What a crash leaves</h2>
 *
 * A crash between a transaction and its answer leaves the event and its mark, and the writer does
 * not know. The writer reads both when it starts again, and a retry is a duplicate. A crash between
 * a low mark and the removal of the events below it leaves events that nobody reads and that the
 * search does not count.
 *
 * <h2>The previous version beside this one</h2>
 *
 * The previous version writes a hundredth event first and the mark after it, under the same
 * conditions. Both versions read both. A table keeps the number of rows for marks with which it was
 * created ({@link parley.store.JournalFormat}). The previous version cannot use a table that this
 * version created, because its snapshots need an index and it spreads marks over ten rows.
 *
 * <h2>Decision: an own lock of the data folder</h2>
 *
 * RocksDB locks its folder too, but late, and with a message about the file instead of the setting.
 * {@link parley.store.DataFolder} takes a lock of the operating system, which ends with the
 * process. Rejected: a file with a process id, because nobody can tell for certain whether that
 * process still runs.
 */
@NullMarked
package parley.store;

import org.jspecify.annotations.NullMarked;
