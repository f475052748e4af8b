package parley.model;

import java.util.List;

/**
 * Entries of a conversation in ascending order.
 *
 * @param hasMore whether there are more in the direction that was asked for
 * @param tier where they came from
 */
public record HistoryPage(
    ConversationId conversationId, List<Entry> entries, boolean hasMore, Tier tier) {

  /** Where entries were read. */
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
