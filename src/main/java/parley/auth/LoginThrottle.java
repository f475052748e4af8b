package parley.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import parley.bounds.TokenBucket;

/**
 * Limits login attempts per client address, on this node: {@value #BURST} at once, then one per
 * {@value #REFILL_MILLIS} ms. It slows one machine that tries many accounts. The {@link
 * AccountEntity} itself slows many machines that try one account. This limit is wider than that of
 * an account, because many people share an address behind a router. An IPv6 client is identified by
 * its /64, which is what one customer gets. A login with a {@code known_device} passes.
 * Thread-safe; holds at most {@value #ADDRESSES} addresses. A machine that has more addresses than
 * that begins anew, and only the limits of each account slow it.
 */
public final class LoginThrottle {
  static final int BURST = 30;
  static final long REFILL_MILLIS = 2_000;
  static final int ADDRESSES = 100_000;

  private final InstantSource clock;
  private final Cache<String, TokenBucket> buckets;

  /** Creates it with {@code clock}. */
  public LoginThrottle(InstantSource clock) {
    this.clock = clock;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(ADDRESSES)
            // By then the bucket is full again, which is the same as no entry.
            .expireAfterAccess(Duration.ofMillis(BURST * REFILL_MILLIS))
            .ticker(() -> clock.millis() * 1_000_000)
            .build();
  }

  /**
   * Takes one attempt.
   *
   * @return 0 if it is allowed, else the milliseconds after which to try again
   */
  public long tryAcquire(InetAddress address) {
    long[] wait = new long[1];
    buckets
        .asMap()
        .compute(
            ClientAddresses.key(address),
            (k, old) -> {
              // Read here, so that the times of one address come in their order.
              long now = clock.millis();
              TokenBucket bucket =
                  old == null ? TokenBucket.full(BURST, REFILL_MILLIS, now) : old.at(now);
              wait[0] = bucket.waitFor(1);
              return wait[0] == 0 ? bucket.take(1) : bucket;
            });
    return wait[0];
  }

  /** Gives the attempt back: the login succeeded, so it was no guess. */
  public void succeeded(InetAddress address) {
    buckets
        .asMap()
        .computeIfPresent(ClientAddresses.key(address), (k, bucket) -> bucket.giveBack());
  }
}
