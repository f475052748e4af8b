package parley.auth;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Limits login attempts per client address, on this node: {@value #BURST} at once, then one per
 * {@value #REFILL_MILLIS} ms. It slows one machine that tries many accounts. The {@link
 * AccountEntity} itself slows many machines that try one account. This limit is wider than that of
 * an account, because many people share an address behind a router. An IPv6 client is identified by
 * its /64, and its /48 has {@value #SITE_FACTOR} times as much.
 *
 * <p>A login with a {@code known_device} passes to its account when this limit is used up, because
 * only the account can tell whether it knows the device, and a known device must not be held up by
 * others. One that is made up costs the account no password hash and gains no guess, and the limit
 * of requests bounds how many come.
 *
 * <p>Thread-safe. A machine that has more addresses than {@link AddressBuckets#MAX_ADDRESSES}
 * begins anew, and only the limits of each account slow it.
 */
public final class LoginThrottle {
  static final int BURST = 30;
  static final long REFILL_MILLIS = 2_000;
  static final int SITE_FACTOR = 16;

  private final AddressBuckets attempts;

  /**
   * Creates it without attempts.
   *
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public LoginThrottle(LongSupplier nanos) {
    this.attempts =
        new AddressBuckets(BURST, TimeUnit.MILLISECONDS.toNanos(REFILL_MILLIS), SITE_FACTOR, nanos);
  }

  /**
   * Takes one attempt.
   *
   * @return 0 if it is allowed, else the milliseconds after which to try again
   */
  public long tryAcquire(InetAddress address) {
    return attempts.take(address);
  }

  /** Gives the attempt back: the login succeeded, so it was no guess. */
  public void succeeded(InetAddress address) {
    attempts.giveBack(address);
  }
}
