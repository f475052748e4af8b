package parley.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import parley.model.UserId;
import parley.user.User;

/**
 * How many messages a user may write: a token bucket for each, shared by all their connections and
 * HTTP calls on this node. Safe for use by many threads.
 *
 * <p>A bucket is one number, the time at which it will be full again (the generic cell rate
 * algorithm: ITU-T I.371), so it costs nothing to keep, and one that is full need not be kept.
 *
 * <p>In a cluster the user's one true bucket is the {@code User} entity's. Nobody waits for it:
 * what is taken here is reported there in batches of a tenth of the bucket ({@link #reportTo}), and
 * where more than one node reports, each hears how empty the bucket really is ({@link #level}) and
 * lowers its own. So a user on <i>n</i> nodes at once may write, beyond the rate, at most <i>n</i>
 * batches and what is taken while a report and its answer travel. A report or answer that is lost
 * costs one batch more.
 */
public final class MessageRate {
  private static final long MINUTE_MICROS = 60_000_000;
  private static final long USERS = 200_000;

  /** Told what was taken here and not reported yet. Called by whoever takes; must not block. */
  @FunctionalInterface
  public interface Report {
    /** So many tokens were taken. */
    void taken(UserId user, int tokens);
  }

  /**
   * A bucket.
   *
   * @param fullAt when it will be full, epoch microseconds
   * @param unreported tokens taken and not reported
   * @param debt by how much the user's bucket is emptier than empty, because other nodes gave what
   *     they did not have; microseconds, at most a bucket
   */
  private record Bucket(long fullAt, int unreported, long debt) {}

  private final int perMinute;
  private final long interval;
  private final int batch;
  private final Cache<UserId, Bucket> buckets;
  private volatile Report report = (user, tokens) -> {};

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
    batch = Math.max(1, perMinute / 10);
    // After two minutes without a message a bucket is full, and forgetting it changes nothing.
    buckets =
        Caffeine.newBuilder().maximumSize(USERS).expireAfterAccess(Duration.ofMinutes(2)).build();
  }

  /** Tokens a minute; 0 is no limit. */
  public int perMinute() {
    return perMinute;
  }

  /** What a token costs, in microseconds. */
  public long intervalMicros() {
    return interval;
  }

  /** From now on what is taken is told there, in batches. */
  public void reportTo(Report to) {
    report = to;
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
    int[] due = new int[1];
    buckets
        .asMap()
        .compute(
            user,
            (id, before) -> {
              long debt = before == null ? 0 : before.debt();
              // No bucket is emptier than that, whatever the clock did.
              long full =
                  before == null
                      ? now
                      : Math.min(Math.max(before.fullAt(), now), now + most + debt);
              // Of a bucket that was full by now there is nothing to tell any more.
              int unreported = before == null || full == now ? 0 : before.unreported();
              long over = full + interval - now - most;
              if (over > 0) {
                wait[0] = Math.max(1, (over + 999) / 1_000);
                return new Bucket(full, unreported, debt);
              }
              if (unreported + 1 >= batch) {
                due[0] = unreported + 1;
                return new Bucket(full + interval, 0, 0);
              }
              return new Bucket(full + interval, unreported + 1, 0);
            });
    if (due[0] > 0) {
      report.taken(user, due[0]);
    }
    return wait[0];
  }

  /**
   * Gives a token back that was taken for what turned out to be no new message. What was reported
   * of it is made good by the next report.
   *
   * @param nowMillis as in {@link #tryTake}
   */
  public void giveBack(UserId user, long nowMillis) {
    if (perMinute == 0) {
      return;
    }
    long now = nowMillis * 1_000;
    buckets
        .asMap()
        .computeIfPresent(
            user,
            (id, before) ->
                new Bucket(
                    Math.max(now, before.fullAt() - interval),
                    Math.max(-batch, before.unreported() - 1),
                    before.debt()));
  }

  /**
   * How empty the user's bucket is over all nodes; the one here is lowered to that and what it has
   * not reported, never raised.
   *
   * @param fullAfterMicros when it will be full, from now
   */
  public void level(UserId user, long fullAfterMicros, long nowMillis) {
    long now = nowMillis * 1_000;
    long most = interval * perMinute;
    buckets
        .asMap()
        .compute(
            user,
            (id, before) -> {
              int unreported = before == null ? 0 : before.unreported();
              long told = now + Math.min(fullAfterMicros + interval * unreported, 2 * most);
              long full = before == null ? told : Math.max(before.fullAt(), told);
              return new Bucket(full, unreported, Math.clamp(full - now - most, 0, most));
            });
  }

  /** Takes what users tell of their buckets to this node's. One for each node. */
  public Behavior<User.Level> levels(LongSupplier millis) {
    return Behaviors.receiveMessage(
        told -> {
          level(told.userId(), told.fullAfterMicros(), millis.getAsLong());
          return Behaviors.same();
        });
  }
}
