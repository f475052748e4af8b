package parley.conversation;

import java.util.List;
import parley.model.Entry;
import parley.model.HistoryPage.Tier;

/**
 * Where the entries of a range were read: stretches that ascend and leave nothing out. Where the
 * wording of an edited one was does not count.
 */
record EntrySource(List<Stretch> stretches) {
  /** All from memory. */
  static final EntrySource MEMORY = new EntrySource(List.of());

  /** Entries {@code from} to {@code to}, from one tier. */
  record Stretch(long from, long to, Tier tier) {}

  /** The tier of some of the entries, which follow one another. */
  Tier tier(List<Entry> shown) {
    if (shown.isEmpty()) {
      return Tier.MEMORY;
    }
    long first = shown.getFirst().seq();
    long last = shown.getLast().seq();
    List<Tier> tiers =
        stretches.stream()
            .filter(one -> one.from() <= last && first <= one.to())
            .map(Stretch::tier)
            .distinct()
            .toList();
    return switch (tiers.size()) {
      case 0 -> Tier.MEMORY;
      case 1 -> tiers.getFirst();
      default -> Tier.MIXED;
    };
  }
}
