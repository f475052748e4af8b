package parley.bench.engine;

import org.HdrHistogram.Histogram;

/**
 * The schedule of an open loop: when each message of a steady rate should be sent, whether or not
 * earlier ones were answered. Latency counts from this time, never from the real time of sending.
 * Otherwise a pause would also pause the measurement and hide itself (Gil Tene's "coordinated
 * omission").
 */
public final class SendSchedule {
  private static final long LONGEST_NANOS = 120_000_000_000L;

  private final long start;
  private final double nanosEach;
  private long given;

  /**
   * Beginning at {@code start}.
   *
   * @param perSecond messages
   */
  public SendSchedule(long start, double perSecond) {
    this.start = start;
    this.nanosEach = 1e9 / perSecond;
  }

  /** When the next one should leave. */
  public long next() {
    return start + (long) (given * nanosEach);
  }

  /** It is left: the one after it comes next. */
  public void taken() {
    given++;
  }

  /** A histogram of nanoseconds up to two minutes, good to a thousandth. */
  public static Histogram histogram() {
    return new Histogram(1_000, LONGEST_NANOS, 3);
  }

  /** Writes down how long after {@code intended} it is now. */
  public static void record(Histogram in, long intended, long now) {
    in.recordValue(Math.clamp(now - intended, 0, LONGEST_NANOS));
  }
}
