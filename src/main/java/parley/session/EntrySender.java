package parley.session;

import java.util.List;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.Limits;

/**
 * Sends the entries of all conversations of one connection: each conversation in ascending order of
 * seq, at most {@link Limits#WINDOW} messages unacknowledged, and no message before a {@code sent}
 * frame that it must not overtake. It counts what the window, the held entries and the covered
 * entries take.
 */
final class EntrySender {
  /**
   * Most entries that a connection holds while they wait for a {@code sent} frame. With the largest
   * content they take a megabyte, as much as the connection's outbound buffer.
   */
  static final int MAX_HELD = 64;

  private final DeliveryTracker.Port port;

  private int unacked;
  private int coveredTotal;
  private int heldTotal;
  private long backlogSent;

  EntrySender(DeliveryTracker.Port port) {
    this.port = port;
  }

  /** Number of messages sent and not acknowledged. */
  int unacked() {
    return unacked;
  }

  /** Number of messages that the window has room for. */
  int windowRoom() {
    return Limits.WINDOW - unacked;
  }

  /** Number of entries that a {@code sent} frame announces and that delivery has not passed yet. */
  int coveredTotal() {
    return coveredTotal;
  }

  /** Number of entries held until a {@code sent} frame goes out. */
  int heldTotal() {
    return heldTotal;
  }

  /** Number of messages of the backlog that were sent. */
  long backlogSent() {
    return backlogSent;
  }

  /** A {@code sent} frame goes out for an entry that the user entity has not delivered yet. */
  void cover(ConversationProgress progress, long seq) {
    if (seq > progress.sentTo() && progress.addCovered(seq)) {
      progress.limitClaim(seq);
      coveredTotal++;
    }
  }

  /** No {@code sent} frame will come for this entry. Returns whether one was pending. */
  boolean uncover(ConversationProgress progress, long seq) {
    if (!progress.cancelPendingSent(seq)) {
      return false;
    }
    coveredTotal--;
    return true;
  }

  /** The client has everything up to {@code seq}: these messages leave the window. */
  void acknowledge(ConversationProgress progress, long seq) {
    unacked -= progress.recordAck(seq);
  }

  /** Forgets covered entries that delivery has passed, and held entries that need not wait. */
  void dropPassed(ConversationProgress progress) {
    coveredTotal -= progress.dropPassed();
    if (!progress.waitsForSent()) {
      takeHeld(progress);
    }
  }

  /**
   * Sends the entries that follow the last sent one. Returns whether it stopped before the end.
   *
   * @param live whether the entries are new; otherwise they are a page of replay
   */
  boolean send(
      ConversationId id, ConversationProgress progress, List<Entry> entries, boolean live) {
    for (Entry entry : entries) {
      long seq = entry.seq();
      if (seq <= progress.sentTo()) {
        continue;
      }
      if (seq > progress.head()) {
        return false;
      }
      if (live ? port.isOverfull() : !port.canReplay()) {
        return true;
      }
      if (seq > progress.sentTo() + 1) {
        announceGap(id, progress, seq - 1, "missing");
      }
      if (progress.isPendingSent(seq)) {
        return true;
      } else if (progress.isCovered(seq)) {
        progress.recordPassed(seq);
      } else if (windowRoom() <= 0) {
        return true;
      } else {
        port.message(id, entry, live);
        unacked += progress.recordSent(seq);
        if (progress.isInBacklog(seq)) {
          backlogSent++;
        }
      }
    }
    return false;
  }

  /**
   * Marks the entries of pending writes of this connection: a {@code sent} frame will announce
   * them.
   *
   * @param after only entries above this seq are marked
   * @param to only entries up to this seq are marked
   */
  void markOwnPending(
      ConversationId id, ConversationProgress progress, List<Entry> entries, long after, long to) {
    for (Entry entry : entries) {
      long seq = entry.seq();
      if (seq > after
          && seq <= to
          && port.belongsToPendingPost(id, entry)
          && progress.addCovered(seq)) {
        progress.addPendingSent(seq);
        coveredTotal++;
      }
    }
  }

  /** Holds entries while the next one waits for its {@code sent} frame. */
  void hold(ConversationProgress progress, List<Entry> entries) {
    if (progress.waitsForSent()) {
      heldTotal += progress.hold(entries, MAX_HELD - heldTotal);
    }
  }

  private List<Entry> takeHeld(ConversationProgress progress) {
    List<Entry> taken = progress.takeHeld();
    heldTotal -= taken.size();
    return taken;
  }

  /** Sends the held entries as far as possible, and holds the rest if it must wait. */
  void sendHeld(ConversationId id, ConversationProgress progress) {
    List<Entry> waiting = takeHeld(progress);
    send(id, progress, waiting, true);
    hold(progress, waiting);
  }

  /** Announces that the unsent entries up to {@code to}, inclusive, are not sent. */
  void announceGap(ConversationId id, ConversationProgress progress, long to, String reason) {
    progress.passAnnounced(to);
    if (progress.sentTo() < to) {
      port.gap(id, progress.sentTo() + 1, to, reason);
      progress.recordGap(to);
    }
  }
}
