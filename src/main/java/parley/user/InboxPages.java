package parley.user;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.InboxPage;
import parley.model.InboxRow;
import parley.model.Limits;
import parley.serial.Wire;

/**
 * Pages of the inbox. A cursor is a position in the order, after which the next page begins, and
 * not a row: it stays valid when rows move or disappear. A row that moves to the top while a client
 * reads pages is seen again rather than missed.
 */
final class InboxPages {
  /** Newest first, and by id for equal times. */
  static final Comparator<VisibleRow> ORDER =
      Comparator.comparingLong(VisibleRow::orderAt).reversed().thenComparing(VisibleRow::id);

  private InboxPages() {}

  /** A position in the order. */
  private record PagePosition(long orderAt, ConversationId id) {
    boolean before(VisibleRow visibleRow) {
      return visibleRow.orderAt() < orderAt
          || (visibleRow.orderAt() == orderAt && visibleRow.id().compareTo(id) > 0);
    }

    String text() {
      byte[] bytes = (orderAt + ":" + id).getBytes(StandardCharsets.US_ASCII);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static PagePosition parse(String text) {
      if (text.length() > 200) {
        throw new IllegalArgumentException("too long");
      }
      String place = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.US_ASCII);
      int colon = place.indexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException("no place");
      }
      return new PagePosition(
          Long.parseLong(place, 0, colon, 10), new ConversationId(place.substring(colon + 1)));
    }
  }

  /** How many of the first rows fit into one message between nodes; at least one. */
  private static int countFitting(List<VisibleRow> page, int most) {
    int bytes = 0;
    int fits = 0;
    while (fits < page.size() && fits < most) {
      bytes += page.get(fits).estimatedBytes();
      if (bytes > Wire.CHUNK_BYTES && fits > 0) {
        break;
      }
      fits++;
    }
    return fits;
  }

  /** The page, or null if the cursor is invalid. */
  static @Nullable InboxPage page(Collection<VisibleRow> rows, int limit, @Nullable String cursor) {
    PagePosition after = null;
    if (cursor != null) {
      try {
        after = PagePosition.parse(cursor);
      } catch (IllegalArgumentException e) {
        return null;
      }
    }
    int size = Math.clamp(limit, 1, Limits.INBOX_PAGE);
    // Holds the newest size + 1 rows, the oldest of them on top, so that thousands of rows are not
    // sorted for a page of twenty.
    PriorityQueue<VisibleRow> newest = new PriorityQueue<>(size + 2, ORDER.reversed());
    for (VisibleRow visibleRow : rows) {
      if (after == null || after.before(visibleRow)) {
        newest.add(visibleRow);
        if (newest.size() > size + 1) {
          newest.poll();
        }
      }
    }
    List<VisibleRow> page = new ArrayList<>(newest);
    page.sort(ORDER);
    int fits = countFitting(page, size);
    VisibleRow last = fits < page.size() ? page.get(fits - 1) : null;
    List<InboxRow> shown = page.stream().limit(fits).map(VisibleRow::toInboxRow).toList();
    return new InboxPage(
        shown, last == null ? null : new PagePosition(last.orderAt(), last.id()).text());
  }
}
