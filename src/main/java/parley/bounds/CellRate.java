package parley.bounds;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits events to a number a second, and as many at once, where the number may change between two
 * events. It is stored as one number, the time at which the bucket will be full again (the generic
 * cell rate algorithm: ITU-T I.371), so a change of the rate needs no conversion, and no event
 * allocates memory. Thread-safe; never blocks.
 */
public final class CellRate {
  private static final long SECOND = 1_000_000_000;
  private static final long MILLI = 1_000_000;

  private final AtomicLong fullAt = new AtomicLong(Long.MIN_VALUE);

  /**
   * Takes an event if there is one.
   *
   * @param perSecond events a second, and the most at once; 0 is no limit
   * @param nowMillis the same clock for all callers; it may be set back
   * @return 0 if one was taken, else the milliseconds until one is available, rounded up
   */
  public long tryTake(int perSecond, long nowMillis) {
    if (perSecond <= 0) {
      return 0;
    }
    long now = nowMillis * MILLI;
    long interval = SECOND / perSecond;
    while (true) {
      long before = fullAt.get();
      // Limits how empty the bucket can be, even if the clock was set back or the rate was lower.
      long full = Math.min(Math.max(before, now), now + SECOND);
      long over = full + interval - now - SECOND;
      if (over > 0) {
        // Stored, or a clock that was set back by an hour would refuse everything for an hour.
        if (full < before) {
          fullAt.compareAndSet(before, full);
        }
        return (over + MILLI - 1) / MILLI;
      }
      if (fullAt.compareAndSet(before, full + interval)) {
        return 0;
      }
    }
  }

  /** Gives an event back that was taken at this rate. */
  public void giveBack(int perSecond) {
    if (perSecond > 0) {
      fullAt.addAndGet(-SECOND / perSecond);
    }
  }
}
