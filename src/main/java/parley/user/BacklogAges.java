package parley.user;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How old the entries of one conversation are that devices still lack. It records where the
 * conversation's head was at some moments of the last weeks, ten days or more apart. It exists only
 * while some device lags, so most conversations have none. Immutable; at most {@link #MARKS} marks.
 *
 * <p>An entry that a device has not fetched for {@link #LIFE_MILLIS} is not sent to the device when
 * it comes back. The entry is then 30 days old at the earliest and 40 at the latest. No entity has
 * to be woken for that.
 */
final class BacklogAges {
  /** How long an entry waits for a device, in milliseconds. */
  static final long LIFE_MILLIS = Duration.ofDays(30).toMillis();

  /** The shortest time between two marks, in milliseconds. */
  static final long STEP = Duration.ofDays(10).toMillis();

  /** The most marks: one that is older than {@link #LIFE_MILLIS}, and those within that time. */
  static final int MARKS = 5;

  /** Pairs of a time (epoch milliseconds) and the head at that time, the oldest first. */
  private final long[] pairs;

  private BacklogAges(long[] pairs) {
    this.pairs = pairs;
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static BacklogAges of(long[] pairs) {
    return new BacklogAges(pairs.clone());
  }

  @JsonValue
  long[] pairs() {
    return pairs.clone();
  }

  /** The marks after the head has moved; {@code was} holds the marks before. */
  static BacklogAges moved(@Nullable BacklogAges was, long now, long head) {
    if (was == null || was.pairs.length == 0) {
      return new BacklogAges(new long[] {now, head});
    }
    long[] old = was.pairs;
    if (old[old.length - 2] > now) {
      // The clock was set back. Times in the future become now, so their entries wait for the whole
      // time from now on.
      old = old.clone();
      for (int i = 0; i < old.length; i += 2) {
        old[i] = Math.min(old[i], now);
      }
      return new BacklogAges(old);
    }
    if (now - old[old.length - 2] < STEP) {
      return was;
    }
    int from = 0;
    while (from + 2 < old.length
        && (old[from + 2] <= now - LIFE_MILLIS || old.length - from >= 2 * MARKS)) {
      from += 2;
    }
    long[] next = Arrays.copyOfRange(old, from, old.length + 2);
    next[next.length - 2] = now;
    next[next.length - 1] = head;
    return new BacklogAges(next);
  }

  /** The highest seq that is known to have waited for {@link #LIFE_MILLIS}; 0 if there is none. */
  long expired(long now, long head) {
    long cut = now - LIFE_MILLIS;
    int last = pairs.length - 2;
    // Every entry after the last mark came within one step of it; a later entry would have made
    // another mark.
    if (last >= 0 && pairs[last] + STEP <= cut) {
      return head;
    }
    long expired = 0;
    for (int i = 0; i < pairs.length && pairs[i] <= cut; i += 2) {
      expired = pairs[i + 1];
    }
    return Math.min(expired, head);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BacklogAges that && Arrays.equals(pairs, that.pairs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pairs);
  }

  @Override
  public String toString() {
    return Arrays.toString(pairs);
  }
}
