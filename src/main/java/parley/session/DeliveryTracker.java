package parley.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.Limits;
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
 * beyond the bound {@link #HELD} are dropped, and their conversation lags.
 *
 * <p>No actors and no clock: the tracker acts only through {@link Port}.
 */
final class DeliveryTracker {
  /** Most page requests that a connection may have in flight. */
  static final int PAGES = 2;

  /** Empty pages in a row after which the missing entries are announced as a gap. */
  static final int MAX_EMPTY_PAGES = 4;

  /**
   * Most entries that a connection holds while they wait for a {@code sent} frame. With the largest
   * content they take a megabyte, as much as the connection's outbound buffer.
   */
  static final int HELD = 64;

  /** Most conversations without outstanding entries for which the last sent seq is remembered. */
  static final int ENDED = 1_000;

  private static final int MAX_WAIT_TICKS = 32;

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
  private final Map<ConversationId, ConversationProgress> progressById = new LinkedHashMap<>();

  // Conversations without outstanding entries. Everything up to the stored seq was sent and
  // acknowledged, but a user entity that has restarted since may have lost the acknowledgement.
  // Beyond the bound the oldest one is removed, and the flag below is set.
  private final Map<ConversationId, SentPosition> completed = new LinkedHashMap<>(4);
  private boolean completedDropped;

  // Lagging conversations, in the order in which their pages are requested. Page requests in
  // flight. Conversations whose last page failed or was empty, with the number of timer ticks
  // before the next request. Acknowledgements for the user entity.
  private final Set<ConversationId> laggingIds = new LinkedHashSet<>();
  private final Map<ConversationId, PageRequest> pageRequests = new HashMap<>(4);
  private final Map<ConversationId, Integer> ticksToWait = new HashMap<>(4);
  private final Map<ConversationId, User.Ack> acks = new LinkedHashMap<>(4);

  // Largest page to request. It follows the number of entries that the last pages could send,
  // because reading entries only to drop them wastes work.
  private int pageSize = Limits.PAGE;

  private int unacked;
  private int coveredTotal;
  private int heldTotal;
  private int reservedRoom;
  private int openBacklogs;
  private long backlogSent;

  private record PageRequest(long after, int limit) {}

  /**
   * What is remembered of a conversation without outstanding entries.
   *
   * @param left whether the user has left the conversation; the seqs of a later membership need not
   *     continue {@code sentTo}
   */
  private record SentPosition(long sentTo, boolean left) {}

  DeliveryTracker(Port port) {
    this.port = port;
  }

  /**
   * The session is attached. Starts to send the backlog: these conversations lag, the oldest first.
   */
  void attached(List<User.Lag> lags) {
    for (User.Lag lag : lags) {
      if (lag.head() > lag.acked() && !progressById.containsKey(lag.conversationId())) {
        ConversationProgress conversationProgress = new ConversationProgress(lag.acked());
        conversationProgress.head = lag.head();
        conversationProgress.backlogTo = lag.head();
        progressById.put(lag.conversationId(), conversationProgress);
        laggingIds.add(lag.conversationId());
        openBacklogs++;
      }
    }
    boolean nothing = openBacklogs == 0;
    for (User.Lag lag : lags) {
      ConversationProgress conversationProgress = progressById.get(lag.conversationId());
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
  private boolean skipExpired(User.Lag lag, ConversationProgress conversationProgress) {
    if (!conversationProgress.hasPosition() || lag.expired() <= conversationProgress.sentTo) {
      return false;
    }
    String reason = lag.expired() <= lag.forgotten() ? "forgotten" : "expired";
    announceGap(
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
  boolean resumed(List<User.Lag> lags) {
    for (User.Lag lag : lags) {
      ConversationId id = lag.conversationId();
      if (completedDropped && !isTracked(id) && !completed.containsKey(id)) {
        return false;
      }
      ConversationProgress conversationProgress = progressOf(id, lag.acked());
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
    completed.computeIfPresent(
        id, (k, sentPosition) -> new SentPosition(sentPosition.sentTo(), true));
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
    if (conversationProgress != null) {
      conversationProgress.userLeft = true;
    }
  }

  /** The user entity delivers new entries: contiguous, ascending. */
  void entries(ConversationId id, List<Entry> entries) {
    if (entries.isEmpty()) {
      return;
    }
    ConversationProgress conversationProgress = progressOf(id, entries.getFirst().seq() - 1);
    // A restarted user entity may deliver entries again; those are from before the user left.
    conversationProgress.userLeft &= entries.getLast().seq() <= conversationProgress.head;
    if (entries.getFirst().seq() <= conversationProgress.acked
        && entries.getFirst().seq() <= conversationProgress.sentTo) {
      // The user entity delivers an acknowledged entry only if it has lost the acknowledgement.
      acks.put(id, new User.Ack(id, conversationProgress.acked, conversationProgress.acked));
    }
    final long before = conversationProgress.head;
    markOwnPending(id, conversationProgress, entries, before, Long.MAX_VALUE);
    boolean next =
        conversationProgress.heldTo() == before && entries.getFirst().seq() <= before + 1;
    conversationProgress.head = Math.max(before, entries.getLast().seq());
    if (next) {
      if (!conversationProgress.waitsForSent()) {
        send(id, conversationProgress, entries, true);
      }
      hold(conversationProgress, entries);
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
        progressById.computeIfAbsent(id, k -> start(k, ConversationProgress.UNKNOWN));
    if (seq > conversationProgress.sentTo && conversationProgress.addCovered(seq)) {
      conversationProgress.limitClaim(seq);
      coveredTotal++;
    }
    update(id, conversationProgress);
  }

  /**
   * A {@code sent} frame went out for an entry that had arrived before it. Later entries may now be
   * sent.
   */
  void sentAfterEntry(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
    if (conversationProgress != null && conversationProgress.completePendingSent(seq)) {
      conversationProgress.limitClaim(seq);
      while (conversationProgress.hasPosition()
          && conversationProgress.sentTo < conversationProgress.head
          && conversationProgress.isAnnounced(conversationProgress.sentTo + 1)) {
        conversationProgress.sentTo++;
      }
      sendHeld(id, conversationProgress);
      update(id, conversationProgress);
      requestPages();
    }
  }

  /**
   * No {@code sent} frame will announce this entry after all: it is sent as an ordinary message.
   */
  void sentCancelled(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
    if (conversationProgress != null && conversationProgress.cancelPendingSent(seq)) {
      coveredTotal--;
      sendHeld(id, conversationProgress);
      update(id, conversationProgress);
      requestPages();
    }
  }

  /** The conversation's answer to {@link Port#requestPage}: a page of entries, ascending. */
  void page(ConversationId id, List<Entry> entries) {
    @Nullable PageRequest pageRequest = takePageRequest(id);
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
    if (pageRequest == null || conversationProgress == null || !conversationProgress.isLagging()) {
      requestPages();
      return;
    }
    long before = conversationProgress.sentTo;
    markOwnPending(
        id,
        conversationProgress,
        entries,
        Math.max(conversationProgress.undeliveredAbove, conversationProgress.sentTo),
        conversationProgress.head);
    boolean blocked = send(id, conversationProgress, entries, false);
    hold(conversationProgress, entries);
    int sent = (int) (conversationProgress.sentTo - before);
    if (!blocked) {
      pageSize = Math.min(Limits.PAGE, pageSize * 2);
    } else if (!conversationProgress.waitsForSent()) {
      pageSize = Math.max(1, Math.min(pageSize, sent));
    }
    if (sent > 0) {
      conversationProgress.failedPages = 0;
      conversationProgress.emptyPages = 0;
    } else if (!blocked && pageRequest.after() == before) {
      // The user entity reports only persisted entries, but a store may show them late: an empty
      // page is requested again.
      if (++conversationProgress.emptyPages >= MAX_EMPTY_PAGES) {
        announceGap(id, conversationProgress, conversationProgress.head, "missing");
      } else {
        waitBeforeRetry(id, conversationProgress);
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
    takePageRequest(id);
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
    if (conversationProgress != null && conversationProgress.isLagging()) {
      conversationProgress.failedPages = Math.min(conversationProgress.failedPages + 1, 16);
      waitBeforeRetry(id, conversationProgress);
    }
    requestPages();
  }

  /** The conversation refuses to show this user its entries: the rest becomes a gap. */
  void pageRefused(ConversationId id) {
    takePageRequest(id);
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
    if (conversationProgress != null && conversationProgress.isLagging()) {
      announceGap(id, conversationProgress, conversationProgress.head, "not_found");
      update(id, conversationProgress);
    }
    requestPages();
  }

  /**
   * The user entity reports that the entries {@code from} to {@code to} are no longer available.
   */
  void gapSeen(ConversationId id, long from, long to, String reason) {
    ConversationProgress conversationProgress = progressOf(id, from - 1);
    boolean next =
        conversationProgress.sentTo == conversationProgress.head
            && from <= conversationProgress.sentTo + 1;
    conversationProgress.head = Math.max(conversationProgress.head, to);
    // If earlier entries are still unsent, replay announces this gap when it gets there, so that
    // order holds.
    if (next && to > conversationProgress.sentTo) {
      announceGap(id, conversationProgress, to, reason);
    }
    update(id, conversationProgress);
    requestPages();
  }

  /**
   * The client has everything up to {@code seq}. A conversation without outstanding entries is
   * ignored.
   */
  void ack(ConversationId id, long seq) {
    @Nullable ConversationProgress conversationProgress = progressById.get(id);
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
    if (windowRoom() >= Limits.WINDOW / 4) {
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
    for (ConversationId id : new ArrayList<>(laggingIds)) {
      ConversationProgress conversationProgress = progressById.get(id);
      if (conversationProgress != null && conversationProgress.skipping) {
        conversationProgress.skipping = false;
        if (announce) {
          announceGap(id, conversationProgress, conversationProgress.head, "slow");
          update(id, conversationProgress);
        }
      }
    }
    requestPages();
  }

  /** One timer tick has passed. Conversations whose wait is over are requested again. */
  void waitTick() {
    ticksToWait.replaceAll((id, left) -> left - 1);
    ticksToWait.values().removeIf(left -> left <= 0);
    requestPages();
  }

  /** Whether a conversation waits for {@link #waitTick}. */
  boolean hasWaiting() {
    return !ticksToWait.isEmpty();
  }

  /**
   * Number of entries that a {@code sent} frame has announced or will announce, and that delivery
   * has not passed yet.
   */
  int coveredCount() {
    return coveredTotal;
  }

  /** Number of entries held until a {@code sent} frame goes out. */
  int heldCount() {
    return heldTotal;
  }

  /** Number of messages sent and not acknowledged. */
  int unackedCount() {
    return unacked;
  }

  /**
   * Whether the tracker has outstanding entries of this conversation and knows how far it was sent.
   */
  boolean isTracked(ConversationId id) {
    ConversationProgress conversationProgress = progressById.get(id);
    return conversationProgress != null && conversationProgress.hasPosition();
  }

  /** Number of conversations with outstanding entries. */
  int trackCount() {
    return progressById.size();
  }

  /**
   * Requests pages of lagging conversations, as far as the window, the socket and the pages in
   * flight allow.
   */
  void requestPages() {
    if (laggingIds.isEmpty()
        || pageRequests.size() >= PAGES
        || windowRoom() <= reservedRoom
        || !port.canReplay()) {
      return;
    }
    for (ConversationId id : laggingIds) {
      int room = windowRoom() - reservedRoom;
      if (pageRequests.size() >= PAGES || room <= 0) {
        return;
      }
      ConversationProgress conversationProgress = progressById.get(id);
      if (conversationProgress == null
          || conversationProgress.skipping
          || conversationProgress.waitsForSent()) {
        continue;
      }
      if (pageRequests.containsKey(id) || ticksToWait.containsKey(id)) {
        continue;
      }
      int limit =
          (int)
              Math.min(
                  Math.min(pageSize, room),
                  conversationProgress.head - conversationProgress.sentTo);
      reservedRoom += limit;
      pageRequests.put(id, new PageRequest(conversationProgress.sentTo, limit));
      port.requestPage(id, conversationProgress.sentTo, limit);
    }
  }

  private int windowRoom() {
    return Limits.WINDOW - unacked;
  }

  private @Nullable PageRequest takePageRequest(ConversationId id) {
    @Nullable PageRequest pageRequest = pageRequests.remove(id);
    reservedRoom -= pageRequest == null ? 0 : pageRequest.limit();
    return pageRequest;
  }

  private ConversationProgress start(ConversationId id, long before) {
    SentPosition sentPosition = completed.remove(id);
    if (sentPosition == null) {
      return new ConversationProgress(before);
    }
    if (!sentPosition.left()) {
      return new ConversationProgress(sentPosition.sentTo());
    }
    // If the entries are above the old end, the user was added again: start there. Otherwise they
    // are repeats, and the old end holds.
    boolean again = before > sentPosition.sentTo();
    ConversationProgress conversationProgress =
        new ConversationProgress(
            again || before == ConversationProgress.UNKNOWN ? before : sentPosition.sentTo());
    conversationProgress.userLeft = !again;
    conversationProgress.earlierSentTo = sentPosition.sentTo();
    return conversationProgress;
  }

  private void end(ConversationId id, ConversationProgress conversationProgress) {
    progressById.remove(id);
    completed.put(id, new SentPosition(conversationProgress.sentTo, conversationProgress.userLeft));
    if (completed.size() > ENDED) {
      completed.remove(completed.keySet().iterator().next());
      completedDropped = true;
    }
  }

  // Finds or starts the progress of a conversation. A new one does not lag: it starts just before
  // what the user entity delivers now.
  private ConversationProgress progressOf(ConversationId id, long before) {
    ConversationProgress conversationProgress =
        progressById.computeIfAbsent(id, k -> start(k, before));
    if (!conversationProgress.hasPosition()) {
      conversationProgress.sentTo = Math.max(before, conversationProgress.earlierSentTo);
      conversationProgress.head = conversationProgress.sentTo;
      conversationProgress.acked =
          Math.max(conversationProgress.acked, conversationProgress.sentTo);
      conversationProgress.claimed =
          Math.max(conversationProgress.claimed, conversationProgress.acked);
    }
    return conversationProgress;
  }

  // Sends the entries that follow the last sent one. Returns whether it stopped before the end.
  private boolean send(
      ConversationId id,
      ConversationProgress conversationProgress,
      List<Entry> entries,
      boolean live) {
    for (Entry entry : entries) {
      long seq = entry.seq();
      if (seq <= conversationProgress.sentTo) {
        continue;
      }
      if (seq > conversationProgress.head) {
        return false;
      }
      if (live ? port.isOverfull() : !port.canReplay()) {
        return true;
      }
      if (seq > conversationProgress.sentTo + 1) {
        announceGap(id, conversationProgress, seq - 1, "missing");
      }
      if (conversationProgress.isPendingSent(seq)) {
        return true;
      } else if (conversationProgress.isCovered(seq)) {
        conversationProgress.sentTo = seq;
      } else if (windowRoom() <= 0) {
        return true;
      } else {
        port.message(id, entry, live);
        unacked += conversationProgress.recordSent(seq);
        if (seq <= conversationProgress.backlogTo) {
          backlogSent++;
        }
      }
    }
    return false;
  }

  // Marks the entries of pending writes of this connection: a sent frame will announce them.
  private void markOwnPending(
      ConversationId id,
      ConversationProgress conversationProgress,
      List<Entry> entries,
      long after,
      long to) {
    for (Entry entry : entries) {
      long seq = entry.seq();
      if (seq > after
          && seq <= to
          && port.belongsToPendingPost(id, entry)
          && conversationProgress.addCovered(seq)) {
        conversationProgress.addPendingSent(seq);
        coveredTotal++;
      }
    }
  }

  private void hold(ConversationProgress conversationProgress, List<Entry> entries) {
    if (conversationProgress.waitsForSent()) {
      heldTotal += conversationProgress.hold(entries, HELD - heldTotal);
    }
  }

  private List<Entry> takeHeld(ConversationProgress conversationProgress) {
    List<Entry> taken = conversationProgress.takeHeld();
    heldTotal -= taken.size();
    return taken;
  }

  private void sendHeld(ConversationId id, ConversationProgress conversationProgress) {
    List<Entry> waiting = takeHeld(conversationProgress);
    send(id, conversationProgress, waiting, true);
    hold(conversationProgress, waiting);
  }

  private void announceGap(
      ConversationId id, ConversationProgress conversationProgress, long to, String reason) {
    while (conversationProgress.sentTo < to
        && conversationProgress.isAnnounced(conversationProgress.sentTo + 1)) {
      conversationProgress.sentTo++;
    }
    if (conversationProgress.sentTo < to) {
      port.gap(id, conversationProgress.sentTo + 1, to, reason);
      conversationProgress.limitClaim(conversationProgress.sentTo + 1);
      conversationProgress.sentTo = to;
    }
  }

  private void waitBeforeRetry(ConversationId id, ConversationProgress conversationProgress) {
    int tries = conversationProgress.failedPages + conversationProgress.emptyPages;
    ticksToWait.put(id, Math.min(MAX_WAIT_TICKS, 1 << Math.min(tries - 1, 5)));
  }

  // Called after every change of a conversation's progress. Updates acknowledgements, window, lag
  // and backlog.
  private void update(ConversationId id, ConversationProgress conversationProgress) {
    long earned = conversationProgress.acknowledgeableSeq();
    if (earned > conversationProgress.acked) {
      unacked -= conversationProgress.recordAck(earned);
      acks.put(id, new User.Ack(id, earned, earned));
    }
    coveredTotal -= conversationProgress.dropPassed();
    if (!conversationProgress.waitsForSent()) {
      takeHeld(conversationProgress);
    }
    if (conversationProgress.isLagging()) {
      laggingIds.add(id);
    } else {
      laggingIds.remove(id);
      ticksToWait.remove(id);
      conversationProgress.skipping = false;
      conversationProgress.failedPages = 0;
      conversationProgress.emptyPages = 0;
    }
    if (conversationProgress.nothingOutstanding()) {
      end(id, conversationProgress);
    }
    if (conversationProgress.backlogTo > 0
        && conversationProgress.sentTo >= conversationProgress.backlogTo) {
      conversationProgress.backlogTo = 0;
      if (--openBacklogs == 0) {
        port.synced(backlogSent);
      }
    }
  }
}
