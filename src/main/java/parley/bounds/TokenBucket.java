package parley.bounds;

/**
 * A token bucket as an immutable value: {@code capacity} tokens at once, then one in each {@code
 * interval}. The unit of time is the caller's, and the same in all of them. A full bucket is the
 * same as a new one, so it may be forgotten when it was not used for {@code capacity * interval},
 * which must fit into a long.
 *
 * @param capacity maximum number of tokens
 * @param interval time until one token comes back
 * @param credit tokens at {@code at}, as time of refill
 * @param at the time for which the credit was computed
 */
public record TokenBucket(int capacity, long interval, long credit, long at) {
  /** A full bucket. Its time need not be known: a full bucket stays full until it is used. */
  public static TokenBucket full(int capacity, long interval, long now) {
    return new TokenBucket(capacity, interval, capacity * interval, now);
  }

  /** The bucket at another time. A clock that steps back adds nothing and takes nothing. */
  public TokenBucket at(long now) {
    long elapsed = Math.max(0, now - at);
    long full = capacity * interval;
    // Compare before adding: a long quiet time must not overflow.
    return new TokenBucket(
        capacity, interval, elapsed >= full - credit ? full : credit + elapsed, now);
  }

  /**
   * Time until so many tokens can be taken; 0 is now. More than {@code capacity} are never there.
   */
  public long waitFor(int tokens) {
    return Math.max(0, interval * tokens - credit);
  }

  /** The bucket without so many tokens; only if {@link #waitFor} of them is 0. */
  public TokenBucket take(int tokens) {
    return new TokenBucket(capacity, interval, credit - interval * tokens, at);
  }

  /** The bucket with so many tokens given back, at most full. */
  public TokenBucket giveBack(int tokens) {
    return new TokenBucket(
        capacity, interval, Math.min(capacity * interval, credit + interval * tokens), at);
  }
}
