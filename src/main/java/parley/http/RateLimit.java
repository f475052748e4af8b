package parley.http;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import parley.auth.AddressBuckets;

/**
 * Limits the requests of each client address.
 *
 * <p>The address is that of the connection, or the one that {@link TrustedProxies} find. No other
 * header is believed, because a client could pose as a new client in every request. An IPv6 client
 * owns at least a /64 and could do the same with its addresses, so a /64 counts as one client. All
 * clients of a /48 have {@value #SITE_FACTOR} times as much.
 */
final class RateLimit {
  static final int SITE_FACTOR = 100;

  private static final int MIN_BURST = 20;

  /** Null is no limit. */
  private final @Nullable AddressBuckets buckets;

  /**
   * Starts with full buckets.
   *
   * @param perSecond requests a second; 0 is no limit
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  RateLimit(int perSecond, LongSupplier nanos) {
    this.buckets =
        perSecond == 0
            ? null
            : new AddressBuckets(
                Math.max(MIN_BURST, perSecond),
                TimeUnit.SECONDS.toNanos(1) / perSecond,
                SITE_FACTOR,
                nanos);
  }

  /**
   * Takes one request of the address. Returns 0 if it is allowed, else the milliseconds until it
   * is.
   */
  long take(InetAddress address) {
    return buckets == null ? 0 : buckets.take(address);
  }
}
