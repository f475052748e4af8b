package parley.bounds;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The times of the last seconds, to find a quantile of them. A time is counted in one of {@value
 * #BUCKETS} buckets, four to each doubling, so a quantile is at most a quarter too high. To count
 * is one atomic increment; no memory is allocated. {@link #record} is safe from any thread; {@link
 * #next} and {@link #quantile} are called by one.
 */
public final class RecentTimes {
  private static final int BUCKETS = 160;

  /** Fewer times than that say nothing: one slow one in a quiet minute is no load. */
  public static final int LEAST = 20;

  private final AtomicIntegerArray now = new AtomicIntegerArray(BUCKETS);
  private final int[][] before;
  private int at;

  /**
   * Counts times.
   *
   * @param seconds how many calls of {@link #next} a time is remembered
   */
  public RecentTimes(int seconds) {
    before = new int[seconds][BUCKETS];
  }

  /** Counts a time in nanoseconds. */
  public void record(long nanos) {
    now.incrementAndGet(bucket(nanos));
  }

  /** Ends a second. */
  public void next() {
    at = (at + 1) % before.length;
    for (int i = 0; i < BUCKETS; i++) {
      before[at][i] = now.getAndSet(i, 0);
    }
  }

  /**
   * The time that this part of the times of the last seconds did not exceed, in nanoseconds; 0 if
   * there are fewer than {@value #LEAST}.
   */
  public long quantile(double part) {
    long all = 0;
    for (int[] second : before) {
      for (int count : second) {
        all += count;
      }
    }
    if (all < LEAST) {
      return 0;
    }
    long rest = (long) Math.ceil(all * part);
    for (int i = 0; i < BUCKETS; i++) {
      for (int[] second : before) {
        rest -= second[i];
      }
      if (rest <= 0) {
        return end(i);
      }
    }
    return end(BUCKETS - 1);
  }

  /** Microseconds, by their highest three bits. */
  private static int bucket(long nanos) {
    long micros = Math.max(4, nanos / 1_000);
    int power = 63 - Long.numberOfLeadingZeros(micros);
    int quarter = (int) (micros >> (power - 2)) & 3;
    return Math.min(BUCKETS - 1, (power - 2) * 4 + quarter);
  }

  private static long end(int bucket) {
    return ((5L + (bucket % 4)) << (bucket / 4)) * 1_000;
  }
}
