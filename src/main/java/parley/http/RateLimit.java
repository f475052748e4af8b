package parley.http;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
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

  private final IntSupplier perSecond;
  private final LongSupplier nanos;
  private volatile Built built;

  /** The buckets for a rate; null buckets are no limit. */
  private record Built(int perSecond, @Nullable AddressBuckets buckets) {}

  /**
   * Starts with full buckets.
   *
   * @param perSecond requests a second; 0 is no limit. When it changes, all buckets are full again
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  RateLimit(IntSupplier perSecond, LongSupplier nanos) {
    this.perSecond = perSecond;
    this.nanos = nanos;
    this.built = build(perSecond.getAsInt(), nanos);
  }

  private static Built build(int perSecond, LongSupplier nanos) {
    return new Built(
        perSecond,
        perSecond == 0
            ? null
            : new AddressBuckets(
                Math.max(MIN_BURST, perSecond),
                TimeUnit.SECONDS.toNanos(1) / perSecond,
                SITE_FACTOR,
                nanos));
  }

  /**
   * Takes one request of the address. Returns 0 if it is allowed, else the milliseconds until it
   * is.
   */
  long take(InetAddress address) {
    Built now = built;
    int rate = perSecond.getAsInt();
    if (now.perSecond() != rate) {
      // Two threads may both build: one of the two is used from then on.
      now = build(rate, nanos);
      built = now;
    }
    AddressBuckets buckets = now.buckets();
    return buckets == null ? 0 : buckets.take(address);
  }
}
