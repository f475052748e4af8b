package parley.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import parley.model.UserId;

/**
 * How many messages a user may write: a token bucket for each, shared by all their connections and
 * HTTP calls on this node. Safe for use by many threads.
 *
 * <p>A bucket is one number, the time at which it will be full again (the generic cell rate
 * algorithm: ITU-T I.371), so it costs nothing to keep, and one that is full need not be kept.
 */
public final class MessageRate {
  private static final long MINUTE_MICROS = 60_000_000;
  private static final long USERS = 200_000;

  private final int perMinute;
  private final long interval;
  private final Cache<UserId, Long> fullAt;

  /**
   * A limiter.
   *
   * @param perMinute tokens a minute, and the most a bucket holds; 0 is no limit
   */
  public MessageRate(int perMinute) {
    if (perMinute < 0) {
      throw new IllegalArgumentException("perMinute must not be negative");
    }
    this.perMinute = perMinute;
    interval = perMinute == 0 ? 0 : Math.max(1, MINUTE_MICROS / perMinute);
    // After two minutes without a message a bucket is full, and forgetting it changes nothing.
    fullAt =
        Caffeine.newBuilder().maximumSize(USERS).expireAfterAccess(Duration.ofMinutes(2)).build();
  }

  /** Tokens a minute; 0 is no limit. */
  public int perMinute() {
    return perMinute;
  }

  /**
   * Takes a token if there is one.
   *
   * @param nowMillis the time, epoch milliseconds: the same clock for all callers
   * @return 0 if it was taken, else after how many milliseconds there will be one
   */
  public long tryTake(UserId user, long nowMillis) {
    if (perMinute == 0) {
      return 0;
    }
    long now = nowMillis * 1_000;
    long most = interval * perMinute;
    long[] wait = new long[1];
    fullAt
        .asMap()
        .compute(
            user,
            (id, before) -> {
              // No bucket is emptier than empty, whatever the clock did.
              long full = before == null ? now : Math.min(Math.max(before, now), now + most);
              long over = full + interval - now - most;
              if (over > 0) {
                wait[0] = Math.max(1, (over + 999) / 1_000);
                return full;
              }
              return full + interval;
            });
    return wait[0];
  }
}
