package parley.conversation;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Limits how fast one node archives: a number of segments a minute, spread evenly, and at most
 * {@value #AT_ONCE} at the same time, because each takes a few megabytes of memory while it is
 * written. A conversation that gets no turn asks again later. Safe from any thread.
 */
public final class ArchiveRate {
  /** Most segments that are archived at the same time. */
  public static final int AT_ONCE = 4;

  private static final long MINUTE = 60_000_000_000L;

  private final long interval;
  private final LongSupplier nanoTime;
  private final BooleanSupplier on;
  private long next;
  private int running;

  /**
   * A rate limit.
   *
   * @param segmentsPerMinute at least 1
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  public ArchiveRate(int segmentsPerMinute, LongSupplier nanoTime) {
    this(segmentsPerMinute, nanoTime, () -> true);
  }

  /**
   * The same, which may be switched off.
   *
   * @param on whether turns are given
   */
  public ArchiveRate(int segmentsPerMinute, LongSupplier nanoTime, BooleanSupplier on) {
    this.on = on;
    this.interval = MINUTE / segmentsPerMinute;
    this.nanoTime = nanoTime;
    this.next = nanoTime.getAsLong();
  }

  /** Takes a turn, if one is free. Each turn must be given back with {@link #end}. */
  synchronized boolean tryBegin() {
    long now = nanoTime.getAsLong();
    if (!on.getAsBoolean() || running >= AT_ONCE || now - next < 0) {
      return false;
    }
    running++;
    // Unused turns of a quiet hour are not saved up for a burst.
    next = Math.max(next, now - interval) + interval;
    return true;
  }

  /**
   * Ends a turn.
   *
   * @param used false if nothing was written; then the turn does not count against the rate
   */
  synchronized void end(boolean used) {
    running--;
    if (!used) {
      next -= interval;
    }
  }
}
