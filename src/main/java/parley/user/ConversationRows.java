package parley.user;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Limits;

/**
 * All conversations of a user: at most {@link Limits#INBOX_ROWS} rows in the inbox and {@link
 * #MAX_HIDDEN} outside it. A live entity has two of these objects, which share their immutable
 * values: the durable state, and the current state with unsaved changes.
 */
final class ConversationRows {
  /** The most conversations that are kept outside the inbox. */
  static final int MAX_HIDDEN = 20_000;

  private final Map<ConversationId, VisibleRow> rows = new HashMap<>();
  // The conversation that left the inbox first comes first.
  private final LinkedHashMap<ConversationId, HiddenRow> hidden = new LinkedHashMap<>();

  @Nullable ConversationRow get(ConversationId id) {
    VisibleRow visibleRow = rows.get(id);
    return visibleRow != null ? visibleRow : hidden.get(id);
  }

  void put(ConversationRow conversationRow) {
    switch (conversationRow) {
      case VisibleRow visibleRow -> {
        hidden.remove(visibleRow.id());
        rows.put(visibleRow.id(), visibleRow);
      }
      case HiddenRow hiddenRow -> {
        rows.remove(hiddenRow.id());
        hidden.put(hiddenRow.id(), hiddenRow);
      }
    }
  }

  void remove(ConversationId id) {
    rows.remove(id);
    hidden.remove(id);
  }

  Map<ConversationId, VisibleRow> rows() {
    return rows;
  }

  Map<ConversationId, HiddenRow> hidden() {
    return hidden;
  }

  /** The row that must leave the inbox because it is one too many, or null. */
  @Nullable VisibleRow surplusRow() {
    if (rows.size() <= Limits.INBOX_ROWS) {
      return null;
    }
    return rows.values().stream().max(InboxPages.ORDER).orElse(null);
  }

  /**
   * The conversation outside the inbox that must be dropped because it is one too many, or null.
   * The first choice is a conversation that the user has left and in which no device lags. The
   * second is the longest hidden conversation in which no device lags. The last is the longest
   * hidden conversation.
   *
   * <p>In the last case, a device is not told at its next hello what it lacks, because nothing is
   * left to derive that from. It is told of a gap as soon as the conversation delivers again
   * ({@link ConversationRow#forgottenTo}). That takes {@value #MAX_HIDDEN} conversations outside
   * the inbox in which a device lags.
   */
  @Nullable HiddenRow surplusHidden() {
    if (hidden.size() <= MAX_HIDDEN) {
      return null;
    }
    HiddenRow first = null;
    for (HiddenRow hiddenRow : hidden.values()) {
      if (hiddenRow.cursors().isEmpty()) {
        if (hiddenRow.leftSeq() > 0) {
          return hiddenRow;
        }
        first = first == null ? hiddenRow : first;
      }
    }
    return first == null ? hidden.values().iterator().next() : first;
  }

  ConversationRows copy() {
    ConversationRows copy = new ConversationRows();
    copy.rows.putAll(rows);
    copy.hidden.putAll(hidden);
    return copy;
  }
}
