package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;

/**
 * Delivery progress of one connection in one conversation. It exists only while an entry is unsent,
 * unacknowledged, or announced by a {@code sent} frame before the user entity delivered it.
 */
final class ConversationProgress {
  /**
   * Position of a conversation whose first event was a {@code sent} frame: the user entity has
   * delivered nothing yet.
   */
  static final long UNKNOWN = -1;

  /**
   * Everything up to this seq was sent (as {@code message}, {@code sent} or {@code gap}) or was
   * acknowledged.
   */
  long sentTo;

  /** Everything up to this seq counts as acknowledged. */
  long acked;

  /**
   * The highest seq that the client has claimed to have. It is above {@link #acked} where a {@code
   * sent} frame overtook messages.
   */
  long claimed;

  /** The newest seq that the user entity has reported. */
  long head;

  /** Last seq of the backlog; 0 if there is no backlog or it has been sent. */
  long backlogTo;

  /** Last seq sent during an earlier membership; nothing up to here is sent again. */
  long floor;

  /** Page requests in a row that failed. */
  int failures;

  /** Pages in a row that were empty. */
  int empties;

  /**
   * Whether the user has left. The seqs of a later membership need not continue those of this one.
   */
  boolean left;

  /** Whether entries are left out because the client does not read; they may become a gap. */
  boolean skipping;

  /**
   * Entries above this seq, up to {@link #head}, were never delivered by the user entity: only the
   * head is known.
   */
  long untold = Long.MAX_VALUE;

  // Messages sent and not acknowledged, as runs of seqs: {first, last}. Bounded by the window.
  private final ArrayDeque<long[]> runs = new ArrayDeque<>(2);

  // Seqs above sentTo that a `sent` frame has announced or will announce.
  private @Nullable TreeSet<Long> covered;

  // The part of them whose `sent` frame is still pending: no later entry goes out before it.
  private @Nullable TreeSet<Long> promised;

  // Contiguous entries that arrived while the entry at sentTo + 1 waits for its `sent` frame.
  private List<Entry> held = List.of();

  ConversationProgress(long told) {
    sentTo = told;
    acked = Math.max(told, 0);
    claimed = acked;
    head = told;
  }

  /**
   * The seq up to which the client's claim counts: no further than what has been sent. A client
   * that claims more may have misread a {@code sent} frame that overtook messages. Sending those
   * messages all the same harms nobody; leaving them out could lose some.
   */
  long earned() {
    if (!known()) {
      return acked;
    }
    long to = sentTo;
    while (to < claimed && tells(to + 1)) {
      to++;
    }
    return Math.max(acked, Math.min(claimed, to));
  }

  /**
   * Limits the client's claim to entries below {@code seq}. This entry goes out only now, so an
   * earlier claim cannot mean it.
   */
  void disclaim(long seq) {
    claimed = Math.max(acked, Math.min(claimed, seq - 1));
  }

  boolean known() {
    return sentTo != UNKNOWN;
  }

  boolean lagging() {
    return known() && sentTo < head;
  }

  /** Whether nothing is outstanding, so that this progress can be dropped. */
  boolean done() {
    return known() && sentTo >= head && acked >= sentTo && covered == null;
  }

  /** The highest seq known to exist. */
  long proven() {
    return covered == null ? head : Math.max(head, covered.last());
  }

  /** Records that a message went out. Returns how many messages the window gained: 0 or 1. */
  int sent(long seq) {
    disclaim(seq);
    sentTo = seq;
    if (seq <= acked) {
      return 0;
    }
    long[] last = runs.peekLast();
    if (last != null && last[1] == seq - 1) {
      last[1] = seq;
    } else {
      runs.addLast(new long[] {seq, seq});
    }
    return 1;
  }

  /**
   * Records that the client has everything up to {@code seq}. Returns how many messages left the
   * window.
   */
  int ack(long seq) {
    acked = seq;
    long freed = 0;
    for (Iterator<long[]> it = runs.iterator(); it.hasNext(); ) {
      long[] run = it.next();
      if (run[0] > seq) {
        break;
      }
      long to = Math.min(seq, run[1]);
      freed += to - run[0] + 1;
      if (to == run[1]) {
        it.remove();
      } else {
        run[0] = to + 1;
      }
    }
    return (int) freed;
  }

  /** Records that a {@code sent} frame announces this seq. Returns false if that was known. */
  boolean cover(long seq) {
    if (covered == null) {
      covered = new TreeSet<>();
    }
    return covered.add(seq);
  }

  boolean covers(long seq) {
    return covered != null && covered.contains(seq);
  }

  /** Records that the entry arrived first, and that its {@code sent} frame is pending. */
  void promise(long seq) {
    if (promised == null) {
      promised = new TreeSet<>();
    }
    promised.add(seq);
  }

  /** The {@code sent} frame went out. Returns whether it was pending. */
  boolean kept(long seq) {
    return promised != null && promised.remove(seq);
  }

  /**
   * No {@code sent} frame will come, so the entry becomes an ordinary message. Returns whether the
   * frame was pending.
   */
  boolean broken(long seq) {
    return kept(seq) && covered != null && covered.remove(seq);
  }

  boolean promises(long seq) {
    return promised != null && promised.contains(seq);
  }

  /** Whether a {@code sent} frame has announced this seq. */
  boolean tells(long seq) {
    return covers(seq) && !promises(seq);
  }

  /** Whether the next entry waits for its {@code sent} frame. */
  boolean waits() {
    return promises(sentTo + 1);
  }

  /** The highest seq that was sent or is held. */
  long heldTo() {
    return held.isEmpty() ? sentTo : held.getLast().seq();
  }

  /** Holds the entries that continue the held ones. Returns how many: at most {@code room}. */
  int hold(List<Entry> entries, int room) {
    int before = held.size();
    for (Entry entry : entries) {
      if (held.size() - before < room && entry.seq() == heldTo() + 1) {
        if (held.isEmpty()) {
          held = new ArrayList<>();
        }
        held.add(entry);
      }
    }
    return held.size() - before;
  }

  /** Removes and returns the held entries. */
  List<Entry> takeHeld() {
    List<Entry> taken = held;
    held = List.of();
    return taken;
  }

  /** Forgets announced seqs that {@link #sentTo} has passed. Returns their number. */
  int trim() {
    if (covered == null || !known()) {
      return 0;
    }
    var passed = covered.headSet(sentTo, true);
    int count = passed.size();
    passed.clear();
    if (promised != null) {
      promised.headSet(sentTo, true).clear();
      promised = promised.isEmpty() ? null : promised;
    }
    if (covered.isEmpty()) {
      covered = null;
    }
    return count;
  }
}
