package parley.conversation;

/**
 * The times of a conversation's entries: they never go back, and a clock that was wrong for a while
 * does not stop them.
 *
 * <p>As long as the clock is at or past the last entry's time, an entry gets the clock's time. The
 * last entry may lie ahead of the clock: another node wrote it whose clock was ahead, or the clock
 * here was set back. From then on the log's time runs at half the clock's speed, as {@code adjtime}
 * slows down a clock that is ahead. So entries keep their distances in half, the log never gets
 * further ahead than it was, and after twice the lead the two meet. Which node is wrong is not
 * decided here: see the clock that the nodes of a cluster compare.
 *
 * <p>Nothing of it is stored. A new life of the entity begins to slow down at the last entry.
 */
final class EntryTimes {
  private long heldAt;
  private long heldNow;
  private boolean held;

  /**
   * The time of the next entry; all in epoch milliseconds.
   *
   * @param now the clock
   * @param last the time of the newest entry, 0 where there is none
   * @return at least {@code last}
   */
  long next(long now, long last) {
    if (now >= last) {
      held = false;
      return now;
    }
    if (!held || now < heldNow) {
      held = true;
      heldAt = last;
      heldNow = now;
    }
    return Math.max(last, heldAt + (now - heldNow) / 2);
  }
}
