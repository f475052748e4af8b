package parley.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import parley.auth.ClientAddresses;
import parley.bounds.TokenBucket;

/**
 * A token bucket per client address. A bucket is forgotten when it has not been used until it would
 * be full again. The least used bucket is forgotten when there are more than {@value
 * #MOST_ADDRESSES}. Both can only favour the client.
 *
 * <p>The address is that of the connection, or the one that {@link TrustedProxies} find. No other
 * header is believed, because a client could pose as a new client in every request. An IPv6 client
 * owns at least a /64 and could do the same with its addresses, so a /64 counts as one client.
 */
final class RateLimit {
  /** Maximum number of addresses that are remembered. */
  static final int MOST_ADDRESSES = 100_000;

  private static final int MIN_BURST = 20;

  /** Nanoseconds until one request is allowed again; 0 is no limit. */
  private final long interval;

  private final int burst;
  private final LongSupplier nanos;
  private final Cache<String, TokenBucket> buckets;

  /**
   * Starts with full buckets.
   *
   * @param perSecond requests a second; 0 is no limit
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  RateLimit(int perSecond, LongSupplier nanos) {
    this.interval = perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.burst = Math.max(MIN_BURST, perSecond);
    this.nanos = nanos;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(MOST_ADDRESSES)
            // By then the bucket is full again, which is the same as no entry.
            .expireAfterAccess(Duration.ofNanos(Math.max(burst * interval, 1)))
            .ticker(nanos::getAsLong)
            .build();
  }

  /**
   * Takes one request of the address. Returns 0 if it is allowed, else the milliseconds until it
   * is.
   */
  long take(InetAddress address) {
    if (interval == 0) {
      return 0;
    }
    long[] wait = new long[1];
    buckets
        .asMap()
        .compute(
            ClientAddresses.key(address),
            (k, old) -> {
              // Read here, so that the times of one address come in their order; a late one is
              // none.
              long read = nanos.getAsLong();
              long now = old != null && read - old.at() < 0 ? old.at() : read;
              TokenBucket bucket =
                  old == null ? TokenBucket.full(burst, interval, now) : old.at(now);
              wait[0] = bucket.waitFor(1);
              return wait[0] == 0 ? bucket.take(1) : bucket;
            });
    // Rounded up, so that a client that waits this long is not too early.
    return (wait[0] + 999_999) / 1_000_000;
  }
}
