package parley.session;

/**
 * A rate with room for bursts: what is taken is given back little by little. For one connection,
 * hence for one thread.
 */
final class SpendingBucket {
  private final long intervalNanos;
  private final long roomNanos;
  private long takenNanos;
  private long at;

  /**
   * A full bucket.
   *
   * @param tokens the most it holds
   * @param perSecond how many come back in a second
   */
  SpendingBucket(int tokens, int perSecond) {
    intervalNanos = 1_000_000_000L / perSecond;
    roomNanos = intervalNanos * tokens;
  }

  /**
   * Takes tokens if there are that many.
   *
   * @param nanos the time, on a clock that begins anywhere
   * @return 0 if they were taken, else after how many milliseconds there will be that many
   */
  long tryTake(int tokens, long nanos) {
    // The first time nothing is taken, so it does not matter how long ago "at" seems to be.
    if (takenNanos > 0) {
      takenNanos = Math.max(0, takenNanos - Math.max(0, nanos - at));
    }
    at = nanos;
    long over = takenNanos + intervalNanos * tokens - roomNanos;
    if (over > 0) {
      return (over + 999_999) / 1_000_000;
    }
    takenNanos += intervalNanos * tokens;
    return 0;
  }
}
