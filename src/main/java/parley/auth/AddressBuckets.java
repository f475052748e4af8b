package parley.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.LongSupplier;
import parley.bounds.TokenBucket;

/**
 * A token bucket for each client address, and a larger and faster one for each IPv6 site ({@link
 * ClientAddresses}), on this node. A bucket is forgotten when it has not been used until it would
 * be full again, and the least used one when there are more than {@value #ADDRESSES}. Both can only
 * favour the client. Thread-safe.
 */
public final class AddressBuckets {
  /** Most addresses and sites that are remembered. */
  public static final int ADDRESSES = 100_000;

  private final int burst;
  private final long interval;
  private final int siteFactor;
  private final LongSupplier nanos;
  private final Cache<String, TokenBucket> buckets;

  /**
   * Starts with full buckets.
   *
   * @param burst tokens of a full bucket
   * @param interval nanoseconds until one token comes back
   * @param siteFactor how many times as much a site has
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public AddressBuckets(int burst, long interval, int siteFactor, LongSupplier nanos) {
    this.burst = burst;
    this.interval = interval;
    this.siteFactor = siteFactor;
    this.nanos = nanos;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(ADDRESSES)
            // By then the bucket is full again, which is the same as no entry.
            .expireAfterAccess(Duration.ofNanos(burst * interval))
            .ticker(nanos::getAsLong)
            .build();
  }

  /**
   * Takes a token of the address and one of its site. Returns 0 if there was one of both, else the
   * milliseconds until there is; then none is taken.
   */
  public long take(InetAddress address) {
    String key = ClientAddresses.key(address);
    String site = ClientAddresses.site(key);
    long wait = take(key, burst, interval);
    if (wait == 0 && site != null) {
      wait = take(site, burst * siteFactor, Math.max(1, interval / siteFactor));
      if (wait > 0) {
        giveBack(key);
      }
    }
    // Rounded up, so that a client that waits this long is not too early.
    return (wait + 999_999) / 1_000_000;
  }

  private long take(String key, int burst, long interval) {
    long[] wait = new long[1];
    buckets
        .asMap()
        .compute(
            key,
            (same, old) -> {
              long now = nanos.getAsLong();
              TokenBucket bucket =
                  old == null ? TokenBucket.full(burst, interval, now) : later(old, now);
              wait[0] = bucket.waitFor(1);
              return wait[0] == 0 ? bucket.take(1) : bucket;
            });
    return wait[0];
  }

  /** Gives a token back, to the address and to its site. */
  public void giveBack(InetAddress address) {
    String key = ClientAddresses.key(address);
    giveBack(key);
    String site = ClientAddresses.site(key);
    if (site != null) {
      giveBack(site);
    }
  }

  private void giveBack(String key) {
    buckets.asMap().computeIfPresent(key, (same, bucket) -> bucket.giveBack());
  }

  /** A time before the bucket's own would add what passes between them a second time. */
  private static TokenBucket later(TokenBucket bucket, long now) {
    return now - bucket.at() < 0 ? bucket : bucket.at(now);
  }
}
