package parley.archive;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * What bounds the cold tier of a node; {@code parley.archive} in {@code parley-archive.conf} says
 * why each is what it is.
 *
 * @param reads most reads at the same time
 * @param readsWaiting most reads that wait for their turn; one more is unavailable at once
 * @param scans most scans at the same time, beside the reads
 * @param scansWaiting most scans that wait for their turn; one more is unavailable at once
 * @param scanTimeout for a whole scan, its turn in the queue included
 * @param writes most writes at the same time
 * @param writesWaiting most writes that wait; one more is unavailable at once
 * @param patience until a read's first entry must be there, its turn in the queue included
 * @param stalled a read that nobody takes entries from for so long ends
 * @param readTimeout for one listing or one object, retries included
 * @param writeTimeout for one object put or removed, retries included, and for the check at the
 *     start
 * @param failures after so many failures in a row nothing is tried for a while
 * @param rest that while, at first; it doubles up to {@code longestRest}
 * @param cacheBytes most bytes of segments, as they are stored, that are kept because they were
 *     read
 * @param cacheTime how long at most
 */
record ColdLimits(
    int reads,
    int readsWaiting,
    int scans,
    int scansWaiting,
    Duration scanTimeout,
    int writes,
    int writesWaiting,
    Duration patience,
    Duration stalled,
    Duration readTimeout,
    Duration writeTimeout,
    int failures,
    Duration rest,
    Duration longestRest,
    long cacheBytes,
    Duration cacheTime) {

  /** From {@code parley.archive}. */
  static ColdLimits of(Config config) {
    return new ColdLimits(
        config.getInt("reads"),
        config.getInt("reads-waiting"),
        config.getInt("scans"),
        config.getInt("scans-waiting"),
        config.getDuration("scan-timeout"),
        config.getInt("writes"),
        config.getInt("writes-waiting"),
        config.getDuration("patience"),
        config.getDuration("stalled"),
        config.getDuration("read-timeout"),
        config.getDuration("write-timeout"),
        config.getInt("breaker.failures"),
        config.getDuration("breaker.rest"),
        config.getDuration("breaker.longest-rest"),
        config.getBytes("cache-bytes"),
        config.getDuration("cache-time"));
  }
}
