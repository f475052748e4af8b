package parley.auth;

/**
 * A token bucket as a value: {@code capacity} at once, then one per {@code refillMillis}. A full
 * one says the same as none at all, so it may be forgotten after {@code capacity * refillMillis} of
 * quiet.
 *
 * @param capacity most tokens it holds
 * @param refillMillis milliseconds until one token comes back
 * @param credit tokens in it at {@code atMillis}, in milliseconds of refill
 * @param atMillis when the credit was counted
 */
record TokenBucket(int capacity, long refillMillis, long credit, long atMillis) {
  static TokenBucket full(int capacity, long refillMillis, long nowMillis) {
    return new TokenBucket(capacity, refillMillis, capacity * refillMillis, nowMillis);
  }

  /** The same bucket later. A clock that steps back adds nothing and takes nothing. */
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

  /** Without one token; only where {@link #waitMillis()} is 0. */
  TokenBucket take() {
    return new TokenBucket(capacity, refillMillis, credit - refillMillis, atMillis);
  }

  /** With one token given back, at most full. */
  TokenBucket giveBack() {
    long more = Math.min(capacity * refillMillis, credit + refillMillis);
    return new TokenBucket(capacity, refillMillis, more, atMillis);
  }
}
