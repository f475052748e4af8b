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
 * A token bucket per client address. A bucket that has not been used until it would be full again
 * is forgotten, so is the least used where there are more than {@value #MOST_ADDRESSES}: both only
 * ever favour the client.
 *
 * <p>The address is that of the connection, or what {@link TrustedProxies} say it is. No other
 * header is believed: whoever can write one could make a new client of every request. An IPv6
 * client owns at least a /64 and could do the same with addresses, so that is what counts as one.
 */
final class RateLimit {
  /** Most addresses that are remembered. */
  static final int MOST_ADDRESSES = 100_000;

  private static final int LEAST_BURST = 20;

  /** What one request costs, in nanoseconds of waiting; 0 is no limit. */
  private final long cost;

  private final long burst;
  private final LongSupplier nanos;
  private final Cache<String, Bucket> buckets;

  /**
   * All buckets are full.
   *
   * @param perSecond requests a second; 0 is no limit
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  RateLimit(int perSecond, LongSupplier nanos) {
    this.cost = perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.burst = cost * Math.max(LEAST_BURST, perSecond);
    this.nanos = nanos;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(MOST_ADDRESSES)
            // By then it is full again, which is the same as not being here.
            .expireAfterAccess(Duration.ofNanos(Math.max(burst, 1)))
            .ticker(nanos::getAsLong)
            .build();
  }

  /** Takes one: 0 where there was one, else after how many milliseconds there will be. */
  long take(InetAddress address) {
    if (cost == 0) {
      return 0;
    }
    long now = nanos.getAsLong();
    return buckets.get(key(address), k -> new Bucket(burst, now)).take(now);
  }

  /** What counts as one client. */
  private static String key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return HexFormat.of()
        .formatHex(address instanceof Inet6Address ? Arrays.copyOf(bytes, 8) : bytes);
  }

  /** Saved-up waiting, in nanoseconds, and when it was counted. */
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
        // The longest pause must not overflow.
        credit = passed >= burst - credit ? burst : credit + passed;
        at = now;
      }
      if (credit >= cost) {
        credit -= cost;
        return 0;
      }
      // Rounded up: who comes back on time must not be early.
      return (cost - credit + 999_999) / 1_000_000;
    }
  }
}
