package parley.conversation;

import java.util.function.LongSupplier;

/**
 * How fast one node archives: so many segments a minute, spread evenly, and at most {@value
 * #AT_ONCE} at the same time, since each is a few megabytes of memory while it is written. Whoever
 * gets no turn asks again later. Safe from any thread.
 */
public final class ArchiveRate {
  /** Most segments in work at the same time. */
  public static final int AT_ONCE = 4;

  private static final long MINUTE = 60_000_000_000L;

  private final long interval;
  private final LongSupplier nanoTime;
  private long next;
  private int running;

  /**
   * A pace.
   *
   * @param segmentsPerMinute at least 1
   * @param nanoTime as {@link System#nanoTime}
   */
  public ArchiveRate(int segmentsPerMinute, LongSupplier nanoTime) {
    this.interval = MINUTE / segmentsPerMinute;
    this.nanoTime = nanoTime;
    this.next = nanoTime.getAsLong();
  }

  /** Takes a turn, if there is one now; each must be ended. */
  synchronized boolean begin() {
    long now = nanoTime.getAsLong();
    if (running >= AT_ONCE || now - next < 0) {
      return false;
    }
    running++;
    // A quiet hour is not saved up for a burst.
    next = Math.max(next, now - interval) + interval;
    return true;
  }

  /**
   * Ends a turn.
   *
   * @param used false where nothing was written: the turn is given back
   */
  synchronized void end(boolean used) {
    running--;
    if (!used) {
      next -= interval;
    }
  }
}
