package parley.session;

/**
 * Token bucket: a rate with room for bursts. Taken tokens come back at a constant rate. Not
 * thread-safe: it belongs to one connection.
 */
final class SpendingBucket {
  private final long intervalNanos;
  private final long roomNanos;
  private long takenNanos;
  private long updatedAt;

  /**
   * Creates a full bucket.
   *
   * @param tokens capacity
   * @param perSecond tokens that come back in a second
   */
  SpendingBucket(int tokens, int perSecond) {
    intervalNanos = 1_000_000_000L / perSecond;
    roomNanos = intervalNanos * tokens;
  }

  /**
   * Takes tokens if there are that many.
   *
   * @param nanos monotonic time with any origin
   * @return 0 if they were taken, else the milliseconds until that many are available
   */
  long tryTake(int tokens, long nanos) {
    // At the first call no token is missing, so the initial time stamp does not matter.
    if (takenNanos > 0) {
      takenNanos = Math.max(0, takenNanos - Math.max(0, nanos - updatedAt));
    }
    updatedAt = nanos;
    long over = takenNanos + intervalNanos * tokens - roomNanos;
    if (over > 0) {
      return (over + 999_999) / 1_000_000;
    }
    takenNanos += intervalNanos * tokens;
    return 0;
  }
}
