package parley.bench.engine;

import org.HdrHistogram.Histogram;

/**
 * The schedule of an open loop: when each message of a fixed rate should be sent, whether or not
 * earlier messages were answered. Latency counts from this time, not from the actual time of
 * sending. Otherwise a pause of the server would also pause the measurement and not be visible (Gil
 * Tene's "coordinated omission").
 */
public final class SendSchedule {
  private static final long MAX_NANOS = 120_000_000_000L;

  private final long start;
  private final double intervalNanos;
  private long count;

  /** A schedule that starts at {@code start}, from {@link System#nanoTime}. */
  public SendSchedule(long start, double perSecond) {
    this.start = start;
    this.intervalNanos = 1e9 / perSecond;
  }

  /** When the next message is due. */
  public long next() {
    return start + (long) (count * intervalNanos);
  }

  /** Moves on to the message after. */
  public void advance() {
    count++;
  }

  /** A histogram of nanoseconds up to two minutes, with three significant digits. */
  public static Histogram histogram() {
    return new Histogram(1_000, MAX_NANOS, 3);
  }

  /** Records the time from {@code intended} to {@code now}. */
  public static void record(Histogram in, long intended, long now) {
    in.recordValue(Math.clamp(now - intended, 0, MAX_NANOS));
  }
}
