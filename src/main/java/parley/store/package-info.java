/**
 * Which journal keeps the events, its tables and its safety: the data folder and its lock, the
 * embedded H2 database, the watch that ends a process whose store is broken. Knows nothing of what
 * is stored.
 *
 * <p>The tables stand in {@code h2.sql}: {@code event_journal} (persistence id and sequence number
 * are the key), {@code event_tag}, {@code snapshot}, and {@code store_probe}, one row that is
 * written to see that the file can be written.
 */
@NullMarked
package parley.store;

import org.jspecify.annotations.NullMarked;
