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
        tracked.add(
            lag.conversationId(), ConversationProgress.withBacklog(lag.acked(), lag.head()));
        replayPages.lags(lag.conversationId());
        openBacklogs++;
      }
    }
    boolean nothing = openBacklogs == 0;
    for (Delivery.Lag lag : lags) {
      ConversationProgress progress = tracked.get(lag.conversationId());
      if (progress != null && skipExpired(lag, progress)) {
        update(lag.conversationId(), progress);
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
  private boolean skipExpired(Delivery.Lag lag, ConversationProgress progress) {
    if (!progress.hasPosition() || lag.expired() <= progress.sentTo()) {
      return false;
    }
    String reason = lag.expired() <= lag.forgotten() ? "forgotten" : "expired";
    sender.announceGap(
        lag.conversationId(), progress, Math.min(lag.expired(), progress.head()), reason);
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
      ConversationProgress progress = tracked.progressOf(id, lag.acked());
      progress.recordReportedHead(lag.head());
      if (progress.acked() > lag.acked()) {
        acks.put(id, new User.Ack(id, progress.acked(), progress.acked()));
      }
      skipExpired(lag, progress);
      update(id, progress);
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
    ConversationProgress progress = tracked.progressOf(id, entries.getFirst().seq() - 1);
    if (entries.getFirst().seq() <= progress.acked()
        && entries.getFirst().seq() <= progress.sentTo()) {
      // The user entity delivers an acknowledged entry only if it has lost the acknowledgement.
      acks.put(id, new User.Ack(id, progress.acked(), progress.acked()));
    }
    final long before = progress.head();
    sender.markOwnPending(id, progress, entries, before, Long.MAX_VALUE);
    boolean next = progress.heldTo() == before && entries.getFirst().seq() <= before + 1;
    progress.recordDelivered(entries.getLast().seq());
    if (next) {
      if (!progress.waitsForSent()) {
        sender.send(id, progress, entries, true);
      }
      sender.hold(progress, entries);
      // From here on entries are not sent because the client does not read: see drained().
      progress.skip(progress.isLagging() && !progress.waitsForSent() && port.isOverfull());
    }
    update(id, progress);
    requestPages();
  }

  /**
   * A {@code sent} frame goes out for an entry that the user entity has not delivered yet. When the
   * entry arrives, it must not be sent again.
   */
  void sentBeforeEntry(ConversationId id, long seq) {
    ConversationProgress progress = tracked.startedProgressOf(id, ConversationProgress.UNKNOWN);
    sender.cover(progress, seq);
    update(id, progress);
  }

  /**
   * A {@code sent} frame went out for an entry that had arrived before it. Later entries may now be
   * sent.
   */
  void sentAfterEntry(ConversationId id, long seq) {
    @Nullable ConversationProgress progress = tracked.get(id);
    if (progress != null && progress.completePendingSent(seq)) {
      progress.limitClaim(seq);
      progress.passAnnounced(progress.head());
      sender.sendHeld(id, progress);
      update(id, progress);
      requestPages();
    }
  }

  /**
   * No {@code sent} frame will announce this entry after all: it is sent as an ordinary message.
   */
  void sentCancelled(ConversationId id, long seq) {
    @Nullable ConversationProgress progress = tracked.get(id);
    if (progress != null && sender.uncover(progress, seq)) {
      sender.sendHeld(id, progress);
      update(id, progress);
      requestPages();
    }
  }

  /** The conversation's answer to {@link Port#requestPage}: a page of entries, ascending. */
  void page(ConversationId id, List<Entry> entries) {
    ReplayPages.@Nullable PageRequest pageRequest = replayPages.take(id);
    @Nullable ConversationProgress progress = tracked.get(id);
    if (pageRequest == null || progress == null || !progress.isLagging()) {
      requestPages();
      return;
    }
    long before = progress.sentTo();
    sender.markOwnPending(id, progress, entries, progress.undeliveredAbove(), progress.head());
    boolean blocked = sender.send(id, progress, entries, false);
    sender.hold(progress, entries);
    int sent = (int) (progress.sentTo() - before);
    if (!blocked) {
      replayPages.grow();
    } else if (!progress.waitsForSent()) {
      replayPages.shrinkTo(sent);
    }
    if (sent > 0) {
      progress.clearFruitlessPages();
    } else if (!blocked && pageRequest.after() == before) {
      // The user entity reports only persisted entries, but a store may show them late: an empty
      // page is requested again.
      if (progress.recordEmptyPage() >= MAX_EMPTY_PAGES) {
        sender.announceGap(id, progress, progress.head(), "missing");
      } else {
        replayPages.waitBeforeRetry(id, progress);
      }
    }
    update(id, progress);
    requestPages();
  }

  /**
   * The conversation did not answer {@link Port#requestPage}, or refused with a retryable error.
   * The page is requested again later.
   */
  void pageFailed(ConversationId id) {
    replayPages.take(id);
    @Nullable ConversationProgress progress = tracked.get(id);
    if (progress != null && progress.isLagging()) {
      progress.recordFailedPage();
      replayPages.waitBeforeRetry(id, progress);
    }
    requestPages();
  }

  /** The conversation refuses to show this user its entries: the rest becomes a gap. */
  void pageRefused(ConversationId id) {
    replayPages.take(id);
    @Nullable ConversationProgress progress = tracked.get(id);
    if (progress != null && progress.isLagging()) {
      sender.announceGap(id, progress, progress.head(), "not_found");
      update(id, progress);
    }
    requestPages();
  }

  /**
   * The user entity reports that the entries {@code from} to {@code to} are no longer available.
   */
  void gapSeen(ConversationId id, long from, long to, String reason) {
    ConversationProgress progress = tracked.progressOf(id, from - 1);
    boolean next = progress.sentTo() == progress.head() && from <= progress.sentTo() + 1;
    progress.raiseHead(to);
    // If earlier entries are still unsent, replay announces this gap when it gets there, so that
    // order holds.
    if (next && to > progress.sentTo()) {
      sender.announceGap(id, progress, to, reason);
    }
    update(id, progress);
    requestPages();
  }

  /**
   * The client has everything up to {@code seq}. A conversation without outstanding entries is
   * ignored.
   */
  void ack(ConversationId id, long seq) {
    @Nullable ConversationProgress progress = tracked.get(id);
    if (progress == null) {
      return;
    }
    if (!progress.recordClaim(seq)) {
      return;
    }
    update(id, progress);
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
      ConversationProgress progress = tracked.get(id);
      if (progress != null && progress.isSkipping()) {
        progress.skip(false);
        if (announce) {
          sender.announceGap(id, progress, progress.head(), "slow");
          update(id, progress);
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
  private void update(ConversationId id, ConversationProgress progress) {
    long earned = progress.acknowledgeableSeq();
    if (earned > progress.acked()) {
      sender.acknowledge(progress, earned);
      acks.put(id, new User.Ack(id, earned, earned));
    }
    sender.dropPassed(progress);
    if (progress.isLagging()) {
      replayPages.lags(id);
    } else {
      replayPages.lagsNoMore(id);
      progress.skip(false);
      progress.clearFruitlessPages();
    }
    if (progress.nothingOutstanding()) {
      tracked.end(id, progress);
    }
    if (progress.completeBacklog() && --openBacklogs == 0) {
      port.synced(sender.backlogSent());
    }
  }
}
