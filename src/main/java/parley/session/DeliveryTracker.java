package parley.session;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.Limits;
import parley.user.Delivery;
import parley.user.User;

/**
 * Delivery state of one connection: which entries the session has sent, and which the client has
 * acknowledged. It guarantees for each conversation that entries go out in ascending order of seq,
 * each once, and that every hole is announced. At most {@link Limits#WINDOW} sent messages are
 * unacknowledged at a time.
 *
 * <p>A new entry is sent at once if three conditions hold: the conversation does not lag, the
 * window has room, and the client reads. Otherwise the tracker drops the body and only advances the
 * conversation's head. A lagging conversation is stored as a range of seqs, not as bodies: a client
 * that is a million entries behind costs as much memory as a client that is one entry behind. When
 * there is room again, the tracker reads the range from the conversation in pages: one page at a
 * time for a conversation, two for the connection, and no more entries than the window takes.
 * (Rejected: keeping bodies up to some bound. It saves a read in a rare case, and every slow phone
 * then costs megabytes of heap.)
 *
 * <p>The connection that wrote an entry gets a {@code sent} frame for it instead of a {@code
 * message} frame. The conversation's answer to the write and the entry itself arrive by two paths,
 * in any order: see {@link #sentBeforeEntry} and {@link Port#belongsToPendingPost}. A {@code sent}
 * frame may overtake messages, but no message may overtake it: a client that has the later message
 * would acknowledge both. Entries that must wait for a {@code sent} frame are held with their
 * bodies. The wait is short, because the answer is on its way and no client can delay it. Entries
 * beyond the bound {@link EntrySender#MAX_HELD} are dropped, and their conversation lags.
 *
 * <p>The tracker says what an event means for a conversation. {@link TrackedConversations} keeps
 * the progress of each, {@link EntrySender} sends entries in order within the window, and {@link
 * ReplayPages} requests the pages of lagging conversations.
 *
 * <p>No actors and no clock: the tracker acts only through {@link Port}.
 */
final class DeliveryTracker {
  /** Empty pages in a row after which the missing entries are announced as a gap. */
  static final int MAX_EMPTY_PAGES = 4;

  /** Effects and queries of the tracker; the session implements them. */
  interface Port {
    /** Sends one entry to the client. */
    void message(ConversationId conversationId, Entry entry, boolean live);

    /**
     * Tells the client that the entries {@code from} to {@code to}, both inclusive, are not sent.
     */
    void gap(ConversationId conversationId, long from, long to, String reason);

    /** Tells the client that the backlog has been sent; it had this many messages. */
    void synced(long messages);

    /**
     * Requests a page from the conversation: at most {@code limit} entries with a seq above {@code
     * after}, ascending.
     */
    void requestPage(ConversationId conversationId, long after, int limit);

    /**
     * Whether the entry belongs to a pending write of this connection, so that a {@code sent} frame
     * will announce it.
     */
    boolean belongsToPendingPost(ConversationId conversationId, Entry entry);

    /** Whether the client reads fast enough to be sent replayed entries. */
    boolean canReplay();

    /** Whether the client does not read; then only indispensable frames are sent to it. */
    boolean isOverfull();
  }

  private final Port port;
  private final TrackedConversations tracked = new TrackedConversations();
  private final EntrySender sender;
  private final ReplayPages replayPages;

  // Acknowledgements for the user entity.
  private final Map<ConversationId, User.Ack> acks = new LinkedHashMap<>(4);
  private int openBacklogs;

  DeliveryTracker(Port port) {
    this.port = port;
    sender = new EntrySender(port);
    replayPages = new ReplayPages(port, tracked, sender);
  }

  /**
   * The session is attached. Starts to send the backlog: these conversations lag, the oldest first.
   */
  void attached(List<Delivery.Lag> lags) {
    for (Delivery.Lag lag : lags) {
      if (lag.head() > lag.acked() && !tracked.has(lag.conversationId())) {
        ConversationProgress conversationProgress = new ConversationProgress(lag.acked());
        conversationProgress.head = lag.head();
        conversationProgress.backlogTo = lag.head();
        tracked.add(lag.conversationId(), conversationProgress);
        replayPages.lags(lag.conversationId());
        openBacklogs++;
      }
    }
    boolean nothing = openBacklogs == 0;
    for (Delivery.Lag lag : lags) {
      ConversationProgress conversationProgress = tracked.get(lag.conversationId());
      if (conversationProgress != null && skipExpired(lag, conversationProgress)) {
        update(lag.conversationId(), conversationProgress);
      }
    }
    if (nothing) {
      port.synced(0);
    }
    requestPages();
  }

