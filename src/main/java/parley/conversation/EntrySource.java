package parley.conversation;

import java.util.List;
import parley.model.Entry;
import parley.model.HistoryPage.Tier;

/**
 * The tiers from which the entries of a range were read, as ranges in ascending order without gaps.
 * The tier from which an edit was read does not count.
 */
record EntrySource(List<Range> ranges) {
  /** All entries came from memory. */
  static final EntrySource MEMORY = new EntrySource(List.of());

  /** Entries {@code from} to {@code to}, from one tier. */
  record Range(long from, long to, Tier tier) {}

  /** The tier of some consecutive entries of the range. */
  Tier tier(List<Entry> shown) {
    if (shown.isEmpty()) {
      return Tier.MEMORY;
    }
    long first = shown.getFirst().seq();
    long last = shown.getLast().seq();
    List<Tier> tiers =
        ranges.stream()
            .filter(one -> one.from() <= last && first <= one.to())
            .map(Range::tier)
            .distinct()
            .toList();
    return switch (tiers.size()) {
      case 0 -> Tier.MEMORY;
      case 1 -> tiers.getFirst();
      default -> Tier.MIXED;
    };
  }
}
