package parley.snapshot;

import java.util.function.LongSupplier;

/**
 * After which events an entity takes a snapshot. The interval grows with the size of the state, so
 * that what a snapshot costs is a bounded part of what its events cost.
 *
 * <p>The interval is {@code shortest} or a power of two of it, and a snapshot is due after each
 * event whose number is a multiple of the interval. So it depends only on the number and on the
 * state, and no entity has to remember its last snapshot. A multiple of a long interval is also one
 * of a shorter interval: an entity whose interval changes never waits longer than {@code longest}.
 *
 * @param shortest the interval of a small state, in events
 * @param longest the largest interval, in events. An entity that starts replays fewer events than
 *     that
 */
public record SnapshotSchedule(int shortest, int longest) {
  /**
   * Events for each KB of a snapshot. A KB costs one unit when it is written and one when it is
   * removed, so a snapshot costs at most an eighth of a unit for each event, while its interval is
   * not the longest.
   */
  static final int EVENTS_FOR_A_KB = 16;

  private static final int KB = 1024;

  /** A schedule with one interval for all sizes. */
  public static SnapshotSchedule every(int events) {
    return new SnapshotSchedule(events, events);
  }

  /**
   * Whether a snapshot is due after the event with this number.
   *
   * @param bytes about how many bytes a snapshot has now; asked for only if the number allows one
   */
  public boolean isDue(long number, LongSupplier bytes) {
    return number % shortest == 0 && number % interval(bytes.getAsLong()) == 0;
  }

  /** The interval between two snapshots of so many bytes, in events. */
  long interval(long bytes) {
    long interval = shortest;
    while (interval * KB < bytes * EVENTS_FOR_A_KB && interval * 2 <= longest) {
      interval *= 2;
    }
    return interval;
  }
}
