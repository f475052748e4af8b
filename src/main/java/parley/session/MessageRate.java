package parley.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.user.User;

/**
 * Rate limit of messages: one token bucket per user, shared by all the user's connections and HTTP
 * calls on this node. Thread-safe.
 *
 * <p>A bucket is stored as one number, the time at which it will be full again (the generic cell
 * rate algorithm: ITU-T I.371). It needs no upkeep, and a full bucket need not be stored. It is not
 * a {@code parley.bounds.TokenBucket}, because a level that another node reports is told as such a
 * time, and can be below empty.
 *
 * <p>In a cluster the {@code User} entity keeps the authoritative bucket, but no write waits for
 * it. Each node reports the tokens it takes in batches of a tenth of the bucket ({@link
 * #reportTo}). If more than one node reports, each node is told the real level ({@link #lowerTo})
 * and lowers its own bucket to it. A user on <i>n</i> nodes at once may therefore exceed the rate
 * by at most <i>n</i> batches, and by what is taken while a report and its answer travel. A lost
 * report or answer costs one more batch.
 */
public final class MessageRate {
  private static final long MINUTE_MICROS = 60_000_000;
  private static final long USERS = 200_000;

  /**
   * Receives the tokens that were taken on this node and not reported yet. Runs on the thread that
   * takes a token; must not block.
   */
  @FunctionalInterface
  public interface Report {
    /**
     * Reports the number of tokens taken since the last report.
     *
     * @param intervalMicros time to refill one token, in microseconds
     */
    void taken(UserId user, int tokens, long intervalMicros);
  }

  /**
   * The bucket of one user.
   *
   * @param fullAt time at which it will be full, epoch microseconds
   * @param unreported tokens taken and not reported
   * @param debt how far the user's authoritative bucket is below empty, because other nodes took
   *     tokens that it did not have; microseconds, at most one bucket
   */
  private record Bucket(long fullAt, int unreported, long debt) {}

  private final ToIntFunction<String> perMinute;
  private final NodeRate node;
  private final Cache<UserId, Bucket> buckets;
  private volatile Report report = (user, tokens, intervalMicros) -> {};

  /**
   * Creates a limiter whose rate is the same for all users and never changes.
   *
   * @param perMinute tokens a minute, and the capacity of a bucket; 0 is no limit
   */
  public MessageRate(int perMinute) {
    this(user -> perMinute, NodeRate.none());
    if (perMinute < 0) {
      throw new IllegalArgumentException("perMinute must not be negative");
    }
  }

  /**
   * Creates the limiter of a node.
   *
   * @param perMinute tokens a minute of a user, by id; 0 is no limit. It may change at any time,
   *     since a bucket is the time of a minute whatever the rate is
   * @param node the limit of all users of this node together
   */
  public MessageRate(ToIntFunction<String> perMinute, NodeRate node) {
    this.perMinute = perMinute;
    this.node = node;
    // After two minutes without a message a bucket is full, and forgetting it changes nothing.
    buckets =
        Caffeine.newBuilder().maximumSize(USERS).expireAfterAccess(Duration.ofMinutes(2)).build();
  }

  /** Tokens a minute of this user; 0 is no limit. */
  public int perMinute(UserId user) {
    return perMinute.applyAsInt(user.value());
  }

  /** Whether the messages of this user, or of this node, are limited. */
  boolean limits(UserId user) {
    return perMinute.applyAsInt(user.value()) > 0 || node.limits();
  }

  /** Tokens after which a node reports. */
  private static int batch(int perMinute) {
    return Math.max(1, perMinute / 10);
  }

  private static long interval(int perMinute) {
    return Math.max(1, MINUTE_MICROS / perMinute);
  }

  /**
   * Takes a message of the user and one of the node, if there is one of both. Returns null, or what
   * the message is over; then none is taken.
   *
   * @param nowMillis as in {@link #tryTake}
   */
  public @Nullable OverRate take(UserId user, long nowMillis) {
    long wait = tryTake(user, nowMillis);
    if (wait > 0) {
      return new OverRate(FrameBudget.MESSAGES, wait);
    }
    wait = node.tryTake(nowMillis);
    if (wait > 0) {
      giveBackOfUser(user, nowMillis);
      return new OverRate(node.limit(), wait);
    }
    return null;
  }

  /** Sets the receiver of reports; from now on taken tokens are reported to it, in batches. */
  public void reportTo(Report to) {
    report = to;
  }

  /**
   * Takes a token if there is one.
   *
   * @param nowMillis epoch milliseconds: the same clock for all callers
   * @return 0 if a token was taken, else the milliseconds until one is available
   */
  public long tryTake(UserId user, long nowMillis) {
    int rate = perMinute.applyAsInt(user.value());
    if (rate == 0) {
      return 0;
    }
    long interval = interval(rate);
    int batch = batch(rate);
    long now = nowMillis * 1_000;
    long most = interval * rate;
    long[] wait = new long[1];
    int[] due = new int[1];
    buckets
        .asMap()
        .compute(
            user,
            (id, before) -> {
              long debt = before == null ? 0 : before.debt();
              // Limits how empty a bucket can be, even if the clock was set back.
              long full =
                  before == null
                      ? now
                      : Math.min(Math.max(before.fullAt(), now), now + most + debt);
              // A bucket that has become full again has nothing to report.
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
      report.taken(user, due[0], interval);
    }
    return wait[0];
  }

  /**
   * Gives back a token that was taken for a retry of an accepted message. If the token was already
   * reported, the next report is smaller by one.
   *
   * @param nowMillis as in {@link #tryTake}
   */
  public void giveBack(UserId user, long nowMillis) {
    giveBackOfUser(user, nowMillis);
    node.giveBack();
  }

  private void giveBackOfUser(UserId user, long nowMillis) {
    int rate = perMinute.applyAsInt(user.value());
    if (rate == 0) {
      return;
    }
    long interval = interval(rate);
    int batch = batch(rate);
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
   * Receives how empty the user's authoritative bucket is. Lowers the bucket here to that level
   * minus its own unreported tokens; never raises it.
   *
   * @param fullAfterMicros time until the authoritative bucket is full, from now
   */
  public void lowerTo(UserId user, long fullAfterMicros, long nowMillis) {
    int rate = perMinute.applyAsInt(user.value());
    if (rate == 0) {
      return;
    }
    long interval = interval(rate);
    long now = nowMillis * 1_000;
    long most = interval * rate;
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

  /** The actor that applies the levels sent by user entities. One for each node. */
  public Behavior<User.Level> levels(LongSupplier millis) {
    return Behaviors.receiveMessage(
        told -> {
          lowerTo(told.userId(), told.fullAfterMicros(), millis.getAsLong());
          return Behaviors.same();
        });
  }
}
