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
 * <p>A login with a {@code known_device} may pass when this limit is used up, because only the
 * account can tell whether it knows the device. So anybody can send one that is made up. Such
 * logins have a limit of their own, {@value #DEVICE_FACTOR} times as wide.
 *
 * <p>Thread-safe. A machine that has more addresses than {@link AddressBuckets#MAX_ADDRESSES}
 * begins anew, and only the limits of each account slow it.
 */
public final class LoginThrottle {
  static final int BURST = 30;
  static final long REFILL_MILLIS = 2_000;
  static final int SITE_FACTOR = 16;
  static final int DEVICE_FACTOR = 10;

  private final AddressBuckets attempts;
  private final AddressBuckets withDevice;

  /**
   * Creates it without attempts.
   *
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public LoginThrottle(LongSupplier nanos) {
    long interval = TimeUnit.MILLISECONDS.toNanos(REFILL_MILLIS);
    this.attempts = new AddressBuckets(BURST, interval, SITE_FACTOR, nanos);
    this.withDevice =
        new AddressBuckets(BURST * DEVICE_FACTOR, interval / DEVICE_FACTOR, SITE_FACTOR, nanos);
  }

  /**
   * Takes one attempt.
   *
   * @return 0 if it is allowed, else the milliseconds after which to try again
   */
  public long tryAcquire(InetAddress address) {
    return attempts.take(address);
  }

  /**
   * Takes one attempt with a {@code known_device}, of an address whose other attempts are used up.
   *
   * @return as {@link #tryAcquire}
   */
  public long tryAcquireWithDevice(InetAddress address) {
    return withDevice.take(address);
  }

  /** Gives the attempt back: the login succeeded, so it was no guess. */
  public void succeeded(InetAddress address) {
    attempts.giveBack(address);
  }

  /** Gives back an attempt with a {@code known_device}. */
  public void succeededWithDevice(InetAddress address) {
    withDevice.giveBack(address);
  }
}
