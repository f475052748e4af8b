/**
 * The journal of a single node: events and snapshots in RocksDB, in this process, in the folder
 * {@code journal} of the data folder, behind the interfaces of Pekko Persistence. It does not
 * interpret the events.
 *
 * <h2>Decision: RocksDB, and one thread that writes</h2>
 *
 * A journal is written at its end, read in order, and removed from its front. That is a log with an
 * index, which is what a log-structured merge tree is. SQL tables in one file are an expensive way
 * to do it. Processor time of an event on one core (400 bytes, 800 entities in turn, each write
 * safe against {@code kill -9}):
 *
 * <table>
 *   <caption>Cost of an event</caption>
 *   <tr><th>store</th><th>µs</th></tr>
 *   <tr><td>H2 by plain JDBC, batches of 10 to 200, without the plugin's own work</td><td>45 to 75</td></tr>
 *   <tr><td>SQLite</td><td>25</td></tr>
 *   <tr><td>H2's own map (MVStore)</td><td>24</td></tr>
 *   <tr><td>RocksDB</td><td>2</td></tr>
 *   <tr><td>a bare append to a file</td><td>1</td></tr>
 * </table>
 *
 * <p>The writes of all entities go through one thread, which commits everything that waits as one
 * batch. It also refuses a sequence number that was written before, as the primary key of a table
 * would. The operating system has the bytes when a write returns. Rejected: an own log format (a
 * year of bugs); forcing each commit to the disk by default (it is a setting);
 * pekko-persistence-jdbc on H2, which an earlier version used.
 *
 * <h2>What a crash can cost</h2>
 *
 * A write returns when the operating system has its bytes. So no death of the process loses it. The
 * bytes are not forced to the disk at each commit: a power failure may lose the last seconds. It
 * never damages the file, and never loses something from the middle (what remains is a prefix of
 * what was written).
 *
 * <h2>The format, version 1</h2>
 *
 * Three column families; all numbers are big-endian, strings are UTF-8.
 *
 * <table>
 *   <caption>Rows</caption>
 *   <tr><th>family</th><th>key</th><th>value</th></tr>
 *   <tr><td>events</td><td>persistence id, 0, sequence number (8)</td><td>{@link parley.journal.JournalRow}</td></tr>
 *   <tr><td>snapshots</td><td>the same</td><td>{@link parley.journal.JournalRow}</td></tr>
 *   <tr><td>default</td><td>persistence id, 0</td><td>the highest sequence number that was there when events were
 *   removed (8); it is never given again. Then, since it is recorded, the number up to which none is left (8)</td></tr>
 *   <tr><td>default</td><td>0, "removed snapshots", 0, persistence id, 0</td><td>the same of snapshots</td></tr>
 *   <tr><td>default</td><td>0, "epoch"</td><td>the name of this history</td></tr>
 *   <tr><td>default</td><td>0, "running"</td><td>how and under which boot id the open journal is written; deleted at the end of a clean shutdown</td></tr>
 *   <tr><td>default</td><td>0, "format"</td><td>the version (1)</td></tr>
 * </table>
 *
 * <h2>One writer</h2>
 *
 * All writes of the process go through one thread ({@link parley.journal.GroupCommit}). It commits
 * everything that waits as one batch: many entities, one system call. It knows the last number of
 * each entity that writes, and refuses a number that was used before.
 */
@NullMarked
package parley.journal;

import org.jspecify.annotations.NullMarked;