  /**
   * Skips entries that have waited longer than the backlog's lifetime: a gap announces them.
   * Returns whether there were any.
   */
  private boolean skipExpired(Delivery.Lag lag, ConversationProgress conversationProgress) {
    if (!conversationProgress.hasPosition() || lag.expired() <= conversationProgress.sentTo) {
      return false;
    }
    String reason = lag.expired() <= lag.forgotten() ? "forgotten" : "expired";
    sender.announceGap(
        lag.conversationId(),
        conversationProgress,
        Math.min(lag.expired(), conversationProgress.head),
        reason);
    return true;
  }

  /**
   * The session is attached again, and the user entity reports how far this device is. The entity
   * may have restarted and lost acknowledgements, and entries may have been delivered while no
   * session listened.
   *
   * @return false if the tracker no longer remembers enough to find the missing entries; the
   *     connection must then end
   */
  boolean resumed(List<Delivery.Lag> lags) {
    for (Delivery.Lag lag : lags) {
      ConversationId id = lag.conversationId();
      if (tracked.mayBeForgotten(id)) {
        return false;
      }
      ConversationProgress conversationProgress = tracked.progressOf(id, lag.acked());
      conversationProgress.userLeft &= lag.head() <= conversationProgress.head;
      if (lag.head() > conversationProgress.head) {
        conversationProgress.undeliveredAbove =
            Math.min(conversationProgress.undeliveredAbove, conversationProgress.head);
      }
      conversationProgress.head = Math.max(conversationProgress.head, lag.head());
      if (conversationProgress.acked > lag.acked()) {
        acks.put(id, new User.Ack(id, conversationProgress.acked, conversationProgress.acked));
      }
      skipExpired(lag, conversationProgress);
      update(id, conversationProgress);
    }
    requestPages();
    return true;
  }

  /** The user has left this conversation. A later membership does not continue this one. */
  void userLeft(ConversationId id) {
    tracked.userLeft(id);
  }

  /** The user entity delivers new entries: contiguous, ascending. */
  void entries(ConversationId id, List<Entry> entries) {
    if (entries.isEmpty()) {
      return;
    }
    ConversationProgress conversationProgress =
        tracked.progressOf(id, entries.getFirst().seq() - 1);
    // A restarted user entity may deliver entries again; those are from before the user left.
    conversationProgress.userLeft &= entries.getLast().seq() <= conversationProgress.head;
    if (entries.getFirst().seq() <= conversationProgress.acked
        && entries.getFirst().seq() <= conversationProgress.sentTo) {
      // The user entity delivers an acknowledged entry only if it has lost the acknowledgement.
      acks.put(id, new User.Ack(id, conversationProgress.acked, conversationProgress.acked));
    }
    final long before = conversationProgress.head;
    sender.markOwnPending(id, conversationProgress, entries, before, Long.MAX_VALUE);
    boolean next =
        conversationProgress.heldTo() == before && entries.getFirst().seq() <= before + 1;
    conversationProgress.head = Math.max(before, entries.getLast().seq());
    if (next) {
      if (!conversationProgress.waitsForSent()) {
        sender.send(id, conversationProgress, entries, true);
      }
      sender.hold(conversationProgress, entries);
      // From here on entries are not sent because the client does not read: see drained().
      conversationProgress.skipping =
          conversationProgress.isLagging()
              && !conversationProgress.waitsForSent()
              && port.isOverfull();
    }
    update(id, conversationProgress);
    requestPages();
  }

  /**
   * A {@code sent} frame goes out for an entry that the user entity has not delivered yet. When the
   * entry arrives, it must not be sent again.
   */
  void sentBeforeEntry(ConversationId id, long seq) {
    ConversationProgress conversationProgress =
        tracked.startedProgressOf(id, ConversationProgress.UNKNOWN);
    sender.cover(conversationProgress, seq);
    update(id, conversationProgress);
  }

