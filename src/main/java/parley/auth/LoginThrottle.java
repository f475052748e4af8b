package parley.auth;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Limits login attempts per client address, on this node: {@value #BURST} at once, then one per
 * {@value #REFILL_MILLIS} ms. It slows one machine that tries many accounts. The {@link
 * AccountEntity} itself slows many machines that try one account. This limit is wider than that of
 * an account, because many people share an address behind a router. An IPv6 client is identified by
 * its /64, which is what one customer gets. A login with a {@code known_device} passes.
 * Thread-safe. A machine that has more addresses than {@link AddressBuckets#ADDRESSES} begins anew,
 * and only the limits of each account slow it.
 */
public final class LoginThrottle {
  static final int BURST = 30;
  static final long REFILL_MILLIS = 2_000;

  private final AddressBuckets buckets;

  /**
   * Creates it without attempts.
   *
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public LoginThrottle(LongSupplier nanos) {
    this.buckets = new AddressBuckets(BURST, TimeUnit.MILLISECONDS.toNanos(REFILL_MILLIS), nanos);
  }

  /**
   * Takes one attempt.
   *
   * @return 0 if it is allowed, else the milliseconds after which to try again
   */
  public long tryAcquire(InetAddress address) {
    return buckets.take(address);
  }

  /** Gives the attempt back: the login succeeded, so it was no guess. */
  public void succeeded(InetAddress address) {
    buckets.giveBack(address);
  }
}
