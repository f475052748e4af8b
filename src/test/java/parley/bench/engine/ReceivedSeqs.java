package parley.bench.engine;

import java.util.BitSet;

/**
 * The entries of one conversation that one device has: all up to a seq, and perhaps some after a
 * missing one, because {@code sent} can overtake {@code message}. A device may acknowledge only
 * entries before the first missing one.
 */
public final class ReceivedSeqs {
  final BenchConversation conversation;

  private final BitSet afterMissing = new BitSet();
  private long upTo;
  private long acknowledged;
  private boolean pendingAck;
  private boolean reading;
  private int duplicates;

  /**
   * A device that has all entries up to a seq.
   *
   * @param upTo 0 for none
   */
  public ReceivedSeqs(BenchConversation conversation, long upTo) {
    this.conversation = conversation;
    this.upTo = upTo;
    this.acknowledged = upTo;
  }

  /**
   * Records an entry.
   *
   * @return false if the entry is a duplicate
   */
  public boolean add(long seq) {
    if (seq <= upTo || afterMissing.get((int) (seq - upTo))) {
      duplicates++;
      return false;
    }
    if (seq > upTo + 1) {
      afterMissing.set((int) (seq - upTo));
      return true;
    }
    int more = afterMissing.nextClearBit(2) - 1;
    upTo += more;
    if (afterMissing.length() > more) {
      BitSet rest = afterMissing.get(more, afterMissing.length());
      afterMissing.clear();
      afterMissing.or(rest);
    } else {
      afterMissing.clear();
    }
    return true;
  }

  /** The last seq before the first missing one. */
  public long upTo() {
    return upTo;
  }

  /** The number of duplicates. */
  public int duplicates() {
    return duplicates;
  }

  /** Whether there are entries to acknowledge. */
  public boolean hasUnacknowledged() {
    return upTo > acknowledged;
  }

  /** The number of entries to acknowledge. */
  public long unacknowledged() {
    return upTo - acknowledged;
  }

  /** Marks all entries up to {@link #upTo} as acknowledged and returns that seq. */
  public long acknowledge() {
    acknowledged = upTo;
    return upTo;
  }

  /**
   * Notes that the user will read what has arrived.
   *
   * @return false if that was already noted
   */
  boolean beginReading() {
    boolean first = !reading;
    reading = true;
    return first;
  }

  void endReading() {
    reading = false;
  }

  /** Whether this conversation is in the device's list of pending acknowledgements. */
  boolean pendingAck() {
    return pendingAck;
  }

  void pendingAck(boolean pending) {
    pendingAck = pending;
  }
}
