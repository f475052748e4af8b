package parley.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;

/**
 * Where a connection stands in one conversation. Lives only while something is not acknowledged,
 * not sent, or answered before it was told.
 */
final class ConversationProgress {
  /** Nothing was told here yet: a {@code sent} came before the entry it is about. */
  static final long UNKNOWN = -1;

  /** Everything up to this was sent as message, sent or gap, or was acknowledged. */
  long sentTo;

  /** What the client acknowledged of that. */
  long acked;

  /** What the client said it has. Above {@link #acked} where a `sent` came before its entry. */
  long claimed;

  /** The newest seq the user entity has told. */
  long head;

  /** The backlog ends here; 0 where there is none, or it has been sent. */
  long backlogTo;

  /** What was sent when the user was a member before; nothing up to here is sent again. */
  long floor;

  /** Pages in a row that did not come. */
  int failures;

  /** Pages in a row that brought nothing. */
  int empties;

  /** The user has left; what comes after that follows what was before only by number. */
  boolean left;

  /** Entries were not sent because the client did not read; they become a gap. */
  boolean skipping;

  /** Above this, and up to {@link #head}, are entries that were never told here. */
  long untold = Long.MAX_VALUE;

  // Messages sent and not acknowledged, as runs of seqs: {from, to}. Bounded by the window.
  private final ArrayDeque<long[]> runs = new ArrayDeque<>(2);

  // Seqs above sentTo that a `sent` has told or will tell.
  private @Nullable TreeSet<Long> covered;

  // Those of them that it will tell: nothing that follows them goes out before that.
  private @Nullable TreeSet<Long> promised;

  // Entries without a hole that came while the one at sentTo + 1 was promised.
  private List<Entry> held = List.of();

  ConversationProgress(long told) {
    sentTo = told;
    acked = Math.max(told, 0);
    claimed = acked;
    head = told;
  }

  /**
   * What is acknowledged if the claim is taken for what has been sent and no more. A client that
   * claims what it was not sent may have misread a {@code sent} that overtook messages: nobody
   * loses anything by sending those, and somebody might by not sending them.
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

  /** Up to seq it is only now told: no earlier claim was about that. */
  void disclaim(long seq) {
    claimed = Math.max(acked, Math.min(claimed, seq - 1));
  }

  boolean known() {
    return sentTo != UNKNOWN;
  }

  boolean lagging() {
    return known() && sentTo < head;
  }

  /** Whether there is nothing left to remember. */
  boolean done() {
    return known() && sentTo >= head && acked >= sentTo && covered == null;
  }

  /** The highest seq that is known to exist. */
  long proven() {
    return covered == null ? head : Math.max(head, covered.last());
  }

  /** A message went out. Answers by how much the window has filled. */
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

  /** The client has everything up to here. Answers by how much the window has emptied. */
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

  /** A {@code sent} tells this seq. Answers whether it was not known yet. */
  boolean cover(long seq) {
    if (covered == null) {
      covered = new TreeSet<>();
    }
    return covered.add(seq);
  }

  boolean covers(long seq) {
    return covered != null && covered.contains(seq);
  }

  /** A {@code sent} will tell this seq, whose entry has come before it. */
  void promise(long seq) {
    if (promised == null) {
      promised = new TreeSet<>();
    }
    promised.add(seq);
  }

  /** It has. Answers whether that was waited for. */
  boolean kept(long seq) {
    return promised != null && promised.remove(seq);
  }

  /** It will not, so the entry is as any other. Answers whether it was waited for. */
  boolean broken(long seq) {
    return kept(seq) && covered != null && covered.remove(seq);
  }

  boolean promises(long seq) {
    return promised != null && promised.contains(seq);
  }

  /** Whether a {@code sent} has told this seq. */
  boolean tells(long seq) {
    return covers(seq) && !promises(seq);
  }

  /** Whether what follows waits for a {@code sent}. */
  boolean waits() {
    return promises(sentTo + 1);
  }

  /** The highest seq that was sent or is held. */
  long heldTo() {
    return held.isEmpty() ? sentTo : held.getLast().seq();
  }

  /** Holds those that follow what is held. Answers how many: at most {@code room}. */
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

  /** What is held, which it then is no more. */
  List<Entry> takeHeld() {
    List<Entry> taken = held;
    held = List.of();
    return taken;
  }

  /** Forgets what {@link #sentTo} has passed. Answers how many those were. */
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
