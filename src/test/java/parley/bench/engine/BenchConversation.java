package parley.bench.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * One conversation in the generator: its members, and the newest seq that is known to be stored. At
 * the end each member must have everything up to that seq.
 */
public final class BenchConversation {
  /** Its id as it stands in frames. */
  final byte[] id;

  final String name;
  public final List<BenchDevice> members = new ArrayList<>();

  private long newest;
  private long stored;
  private long others;

  public BenchConversation(String name) {
    this.name = name;
    this.id = FrameText.ascii(name);
  }

  /** A message was acknowledged to its sender ({@code sent}). */
  public void stored(long seq) {
    stored++;
    newest = Math.max(newest, seq);
  }

  /** A message came to one of its members. */
  void arrived(long seq) {
    newest = Math.max(newest, seq);
  }

  /** An entry came that nobody of us sent as a message: the group was made, someone was added. */
  void other(long seq) {
    newest = Math.max(newest, seq);
    others = Math.max(others, seq);
  }

  /** The newest seq that is known to be stored. */
  long newest() {
    return newest;
  }

  /** Messages acknowledged to their senders. */
  public long stored() {
    return stored;
  }

  /**
   * Entries in the log beyond those that were sent: each is a message stored twice. Right only
   * where entries of other kinds stand at the start of the log.
   */
  long doubled() {
    return newest - others - stored;
  }
}
