package parley.auth;

/**
 * A token bucket as an immutable value: {@code capacity} tokens at once, then one per {@code
 * refillMillis}. A full bucket is the same as a new one, so it may be forgotten when it was not
 * used for {@code capacity * refillMillis}.
 *
 * @param capacity maximum number of tokens
 * @param refillMillis milliseconds until one token comes back
 * @param credit tokens at {@code atMillis}, as milliseconds of refill
 * @param atMillis the time for which the credit was computed, in milliseconds
 */
record TokenBucket(int capacity, long refillMillis, long credit, long atMillis) {
  static TokenBucket full(int capacity, long refillMillis, long nowMillis) {
    return new TokenBucket(capacity, refillMillis, capacity * refillMillis, nowMillis);
  }

  /** The bucket at a later time. A clock that steps back adds nothing and takes nothing. */
  TokenBucket at(long nowMillis) {
    long elapsed = Math.max(0, nowMillis - atMillis);
    long full = capacity * refillMillis;
    // Compare before adding: a long quiet time must not overflow.
    long now = elapsed >= full - credit ? full : credit + elapsed;
    return new TokenBucket(capacity, refillMillis, now, nowMillis);
  }

  /** Milliseconds until a token can be taken; 0 is now. */
  long waitMillis() {
    return Math.max(0, refillMillis - credit);
  }

  /** The bucket without one token; only if {@link #waitMillis()} is 0. */
  TokenBucket take() {
    return new TokenBucket(capacity, refillMillis, credit - refillMillis, atMillis);
  }

  /** The bucket with one token given back, at most full. */
  TokenBucket giveBack() {
    long more = Math.min(capacity * refillMillis, credit + refillMillis);
    return new TokenBucket(capacity, refillMillis, more, atMillis);
  }
}
