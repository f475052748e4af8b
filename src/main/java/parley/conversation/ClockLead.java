package parley.conversation;

/**
 * How far the clock of a sender was ahead of the conversation's entries, as the times in its {@code
 * client_msg_id}s show. An id with time t was stored at {@code t - near()} or later, or else its
 * entry is one of {@code farFrom} to {@code farTo}.
 *
 * <p>A clock that was ahead by more than {@link #FAR_MILLIS} is wrong and will be corrected. Its
 * lead would make every later message of the sender look as old as the conversation. So only the
 * entries that were sent by such a clock are looked at again.
 *
 * @param largest the largest lead, milliseconds
 * @param farFrom the seq of the first entry with a far lead; 0 if there is none
 * @param farTo the seq of the last one
 */
record ClockLead(long largest, long farFrom, long farTo) {
  /** A larger lead is a far one: an hour, so that wrong time zones are far and bad clocks near. */
  static final long FAR_MILLIS = 3_600_000;

  static final ClockLead NONE = new ClockLead(0, 0, 0);

  /**
   * What a snapshot holds.
   *
   * @param lastSeq the end of the log. An earlier version stored the largest lead alone. Then each
   *     entry up to there may be one with a far lead
   */
  static ClockLead stored(long largest, long farFrom, long farTo, long lastSeq) {
    return largest > FAR_MILLIS && farTo == 0
        ? new ClockLead(largest, 1, lastSeq)
        : new ClockLead(largest, farFrom, farTo);
  }

  /** With an entry of that seq, whose id was ahead of it by that many milliseconds. */
  ClockLead with(long lead, long seq) {
    return and(lead > FAR_MILLIS ? new ClockLead(lead, seq, seq) : new ClockLead(lead, 0, 0));
  }

  /** A bound of both. */
  ClockLead and(ClockLead other) {
    return new ClockLead(
        Math.max(largest, other.largest),
        !hasFar() ? other.farFrom : other.hasFar() ? Math.min(farFrom, other.farFrom) : farFrom,
        Math.max(farTo, other.farTo));
  }

  /** The largest lead of the entries outside {@code farFrom} to {@code farTo}, milliseconds. */
  long near() {
    return Math.min(largest, FAR_MILLIS);
  }

  /** Whether there are entries with a far lead. */
  boolean hasFar() {
    return farTo > 0;
  }
}
