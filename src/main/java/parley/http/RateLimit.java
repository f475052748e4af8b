package parley.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

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

  /** Cost of one request, in nanoseconds of refill; 0 is no limit. */
  private final long cost;

  private final long burst;
  private final LongSupplier nanos;
  private final Cache<String, Bucket> buckets;

  /**
   * Starts with full buckets.
   *
   * @param perSecond requests a second; 0 is no limit
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  RateLimit(int perSecond, LongSupplier nanos) {
    this.cost = perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.burst = cost * Math.max(MIN_BURST, perSecond);
    this.nanos = nanos;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(MOST_ADDRESSES)
            // By then the bucket is full again, which is the same as no entry.
            .expireAfterAccess(Duration.ofNanos(Math.max(burst, 1)))
            .ticker(nanos::getAsLong)
            .build();
  }

  /**
   * Takes one request of the address. Returns 0 if it is allowed, else the milliseconds until it
   * is.
   */
  long take(InetAddress address) {
    if (cost == 0) {
      return 0;
    }
    long now = nanos.getAsLong();
    return buckets.get(key(address), k -> new Bucket(burst, now)).take(now);
  }

  /** The key of a client: its IPv4 address, or the /64 of its IPv6 address. */
  private static String key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(address instanceof Inet6Address ? Arrays.copyOf(bytes, 8) : bytes);
  }

  /** The credit in nanoseconds of refill, and when it was computed. */
  private final class Bucket {
    private long credit;
    private long at;

    Bucket(long credit, long at) {
      this.credit = credit;
      this.at = at;
    }

    synchronized long take(long now) {
      long passed = now - at;
      // Two threads may come in the wrong order; then no time has passed.
      if (passed > 0) {
        // Compared before the sum: the longest pause must not overflow.
        credit = passed >= burst - credit ? burst : credit + passed;
        at = now;
      }
      if (credit >= cost) {
        credit -= cost;
        return 0;
      }
      // Rounded up, so that a client that waits this long is not too early.
      return (cost - credit + 999_999) / 1_000_000;
    }
  }
}
