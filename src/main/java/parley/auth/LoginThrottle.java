package parley.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;

/**
 * Login attempts per client address, on this node: {@value #BURST} at once, then one per {@value
 * #REFILL_MILLIS} ms. It slows one machine that tries many accounts; one account tried from many
 * machines is slowed by the {@link Account} itself. It is wider than the account's own bucket, as
 * many people share an address behind a router. An IPv6 client is known by its /64, which is what
 * one customer gets. Who has a {@code known_device} passes. Thread-safe; holds at most {@value
 * #ADDRESSES} addresses. A machine that has more than that many begins anew, and is left with the
 * limits of each account.
 */
public final class LoginThrottle {
  static final int BURST = 30;
  static final long REFILL_MILLIS = 2_000;
  static final int ADDRESSES = 100_000;

  private final InstantSource clock;
  private final Cache<String, TokenBucket> buckets;

  /** With the time from {@code clock}. */
  public LoginThrottle(InstantSource clock) {
    this.clock = clock;
    this.buckets =
        Caffeine.newBuilder()
            .maximumSize(ADDRESSES)
            // By then the bucket is full again, which is the same as not being here.
            .expireAfterAccess(Duration.ofMillis(BURST * REFILL_MILLIS))
            .ticker(() -> clock.millis() * 1_000_000)
            .build();
  }

  /**
   * Takes one attempt.
   *
   * @return 0 if it may go on, else the milliseconds after which to try again
   */
  public long tryAcquire(InetAddress address) {
    long now = clock.millis();
    long[] wait = new long[1];
    buckets
        .asMap()
        .compute(
            ClientAddresses.key(address),
            (k, old) -> {
              TokenBucket bucket =
                  old == null ? TokenBucket.full(BURST, REFILL_MILLIS, now) : old.at(now);
              wait[0] = bucket.waitMillis();
              return wait[0] == 0 ? bucket.take() : bucket;
            });
    return wait[0];
  }

  /** Gives the attempt back: it was a success, so nobody was guessing. */
  public void succeeded(InetAddress address) {
    buckets
        .asMap()
        .computeIfPresent(ClientAddresses.key(address), (k, bucket) -> bucket.giveBack());
  }
}
