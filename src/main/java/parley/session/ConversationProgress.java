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
  long earlierSentTo;

  /** Page requests in a row that failed. */
  int failedPages;

  /** Pages in a row that were empty. */
  int emptyPages;

  /**
   * Whether the user has left. The seqs of a later membership need not continue those of this one.
   */
  boolean userLeft;

  /** Whether entries are left out because the client does not read; they may become a gap. */
  boolean skipping;

  /**
   * Entries above this seq, up to {@link #head}, were never delivered by the user entity: only the
   * head is known.
   */
  long undeliveredAbove = Long.MAX_VALUE;

  // Messages sent and not acknowledged, as runs of seqs: {first, last}. Bounded by the window.
  private final ArrayDeque<long[]> unackedRuns = new ArrayDeque<>(2);

  // Seqs above sentTo that a `sent` frame has announced or will announce.
  private @Nullable TreeSet<Long> coveredSeqs;

  // The part of them whose `sent` frame is still pending: no later entry goes out before it.
  private @Nullable TreeSet<Long> pendingSentSeqs;

  // Contiguous entries that arrived while the entry at sentTo + 1 waits for its `sent` frame.
  private List<Entry> heldEntries = List.of();

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
  long acknowledgeableSeq() {
    if (!hasPosition()) {
      return acked;
    }
    long to = sentTo;
    while (to < claimed && isAnnounced(to + 1)) {
      to++;
    }
    return Math.max(acked, Math.min(claimed, to));
  }

  /**
   * Limits the client's claim to entries below {@code seq}. This entry goes out only now, so an
   * earlier claim cannot mean it.
   */
  void limitClaim(long seq) {
    claimed = Math.max(acked, Math.min(claimed, seq - 1));
  }

  boolean hasPosition() {
    return sentTo != UNKNOWN;
  }

  boolean isLagging() {
    return hasPosition() && sentTo < head;
  }

  /** Whether nothing is outstanding, so that this progress can be dropped. */
  boolean nothingOutstanding() {
    return hasPosition() && sentTo >= head && acked >= sentTo && coveredSeqs == null;
  }

  /** The highest seq known to exist. */
  long highestKnownSeq() {
    return coveredSeqs == null ? head : Math.max(head, coveredSeqs.last());
  }

  /** Records that a message went out. Returns how many messages the window gained: 0 or 1. */
  int recordSent(long seq) {
    limitClaim(seq);
    sentTo = seq;
    if (seq <= acked) {
      return 0;
    }
    long[] last = unackedRuns.peekLast();
    if (last != null && last[1] == seq - 1) {
      last[1] = seq;
    } else {
      unackedRuns.addLast(new long[] {seq, seq});
    }
    return 1;
  }

  /**
   * Records that the client has everything up to {@code seq}. Returns how many messages left the
   * window.
   */
  int recordAck(long seq) {
    acked = seq;
    long freed = 0;
    for (Iterator<long[]> it = unackedRuns.iterator(); it.hasNext(); ) {
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
  boolean addCovered(long seq) {
    if (coveredSeqs == null) {
      coveredSeqs = new TreeSet<>();
    }
    return coveredSeqs.add(seq);
  }

  boolean isCovered(long seq) {
    return coveredSeqs != null && coveredSeqs.contains(seq);
  }

  /** Records that the entry arrived first, and that its {@code sent} frame is pending. */
  void addPendingSent(long seq) {
    if (pendingSentSeqs == null) {
      pendingSentSeqs = new TreeSet<>();
    }
    pendingSentSeqs.add(seq);
  }

  /** The {@code sent} frame went out. Returns whether it was pending. */
  boolean completePendingSent(long seq) {
    return pendingSentSeqs != null && pendingSentSeqs.remove(seq);
  }

  /**
   * No {@code sent} frame will come, so the entry becomes an ordinary message. Returns whether the
   * frame was pending.
   */
  boolean cancelPendingSent(long seq) {
    return completePendingSent(seq) && coveredSeqs != null && coveredSeqs.remove(seq);
  }

  boolean isPendingSent(long seq) {
    return pendingSentSeqs != null && pendingSentSeqs.contains(seq);
  }

  /** Whether a {@code sent} frame has announced this seq. */
  boolean isAnnounced(long seq) {
    return isCovered(seq) && !isPendingSent(seq);
  }

  /** Whether the next entry waits for its {@code sent} frame. */
  boolean waitsForSent() {
    return isPendingSent(sentTo + 1);
  }

  /** The highest seq that was sent or is held. */
  long heldTo() {
    return heldEntries.isEmpty() ? sentTo : heldEntries.getLast().seq();
  }

  /** Holds the entries that continue the held ones. Returns how many: at most {@code room}. */
  int hold(List<Entry> entries, int room) {
    int before = heldEntries.size();
    for (Entry entry : entries) {
      if (heldEntries.size() - before < room && entry.seq() == heldTo() + 1) {
        if (heldEntries.isEmpty()) {
          heldEntries = new ArrayList<>();
        }
        heldEntries.add(entry);
      }
    }
    return heldEntries.size() - before;
  }

  /** Removes and returns the held entries. */
  List<Entry> takeHeld() {
    List<Entry> taken = heldEntries;
    heldEntries = List.of();
    return taken;
  }

  /** Forgets announced seqs that {@link #sentTo} has passed. Returns their number. */
  int dropPassed() {
    if (coveredSeqs == null || !hasPosition()) {
      return 0;
    }
    var passed = coveredSeqs.headSet(sentTo, true);
    int count = passed.size();
    passed.clear();
    if (pendingSentSeqs != null) {
      pendingSentSeqs.headSet(sentTo, true).clear();
      pendingSentSeqs = pendingSentSeqs.isEmpty() ? null : pendingSentSeqs;
    }
    if (coveredSeqs.isEmpty()) {
      coveredSeqs = null;
    }
    return count;
  }
}
