package parley.auth;

/**
 * A count of wrong attempts at a password, as an immutable value. Some attempts are free. Each
 * further one doubles the wait for the next. Time forgives the attempts one by one. A count whose
 * attempts are all forgiven is the same as a new one.
 *
 * @param limit the limit that applies
 * @param penaltyMillis attempts that are not forgiven at {@code atMillis}, as milliseconds until
 *     they are
 * @param atMillis the time for which the penaltyMillis was computed, in epoch milliseconds
 * @param nextMillis when the next attempt is allowed, in epoch milliseconds
 */
record GuessCounter(Limit limit, long penaltyMillis, long atMillis, long nextMillis) {
  /**
   * How many attempts are free, and how long the waits are.
   *
   * @param free attempts without a wait
   * @param firstMillis the first wait after these, in milliseconds
   * @param longestMillis the longest wait, in milliseconds
   * @param forgiveMillis milliseconds after which one attempt is forgiven
   */
  record Limit(int free, long firstMillis, long longestMillis, long forgiveMillis) {}

  /** Attempts beyond the free ones that are counted. By then the wait is the longest. */
  private static final int MAX_COUNTED = 20;

  static GuessCounter empty(Limit limit, long nowMillis) {
    return new GuessCounter(limit, 0, nowMillis, nowMillis);
  }

  /**
   * The count at a later time. A clock that steps back forgives nothing, and makes no wait longer
   * than the longest.
   */
  GuessCounter at(long nowMillis) {
    long left = Math.max(0, penaltyMillis - Math.max(0, nowMillis - atMillis));
    return new GuessCounter(
        limit, left, nowMillis, Math.min(nextMillis, nowMillis + limit.longestMillis));
  }

  /** Milliseconds until an attempt is allowed; 0 is now. */
  long waitMillis() {
    return Math.max(0, nextMillis - atMillis);
  }

  /** Whether all attempts are forgiven. */
  boolean isEmpty() {
    return penaltyMillis == 0;
  }

  /** The count with one attempt more; only if {@link #waitMillis()} is 0. */
  GuessCounter take() {
    long most = (limit.free + MAX_COUNTED) * limit.forgiveMillis;
    long more = Math.min(most, penaltyMillis + limit.forgiveMillis);
    long beyond = (more + limit.forgiveMillis - 1) / limit.forgiveMillis - limit.free;
    long wait =
        beyond < 0
            ? 0
            : Math.min(limit.longestMillis, limit.firstMillis << Math.min(MAX_COUNTED, beyond));
    return new GuessCounter(limit, more, atMillis, atMillis + wait);
  }

  /** The count with one attempt given back, because it was no guess. */
  GuessCounter giveBack() {
    return new GuessCounter(
        limit, Math.max(0, penaltyMillis - limit.forgiveMillis), atMillis, atMillis);
  }
}
