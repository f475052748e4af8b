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
 * <p>The address is that of the connection. No header is believed: whoever can write one could make
 * a new client of every request. An IPv6 client owns at least a /64 and could do the same with
 * addresses, so that is what counts as one.
 */
final class RateLimit {
  /** Most addresses that are remembered. */
  static final int MOST_ADDRESSES = 100_000;

  private static final int LEAST_BURST = 20;

  private final double perNano;
  private final double burst;
  private final LongSupplier nanos;
  private final Cache<String, Bucket> buckets;

  /**
   * All buckets are full.
   *
   * @param perSecond requests a second; 0 is no limit
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  RateLimit(int perSecond, LongSupplier nanos) {
    this.perNano = perSecond / (double) TimeUnit.SECONDS.toNanos(1);
    this.burst = Math.max(LEAST_BURST, 2.0 * perSecond);
    this.nanos = nanos;
    Duration full =
        perSecond == 0
            ? Duration.ofMinutes(1)
            : Duration.ofMillis((long) Math.ceil(burst * 1_000 / perSecond));
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(MOST_ADDRESSES)
            .expireAfterAccess(full)
            .ticker(nanos::getAsLong)
            .build();
  }

  /** Takes one: 0 where there was one, else after how many milliseconds there will be. */
  long take(InetAddress address) {
    if (perNano == 0) {
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

  private final class Bucket {
    private double tokens;
    private long at;

    Bucket(double tokens, long at) {
      this.tokens = tokens;
      this.at = at;
    }

    synchronized long take(long now) {
      // Two threads may come in the wrong order; time then simply does not pass.
      tokens = Math.min(burst, tokens + Math.max(0, now - at) * perNano);
      at = Math.max(at, now);
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return Math.max(1, (long) Math.ceil((1 - tokens) / perNano / 1_000_000));
    }
  }
}
