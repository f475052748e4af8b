package parley.bench.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * A conversation as the generator knows it: its members and its highest stored seq. At the end of a
 * run each member must have every entry up to that seq.
 */
public final class BenchConversation {
  /** The id as ASCII bytes, as frames contain it. */
  final byte[] idBytes;

  final String id;
  public final List<BenchDevice> members = new ArrayList<>();

  private long highestSeq;
  private long stored;
  private long highestSystemSeq;

  public BenchConversation(String id) {
    this.id = id;
    this.idBytes = FrameText.ascii(id);
  }

  /** Records a message that was acknowledged to its sender by {@code sent}. */
  public void recordStored(long seq) {
    stored++;
    highestSeq = Math.max(highestSeq, seq);
  }

  /** Records a message that arrived at a member. */
  void recordArrived(long seq) {
    highestSeq = Math.max(highestSeq, seq);
  }

  /** Records an entry that is not a message of the generator, such as the creation of the group. */
  void recordSystemEntry(long seq) {
    highestSeq = Math.max(highestSeq, seq);
    highestSystemSeq = Math.max(highestSystemSeq, seq);
  }

  /** The highest seq known to be stored. */
  long highestSeq() {
    return highestSeq;
  }

  /** The number of messages acknowledged to their senders. */
  public long storedCount() {
    return stored;
  }

  /**
   * The number of messages that the log contains twice: entries beyond those that were sent.
   * Correct only if all entries of other kinds precede the messages.
   */
  long storedTwice() {
    return highestSeq - highestSystemSeq - stored;
  }
}
