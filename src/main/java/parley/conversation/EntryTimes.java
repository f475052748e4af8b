package parley.conversation;

/**
 * Gives the entries of a conversation their times. Times never go back, and a clock that was wrong
 * for a while does not make them stand still.
 *
 * <p>As long as the clock is at or past the last entry's time, an entry gets the clock's time. The
 * last entry may be ahead of the clock: the clock of another node was ahead when it wrote the
 * entry, or the clock of this node was set back. Then the log's time runs at half the clock's
 * speed, as {@code adjtime} slows down a clock that is ahead. So the distances between entries are
 * halved, the lead never grows, and after twice the lead log and clock meet. This class does not
 * decide which node is wrong: the nodes of a cluster compare their clocks.
 *
 * <p>Nothing of this is stored. A new incarnation of the entity begins again at the last entry.
 */
final class EntryTimes {
  private long slowFromTime;
  private long slowFromClock;
  private boolean slowed;

  /**
   * The time of the next entry. All times are epoch milliseconds.
   *
   * @param now the clock
   * @param last the time of the newest entry; 0 if there is none
   * @return at least {@code last}
   */
  long next(long now, long last) {
    if (now >= last) {
      slowed = false;
      return now;
    }
    if (!slowed || now < slowFromClock) {
      slowed = true;
      slowFromTime = last;
      slowFromClock = now;
    }
    return Math.max(last, slowFromTime + (now - slowFromClock) / 2);
  }
}
