package parley.user;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How old the entries are that devices still lack in one conversation: where its head was at some
 * moments of the last weeks, ten days or more apart. Kept only while some device lags, so mostly
 * there is none. Immutable; at most {@link #MARKS} marks.
 *
 * <p>By it entries that a device has not fetched for {@link #LIFE} are dropped from what it is sent
 * when it comes back: when they are 30 days old at the earliest, 40 at the latest. Nobody has to be
 * woken for that.
 */
final class BacklogAges {
  /** How long an entry waits for a device. */
  static final long LIFE = Duration.ofDays(30).toMillis();

  /** How far apart marks are at least. */
  static final long STEP = Duration.ofDays(10).toMillis();

  /** Most marks: one older than {@link #LIFE}, and those of that time. */
  static final int MARKS = 5;

  /** Epoch milliseconds, head at that time, epoch milliseconds, head … */
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

  /** The marks after the head has moved, where {@code was} are those before. */
  static BacklogAges moved(@Nullable BacklogAges was, long now, long head) {
    if (was == null || was.pairs.length == 0) {
      return new BacklogAges(new long[] {now, head});
    }
    long[] old = was.pairs;
    if (old[old.length - 2] > now) {
      // The clock was set back: it is as old as now at least, and waits for its time from now on.
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
        && (old[from + 2] <= now - LIFE || old.length - from >= 2 * MARKS)) {
      from += 2;
    }
    long[] next = Arrays.copyOfRange(old, from, old.length + 2);
    next[next.length - 2] = now;
    next[next.length - 1] = head;
    return new BacklogAges(next);
  }

  /** The highest seq that is known to have waited for {@link #LIFE}, 0 where none has. */
  long expired(long now, long head) {
    long cut = now - LIFE;
    int last = pairs.length - 2;
    // What came after the last mark came within a step of it, or there would be another mark.
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
