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

  private static final int MAX_COUNTED_FAILURES = 16;

  // Everything up to this seq was sent (as `message`, `sent` or `gap`) or was acknowledged.
  private long sentTo;

  // Everything up to this seq counts as acknowledged.
  private long acked;

  // The highest seq that the client has claimed to have. It is above `acked` where a `sent` frame
  // overtook messages.
  private long claimed;

  // The newest seq that the user entity has reported.
  private long head;

  // Last seq of the backlog; 0 if there is no backlog or it has been sent.
  private long backlogTo;

  // Last seq sent during an earlier membership; nothing up to here is sent again.
  private long earlierSentTo;

  // Page requests in a row that failed, and pages in a row that were empty.
  private int failedPages;
  private int emptyPages;

  private boolean userLeft;
  private boolean skipping;

  // Entries above this seq, up to the head, were never delivered by the user entity: only the head
  // is known.
  private long undeliveredAbove = Long.MAX_VALUE;

  // Messages sent and not acknowledged, as runs of seqs: {first, last}. Bounded by the window.
  private final ArrayDeque<long[]> unackedRuns = new ArrayDeque<>(2);

  // Seqs above sentTo that a `sent` frame has announced or will announce.
  private @Nullable TreeSet<Long> coveredSeqs;

  // The part of them whose `sent` frame is still pending: no later entry goes out before it.
  private @Nullable TreeSet<Long> pendingSentSeqs;

  // Contiguous entries that arrived while the entry at sentTo + 1 waits for its `sent` frame.
  private List<Entry> heldEntries = List.of();

  /** Progress that starts with nothing outstanding: everything up to {@code position} was sent. */
  ConversationProgress(long position) {
    sentTo = position;
    acked = Math.max(position, 0);
    claimed = acked;
    head = position;
  }

  /**
   * Progress of a device that has a backlog: the entries after {@code acked} up to {@code head}.
   */
  static ConversationProgress withBacklog(long acked, long head) {
    ConversationProgress progress = new ConversationProgress(acked);
    progress.head = head;
    progress.backlogTo = head;
    return progress;
  }

  /**
   * Progress in a conversation that the user had left.
   *
   * @param again whether the user is known to be a member again
   */
  static ConversationProgress afterLeaving(long position, long earlierSentTo, boolean again) {
    ConversationProgress progress = new ConversationProgress(position);
    progress.userLeft = !again;
    progress.earlierSentTo = earlierSentTo;
    return progress;
  }

  /** Gives a position to a progress that has none: the user entity delivers what follows. */
  void startAfter(long before) {
    sentTo = Math.max(before, earlierSentTo);
    head = sentTo;
    acked = Math.max(acked, sentTo);
    claimed = Math.max(claimed, acked);
  }

  /**
   * Everything up to this seq was sent (as {@code message}, {@code sent} or {@code gap}) or was
   * acknowledged; {@link #UNKNOWN} if there is no position yet.
   */
  long sentTo() {
    return sentTo;
  }

  /** Everything up to this seq counts as acknowledged. */
  long acked() {
    return acked;
  }

  /** The newest seq that the user entity has reported. */
  long head() {
    return head;
  }

  /** Number of entries that the user entity has reported and that were not sent. */
  long unsent() {
    return head - sentTo;
  }

  /**
   * The seq above which the client knows entries only by the head that the user entity reported:
   * pages may contain entries of pending writes there.
   */
  long undeliveredAbove() {
    return Math.max(undeliveredAbove, sentTo);
  }

  /** The user entity has delivered entries up to this seq. */
  void recordDelivered(long lastSeq) {
    // A restarted user entity may deliver entries again; those are from before the user left.
    userLeft &= lastSeq <= head;
    raiseHead(lastSeq);
  }

  /** After an attach the user entity reports this head. What is new below it was not delivered. */
  void recordReportedHead(long reported) {
    userLeft &= reported <= head;
    if (reported > head) {
      undeliveredAbove = Math.min(undeliveredAbove, head);
    }
    raiseHead(reported);
  }

  /** There are entries up to this seq. */
  void raiseHead(long seq) {
    head = Math.max(head, seq);
  }

  /** The user has left. The seqs of a later membership need not continue those of this one. */
  void recordLeft() {
    userLeft = true;
  }

  boolean userLeft() {
    return userLeft;
  }

  /** Records what the client claims to have. Returns whether it is more than it claimed before. */
  boolean recordClaim(long seq) {
    long claim = Math.min(seq, highestKnownSeq());
    if (claim <= claimed) {
      return false;
    }
    claimed = claim;
    return true;
  }

  /** Whether entries are left out because the client does not read; they may become a gap. */
  boolean isSkipping() {
    return skipping;
  }

  void skip(boolean now) {
    skipping = now;
  }

  boolean isInBacklog(long seq) {
    return seq <= backlogTo;
  }

  /** Whether there was a backlog and it has been sent by now. Answers true once. */
  boolean completeBacklog() {
    if (backlogTo == 0 || sentTo < backlogTo) {
      return false;
    }
    backlogTo = 0;
    return true;
  }

  void recordFailedPage() {
    failedPages = Math.min(failedPages + 1, MAX_COUNTED_FAILURES);
  }

  /** Returns how many pages in a row were empty. */
  int recordEmptyPage() {
    return ++emptyPages;
  }

  /** Number of pages in a row that brought nothing. */
  int fruitlessPages() {
    return failedPages + emptyPages;
  }

  void clearFruitlessPages() {
    failedPages = 0;
    emptyPages = 0;
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

  /** Records that a {@code sent} frame, not a message, shows this entry to the client. */
  void recordPassed(long seq) {
    sentTo = seq;
  }

  /** Passes the next entries, up to {@code to}, that a {@code sent} frame has announced. */
  void passAnnounced(long to) {
    while (hasPosition() && sentTo < to && isAnnounced(sentTo + 1)) {
      sentTo++;
    }
  }

  /** Records that a gap announces all unsent entries up to {@code to}. */
  void recordGap(long to) {
    limitClaim(sentTo + 1);
    sentTo = to;
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
