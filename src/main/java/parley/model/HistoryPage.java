package parley.model;

import java.util.List;

/**
 * Entries of a conversation in ascending order.
 *
 * @param hasMore whether there are more entries in the requested direction
 * @param tier where the entries were read
 */
public record HistoryPage(
    ConversationId conversationId, List<Entry> entries, boolean hasMore, Tier tier) {

  /** The storage tier of a page. */
  public enum Tier {
    /** The conversation's memory. */
    MEMORY,
    /** The journal. */
    HOT,
    /** The archive. */
    COLD,
    /** More than one of them. */
    MIXED;

    /** The name on the wire. */
    public String wireName() {
      return switch (this) {
        case MEMORY -> "memory";
        case HOT -> "hot";
        case COLD -> "cold";
        case MIXED -> "mixed";
      };
    }
  }
}
