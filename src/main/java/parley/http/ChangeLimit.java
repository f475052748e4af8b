package parley.http;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import parley.bounds.KeyedBuckets;
import parley.model.UserId;

/**
 * Limits the calls of each user, on this node, that write something durable which is no entry of a
 * conversation: the profile, push tokens, the flags of an inbox row, and the opening of direct
 * conversations. The removal of a device or of its token is never refused, because whoever has
 * stolen a token could use up the limit, and so keep the owner from ending that login. {@value
 * #BURST} at once, then one in {@value #REFILL_MILLIS} ms. The limit of the address alone would not
 * bound an account that is used from many addresses. Thread-safe; never blocks.
 *
 * <p>Bounds: {@value #MAX_USERS} users. Beyond that, the least active one begins anew.
 */
final class ChangeLimit {
  /** Name of this limit in meters. */
  static final String CHANGES = "changes";

  static final int BURST = 100;
  static final long REFILL_MILLIS = 1_000;
  static final int MAX_USERS = 100_000;

  private final KeyedBuckets<UserId> users;

  /**
   * Starts with unused limits.
   *
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  ChangeLimit(LongSupplier nanos) {
    users =
        new KeyedBuckets<>(BURST, TimeUnit.MILLISECONDS.toNanos(REFILL_MILLIS), MAX_USERS, nanos);
  }

  /** Takes one change. Returns 0, or the milliseconds to wait. */
  long take(UserId user) {
    return users.take(user, 1);
  }
}
