package parley.bench.engine;

import java.util.BitSet;

/**
 * The entries that one device has of one conversation: everything up to a seq, and perhaps some
 * after a hole, because {@code sent} may overtake {@code message}. Only entries before the first
 * hole may be acknowledged.
 */
public final class ReceivedSeqs {
  final BenchConversation benchConversation;

  private final BitSet ahead = new BitSet();
  private long upTo;
  private long acknowledged;
  private boolean listed;
  private boolean reading;
  private int duplicates;

  /**
   * A device that has everything up to there.
   *
   * @param upTo 0 for nothing
   */
  public ReceivedSeqs(BenchConversation benchConversation, long upTo) {
    this.benchConversation = benchConversation;
    this.upTo = upTo;
    this.acknowledged = upTo;
  }

  /**
   * An entry has come.
   *
   * @return whether it is the first time
   */
  public boolean came(long seq) {
    if (seq <= upTo || ahead.get((int) (seq - upTo))) {
      duplicates++;
      return false;
    }
    if (seq > upTo + 1) {
      ahead.set((int) (seq - upTo));
      return true;
    }
    int more = ahead.nextClearBit(2) - 1;
    upTo += more;
    if (ahead.length() > more) {
      BitSet rest = ahead.get(more, ahead.length());
      ahead.clear();
      ahead.or(rest);
    } else {
      ahead.clear();
    }
    return true;
  }

  /** Everything up to here has come. */
  public long upTo() {
    return upTo;
  }

  /** Entries that came more than once. */
  public int duplicates() {
    return duplicates;
  }

  /** Whether there is something to acknowledge. */
  public boolean owes() {
    return upTo > acknowledged;
  }

  /** How many entries wait for an acknowledgement. */
  public long owed() {
    return upTo - acknowledged;
  }

  /** Acknowledges: gives the seq, and owes nothing any more. */
  public long acknowledge() {
    acknowledged = upTo;
    return upTo;
  }

  /**
   * The user begins to read what came.
   *
   * @return false if the user does so already
   */
  boolean beginReading() {
    boolean first = !reading;
    reading = true;
    return first;
  }

  void endReading() {
    reading = false;
  }

  /** Whether it is in the list of those that wait to acknowledge. */
  boolean listed() {
    return listed;
  }

  void listed(boolean is) {
    listed = is;
  }
}