  /**
   * A {@code sent} frame went out for an entry that had arrived before it. Later entries may now be
   * sent.
   */
  void sentAfterEntry(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = tracked.get(id);
    if (conversationProgress != null && conversationProgress.completePendingSent(seq)) {
      conversationProgress.limitClaim(seq);
      while (conversationProgress.hasPosition()
          && conversationProgress.sentTo < conversationProgress.head
          && conversationProgress.isAnnounced(conversationProgress.sentTo + 1)) {
        conversationProgress.sentTo++;
      }
      sender.sendHeld(id, conversationProgress);
      update(id, conversationProgress);
      requestPages();
    }
  }

  /**
   * No {@code sent} frame will announce this entry after all: it is sent as an ordinary message.
   */
  void sentCancelled(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = tracked.get(id);
    if (conversationProgress != null && sender.uncover(conversationProgress, seq)) {
      sender.sendHeld(id, conversationProgress);
      update(id, conversationProgress);
      requestPages();
    }
  }

  /** The conversation's answer to {@link Port#requestPage}: a page of entries, ascending. */
  void page(ConversationId id, List<Entry> entries) {
    ReplayPages.@Nullable PageRequest pageRequest = replayPages.take(id);
    @Nullable ConversationProgress conversationProgress = tracked.get(id);
    if (pageRequest == null || conversationProgress == null || !conversationProgress.isLagging()) {
      requestPages();
      return;
    }
    long before = conversationProgress.sentTo;
    sender.markOwnPending(
        id,
        conversationProgress,
        entries,
        Math.max(conversationProgress.undeliveredAbove, conversationProgress.sentTo),
        conversationProgress.head);
    boolean blocked = sender.send(id, conversationProgress, entries, false);
    sender.hold(conversationProgress, entries);
    int sent = (int) (conversationProgress.sentTo - before);
    if (!blocked) {
      replayPages.grow();
    } else if (!conversationProgress.waitsForSent()) {
      replayPages.shrinkTo(sent);
    }
    if (sent > 0) {
      conversationProgress.failedPages = 0;
      conversationProgress.emptyPages = 0;
    } else if (!blocked && pageRequest.after() == before) {
      // The user entity reports only persisted entries, but a store may show them late: an empty
      // page is requested again.
      if (++conversationProgress.emptyPages >= MAX_EMPTY_PAGES) {
        sender.announceGap(id, conversationProgress, conversationProgress.head, "missing");
      } else {
        replayPages.waitBeforeRetry(id, conversationProgress);
      }
    }
    update(id, conversationProgress);
    requestPages();
  }

  /**
   * The conversation did not answer {@link Port#requestPage}, or refused with a retryable error.
   * The page is requested again later.
   */
  void pageFailed(ConversationId id) {
    replayPages.take(id);
    @Nullable ConversationProgress conversationProgress = tracked.get(id);
    if (conversationProgress != null && conversationProgress.isLagging()) {
      conversationProgress.failedPages = Math.min(conversationProgress.failedPages + 1, 16);
      replayPages.waitBeforeRetry(id, conversationProgress);
    }
    requestPages();
  }

  /** The conversation refuses to show this user its entries: the rest becomes a gap. */
  void pageRefused(ConversationId id) {
    replayPages.take(id);
    @Nullable ConversationProgress conversationProgress = tracked.get(id);
    if (conversationProgress != null && conversationProgress.isLagging()) {
      sender.announceGap(id, conversationProgress, conversationProgress.head, "not_found");
      update(id, conversationProgress);
    }
    requestPages();
  }

  /**
   * The user entity reports that the entries {@code from} to {@code to} are no longer available.
   */
  void gapSeen(ConversationId id, long from, long to, String reason) {
    ConversationProgress conversationProgress = tracked.progressOf(id, from - 1);
    boolean next =
        conversationProgress.sentTo == conversationProgress.head
            && from <= conversationProgress.sentTo + 1;
    conversationProgress.head = Math.max(conversationProgress.head, to);
    // If earlier entries are still unsent, replay announces this gap when it gets there, so that
    // order holds.
    if (next && to > conversationProgress.sentTo) {
      sender.announceGap(id, conversationProgress, to, reason);
    }
    update(id, conversationProgress);
    requestPages();
  }

