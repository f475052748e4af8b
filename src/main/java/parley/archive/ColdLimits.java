package parley.archive;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The limits of the cold tier of a node. {@code parley.archive} in {@code parley-archive.conf}
 * gives the reason for each value.
 *
 * @param reads maximum number of concurrent reads
 * @param readsWaiting maximum number of waiting reads; one more is unavailable at once
 * @param scans maximum number of concurrent scans, beside the reads
 * @param scansWaiting maximum number of waiting scans; one more is unavailable at once
 * @param scanTimeout for a whole scan, its wait in the queue included
 * @param writes maximum number of concurrent writes
 * @param writesWaiting maximum number of waiting writes; one more is unavailable at once
 * @param firstEntryTimeout time until the first entry of a read, its wait in the queue included
 * @param stalled a read ends if nobody takes entries from it for this time
 * @param readTimeout for one listing or one object, retries included
 * @param writeTimeout for one object put or removed, retries included, and for the check at the
 *     start
 * @param failures number of failures in a row after which calls fail at once for a while
 * @param rest the length of that while, at first; it doubles up to {@code longestRest}
 * @param longestRest the maximum of {@code rest}
 * @param cacheBytes maximum bytes of cached segments, in their stored form
 * @param cacheTime maximum age of a cached segment
 */
record ColdLimits(
    int reads,
    int readsWaiting,
    int scans,
    int scansWaiting,
    Duration scanTimeout,
    int writes,
    int writesWaiting,
    Duration firstEntryTimeout,
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
        config.getDuration("first-entry-timeout"),
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
