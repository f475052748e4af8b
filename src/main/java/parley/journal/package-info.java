/**
 * The journal of a single node: events and snapshots in RocksDB, in this process, in the folder
 * {@code journal} of the data folder, behind the interfaces of Pekko Persistence. Knows nothing of
 * what is stored.
 *
 * <h2>Why not SQL</h2>
 *
 * An event is written once, read again in order, and removed from the front: a log with an index,
 * which is what a log-structured merge tree is. Through SQL tables in one file an event cost 45 to
 * 75 microseconds of a core beside the plugin's own work, here 2 (README, "Decisions").
 *
 * <h2>What a crash can cost</h2>
 *
 * A write returns when its bytes are the operating system's: no death of the process loses it. They
 * are not forced to the disk at each commit: a power failure may cost the last seconds, never the
 * file, and never something from the middle (what is left is a prefix of what was written).
 *
 * <h2>The form, version 1</h2>
 *
 * Three column families; all numbers are big-endian, strings are UTF-8.
 *
 * <table>
 *   <caption>Rows</caption>
 *   <tr><th>family</th><th>key</th><th>value</th></tr>
 *   <tr><td>events</td><td>persistence id, 0, sequence number (8)</td><td>{@link parley.journal.Row}</td></tr>
 *   <tr><td>snapshots</td><td>the same</td><td>{@link parley.journal.Row}</td></tr>
 *   <tr><td>default</td><td>persistence id, 0</td><td>the highest sequence number that was there when events were
 *   removed (8); it is never given again. Then, since it is recorded, the number up to which none is left (8)</td></tr>
 *   <tr><td>default</td><td>0, "removed snapshots", 0, persistence id, 0</td><td>the same of snapshots</td></tr>
 *   <tr><td>default</td><td>0, "epoch"</td><td>the name of this history</td></tr>
 *   <tr><td>default</td><td>0, "running"</td><td>how and under which boot id the open journal is written; gone after an
 *   orderly end</td></tr>
 *   <tr><td>default</td><td>0, "format"</td><td>the version (1)</td></tr>
 * </table>
 *
 * <h2>One writer</h2>
 *
 * All writes of the process go through one thread ({@link parley.journal.GroupCommit}), which takes
 * whatever waits and commits it as one: many entities, one system call. It knows the last number of
 * each entity that writes and refuses a number that was given before.
 */
@NullMarked
package parley.journal;

import org.jspecify.annotations.NullMarked;