  /**
   * The client has everything up to {@code seq}. A conversation without outstanding entries is
   * ignored.
   */
  void ack(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = tracked.get(id);
    if (conversationProgress == null) {
      return;
    }
    long claim = Math.min(seq, conversationProgress.highestKnownSeq());
    if (claim <= conversationProgress.claimed) {
      return;
    }
    conversationProgress.claimed = claim;
    update(id, conversationProgress);
    // Many clients acknowledge each message. Wait for a quarter of the window, so that one page
    // serves many acknowledgements.
    if (sender.windowRoom() >= Limits.WINDOW / 4) {
      requestPages();
    }
  }

  /** Number of conversations acknowledged since the last {@link #takeAcks}. */
  int ackCount() {
    return acks.size();
  }

  /**
   * Removes and returns the acknowledgements since the last call. The caller calls {@link
   * #requestPages} next.
   */
  List<User.Ack> takeAcks() {
    List<User.Ack> taken = List.copyOf(acks.values());
    acks.clear();
    return taken;
  }

  /**
   * The client reads again.
   *
   * @param announce whether it was slow for so long that the skipped entries are announced as a
   *     gap, not sent
   */
  void drained(boolean announce) {
    for (ConversationId id : replayPages.lagging()) {
      ConversationProgress conversationProgress = tracked.get(id);
      if (conversationProgress != null && conversationProgress.skipping) {
        conversationProgress.skipping = false;
        if (announce) {
          sender.announceGap(id, conversationProgress, conversationProgress.head, "slow");
          update(id, conversationProgress);
        }
      }
    }
    requestPages();
  }

  /** One timer tick has passed. Conversations whose wait is over are requested again. */
  void waitTick() {
    replayPages.waitTick();
    requestPages();
  }

  /** Whether a conversation waits for {@link #waitTick}. */
  boolean hasWaiting() {
    return replayPages.hasWaiting();
  }

  /**
   * Number of entries that a {@code sent} frame has announced or will announce, and that delivery
   * has not passed yet.
   */
  int coveredCount() {
    return sender.coveredTotal();
  }

  /** Number of entries held until a {@code sent} frame goes out. */
  int heldCount() {
    return sender.heldTotal();
  }

  /** Number of messages sent and not acknowledged. */
  int unackedCount() {
    return sender.unacked();
  }

  /**
   * Whether the tracker has outstanding entries of this conversation and knows how far it was sent.
   */
  boolean isTracked(ConversationId id) {
    return tracked.hasPosition(id);
  }

  /** Number of conversations with outstanding entries. */
  int trackCount() {
    return tracked.size();
  }

  /**
   * Requests pages of lagging conversations, as far as the window, the socket and the pages in
   * flight allow.
   */
  void requestPages() {
    replayPages.request();
  }

  // Called after every change of a conversation's progress. Updates acknowledgements, window, lag
  // and backlog.
  private void update(ConversationId id, ConversationProgress conversationProgress) {
    long earned = conversationProgress.acknowledgeableSeq();
    if (earned > conversationProgress.acked) {
      sender.acknowledge(conversationProgress, earned);
      acks.put(id, new User.Ack(id, earned, earned));
    }
    sender.dropPassed(conversationProgress);
    if (conversationProgress.isLagging()) {
      replayPages.lags(id);
    } else {
      replayPages.lagsNoMore(id);
      conversationProgress.skipping = false;
      conversationProgress.failedPages = 0;
      conversationProgress.emptyPages = 0;
    }
    if (conversationProgress.nothingOutstanding()) {
      tracked.end(id, conversationProgress);
    }
    if (conversationProgress.backlogTo > 0
        && conversationProgress.sentTo >= conversationProgress.backlogTo) {
      conversationProgress.backlogTo = 0;
      if (--openBacklogs == 0) {
        port.synced(sender.backlogSent());
      }
    }
  }
}
