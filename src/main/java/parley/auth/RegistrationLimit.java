package parley.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;

/**
 * Limits registrations per client address ({@link ClientAddresses}) and day, on this node. Every
 * attempt with valid fields counts, even if its name is taken, and no attempt is given back. The
 * day of an address begins with its first attempt. An IPv6 /48 has {@value #SITE_FACTOR} times as
 * many.
 *
 * <p>Thread-safe; holds at most {@value #MAX_ADDRESSES} addresses and sites. Beyond that, an
 * address that came rarely is forgotten and may begin anew. Addresses that come often, as those of
 * a machine that registers accounts, stay (Caffeine keeps the entries that are used most).
 * Passwords of registrations are hashed in a lane of their own, so that registrations from many
 * addresses delay no login.
 */
public final class RegistrationLimit {
  static final int MAX_ADDRESSES = 100_000;
  static final int SITE_FACTOR = 16;
  static final Duration DAY = Duration.ofDays(1);

  private record Count(int attempts, long since) {}

  private final int perDay;
  private final InstantSource clock;
  private final Cache<String, Count> counts;

  /**
   * Creates it with {@code clock}.
   *
   * @param perDay attempts of one address a day; 0 is no limit
   */
  public RegistrationLimit(int perDay, InstantSource clock) {
    this.perDay = perDay;
    this.clock = clock;
    this.counts =
        Caffeine.newBuilder()
            .maximumSize(MAX_ADDRESSES)
            .expireAfterAccess(DAY)
            .ticker(() -> clock.millis() * 1_000_000)
            .build();
  }

  /**
   * Takes one attempt.
   *
   * @return 0 if it is allowed, else the milliseconds after which to try again
   */
  public long tryAcquire(InetAddress address) {
    if (perDay == 0) {
      return 0;
    }
    String key = ClientAddresses.key(address);
    String site = ClientAddresses.site(key);
    long wait = take(key, perDay);
    if (wait == 0 && site != null) {
      wait = take(site, perDay * SITE_FACTOR);
      if (wait > 0) {
        counts
            .asMap()
            .computeIfPresent(key, (same, count) -> new Count(count.attempts() - 1, count.since()));
      }
    }
    return wait;
  }

  private long take(String key, int most) {
    long now = clock.millis();
    long[] wait = new long[1];
    counts
        .asMap()
        .compute(
            key,
            (same, old) -> {
              boolean another = old == null || now - old.since() >= DAY.toMillis();
              Count count = another ? new Count(0, now) : old;
              if (count.attempts() >= most) {
                // At most a day, even if the clock was set back.
                wait[0] = Math.min(DAY.toMillis(), count.since() + DAY.toMillis() - now);
                return count;
              }
              return new Count(count.attempts() + 1, count.since());
            });
    return wait[0];
  }
}
