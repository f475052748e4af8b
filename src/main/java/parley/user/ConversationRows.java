package parley.user;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Limits;

/**
 * All conversations of a user: at most {@link Limits#INBOX_ROWS} rows of the inbox and {@link
 * #PARKED} that are not in it. There are two of these in a live entity, sharing their immutable
 * values: what the journal holds, and what is known by now.
 */
final class ConversationRows {
  /** Most conversations kept outside the inbox. */
  static final int PARKED = 20_000;

  private final Map<ConversationId, VisibleRow> rows = new HashMap<>();
  // The longest parked first.
  private final LinkedHashMap<ConversationId, HiddenRow> parked = new LinkedHashMap<>();

  @Nullable ConversationRow get(ConversationId id) {
    VisibleRow visibleRow = rows.get(id);
    return visibleRow != null ? visibleRow : parked.get(id);
  }

  void put(ConversationRow conversationRow) {
    switch (conversationRow) {
      case VisibleRow visibleRow -> {
        parked.remove(visibleRow.id());
        rows.put(visibleRow.id(), visibleRow);
      }
      case HiddenRow p -> {
        rows.remove(p.id());
        parked.put(p.id(), p);
      }
    }
  }

  void remove(ConversationId id) {
    rows.remove(id);
    parked.remove(id);
  }

  Map<ConversationId, VisibleRow> rows() {
    return rows;
  }

  Map<ConversationId, HiddenRow> parked() {
    return parked;
  }

  /** The row that has to leave because there is one too many, or null. */
  @Nullable VisibleRow surplusRow() {
    if (rows.size() <= Limits.INBOX_ROWS) {
      return null;
    }
    return rows.values().stream().max(InboxPages.ORDER).orElse(null);
  }

  /**
   * The parked conversation of which nothing can be kept any more because there is one too many, or
   * null. One that was left, and of which no device lacks anything, if there is such a one; else
   * the longest parked of those of which no device lacks anything; else the longest parked.
   *
   * <p>What a device lacked of that last kind it is not told at its next hello, because nothing is
   * left to know it by, but as a gap as soon as the conversation speaks again ({@link
   * ConversationRow#forgottenTo}). That takes {@value #PARKED} conversations outside the inbox in
   * which a device lags.
   */
  @Nullable HiddenRow surplusParked() {
    if (parked.size() <= PARKED) {
      return null;
    }
    HiddenRow first = null;
    for (HiddenRow p : parked.values()) {
      if (p.cursors().isEmpty()) {
        if (p.leftSeq() > 0) {
          return p;
        }
        first = first == null ? p : first;
      }
    }
    return first == null ? parked.values().iterator().next() : first;
  }

  ConversationRows copy() {
    ConversationRows copy = new ConversationRows();
    copy.rows.putAll(rows);
    copy.parked.putAll(parked);
    return copy;
  }
}
