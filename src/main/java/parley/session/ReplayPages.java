package parley.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Limits;

/**
 * Decides which pages of lagging conversations to request, and when: one page at a time for a
 * conversation, {@link #MAX_PAGES} for the connection, and no more entries than the window takes. A
 * conversation whose last page failed or was empty waits for at most {@link #MAX_WAIT_TICKS} ticks
 * of a timer.
 */
final class ReplayPages {
  /** Most page requests that a connection may have in flight. */
  static final int MAX_PAGES = 2;

  private static final int MAX_WAIT_TICKS = 32;

  /** A page request in flight. */
  record PageRequest(long after, int limit) {}

  private final DeliveryTracker.Port port;
  private final TrackedConversations tracked;
  private final EntrySender sender;

  // Lagging conversations, in the order in which their pages are requested. Page requests in
  // flight. Conversations whose last page failed or was empty, with the number of timer ticks
  // before the next request.
  private final Set<ConversationId> laggingIds = new LinkedHashSet<>();
  private final Map<ConversationId, PageRequest> pageRequests = new HashMap<>(4);
  private final Map<ConversationId, Integer> ticksToWait = new HashMap<>(4);

  // Largest page to request. It follows the number of entries that the last pages could send,
  // because reading entries only to drop them wastes work.
  private int pageSize = Limits.PAGE;
  private int reservedRoom;

  ReplayPages(DeliveryTracker.Port port, TrackedConversations tracked, EntrySender sender) {
    this.port = port;
    this.tracked = tracked;
    this.sender = sender;
  }

  /** The conversation lags; it comes last unless it lagged before. */
  void lags(ConversationId id) {
    laggingIds.add(id);
  }

  /** The conversation does not lag. */
  void lagsNoMore(ConversationId id) {
    laggingIds.remove(id);
    ticksToWait.remove(id);
  }

  /** The lagging conversations now, in their order. */
  List<ConversationId> lagging() {
    return new ArrayList<>(laggingIds);
  }

  /** Requests pages, as far as the window, the socket and the pages in flight allow. */
  void request() {
    if (laggingIds.isEmpty()
        || pageRequests.size() >= MAX_PAGES
        || sender.windowRoom() <= reservedRoom
        || !port.canReplay()) {
      return;
    }
    for (ConversationId id : laggingIds) {
      int room = sender.windowRoom() - reservedRoom;
      if (pageRequests.size() >= MAX_PAGES || room <= 0) {
        return;
      }
      ConversationProgress progress = tracked.get(id);
      if (progress == null || progress.isSkipping() || progress.waitsForSent()) {
        continue;
      }
      if (pageRequests.containsKey(id) || ticksToWait.containsKey(id)) {
        continue;
      }
      int limit = (int) Math.min(Math.min(pageSize, room), progress.unsent());
      reservedRoom += limit;
      pageRequests.put(id, new PageRequest(progress.sentTo(), limit));
      port.requestPage(id, progress.sentTo(), limit);
    }
  }

  /** Removes and returns the page request of a conversation; null if there is none. */
  @Nullable PageRequest take(ConversationId id) {
    @Nullable PageRequest pageRequest = pageRequests.remove(id);
    reservedRoom -= pageRequest == null ? 0 : pageRequest.limit();
    return pageRequest;
  }

  /** A page was sent to its end: later pages may be larger. */
  void grow() {
    pageSize = Math.min(Limits.PAGE, pageSize * 2);
  }

  /** Only this many entries of a page could be sent: later pages are no larger. */
  void shrinkTo(int sent) {
    pageSize = Math.max(1, Math.min(pageSize, sent));
  }

  /** The last page failed or was empty: the conversation waits, longer each time. */
  void waitBeforeRetry(ConversationId id, ConversationProgress progress) {
    int tries = progress.fruitlessPages();
    ticksToWait.put(id, Math.min(MAX_WAIT_TICKS, 1 << Math.min(tries - 1, 5)));
  }

  /** One timer tick has passed. */
  void waitTick() {
    ticksToWait.replaceAll((id, left) -> left - 1);
    ticksToWait.values().removeIf(left -> left <= 0);
  }

  /** Whether a conversation waits for {@link #waitTick}. */
  boolean hasWaiting() {
    return !ticksToWait.isEmpty();
  }
}
