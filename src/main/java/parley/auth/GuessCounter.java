package parley.auth;

/**
 * Attempts at a password that were not right, as a value: some are free, each further one doubles
 * the wait for the next, and time forgives them one by one. Where all are forgiven it says the same
 * as none at all.
 *
 * @param limit the numbers
 * @param debt what is not forgiven at {@code atMillis}, in milliseconds of forgiving
 * @param atMillis when the debt was counted
 * @param nextMillis when the next attempt is allowed
 */
record GuessCounter(Limit limit, long debt, long atMillis, long nextMillis) {
  /**
   * How many, and how long.
   *
   * @param free attempts without a wait
   * @param firstMillis the wait after these
   * @param longestMillis the longest wait
   * @param forgiveMillis after which one attempt is forgotten
   */
  record Limit(int free, long firstMillis, long longestMillis, long forgiveMillis) {}

  /** Attempts beyond the free ones that are counted: by then the wait is the longest. */
  private static final int COUNTED = 20;

  static GuessCounter none(Limit limit, long nowMillis) {
    return new GuessCounter(limit, 0, nowMillis, nowMillis);
  }

  /** The same later. A clock that steps back forgives nothing, and makes nobody wait for longer. */
  GuessCounter at(long nowMillis) {
    long left = Math.max(0, debt - Math.max(0, nowMillis - atMillis));
    return new GuessCounter(
        limit, left, nowMillis, Math.min(nextMillis, nowMillis + limit.longestMillis));
  }

  /** Milliseconds until an attempt is allowed; 0 is now. */
  long waitMillis() {
    return Math.max(0, nextMillis - atMillis);
  }

  /** Whether nothing is left to forgive. */
  boolean isNone() {
    return debt == 0;
  }

  /** With one attempt more; only where {@link #waitMillis()} is 0. */
  GuessCounter take() {
    long most = (limit.free + COUNTED) * limit.forgiveMillis;
    long more = Math.min(most, debt + limit.forgiveMillis);
    long beyond = (more + limit.forgiveMillis - 1) / limit.forgiveMillis - limit.free;
    long wait =
        beyond < 0
            ? 0
            : Math.min(limit.longestMillis, limit.firstMillis << Math.min(COUNTED, beyond));
    return new GuessCounter(limit, more, atMillis, atMillis + wait);
  }

  /** With one attempt given back: nobody was guessing. */
  GuessCounter giveBack() {
    return new GuessCounter(limit, Math.max(0, debt - limit.forgiveMillis), atMillis, atMillis);
  }
}
