package parley.conversation;

import java.time.Duration;
import java.util.List;
import parley.archive.ColdTier;
import parley.calendar.Calendar;
import parley.model.Entry;

/**
 * The rules that say when entries are archived. Pure functions: {@link SegmentSelection} and {@link
 * SegmentArchiver} apply them.
 */
final class ArchiveRules {
  /** A segment with this many entries is written even if more entries may follow. */
  static final int WORTH_ENTRIES = ColdTier.SEGMENT_ENTRIES / 5;

  private static final long WORTH_BYTES = ColdTier.SEGMENT_BYTES / 4;

  private ArchiveRules() {}

  /** Entries up to this time are as old as {@code times} the hot age, epoch milliseconds. */
  static long cutoff(int times, long now, Duration hotAge) {
    return now - times * hotAge.toMillis();
  }

  /** Whether the collected entries are archived now. */
  static boolean archivesNow(
      SegmentSelection segment, ConversationState state, long now, Duration hotAge) {
    List<Entry> entries = segment.entries();
    boolean all = !entries.isEmpty() && entries.getLast().seq() == state.lastSeq();
    boolean old = !entries.isEmpty() && entries.getFirst().at() <= cutoff(2, now, hotAge);
    return all || old || segment.worthwhile();
  }

  /**
   * Whether a segment is large enough to be written while the conversation is still in use.
   *
   * @param full whether the next event does not fit into it
   */
  static boolean worthwhile(boolean full, int entries, long bytes) {
    return full || entries >= WORTH_ENTRIES || bytes >= WORTH_BYTES;
  }

  /**
   * The first day on which there is something to archive if nobody writes any more; 0 is none. A
   * day is counted since 1970, in UTC.
   */
  static long due(ConversationState state, long now, Duration hotAge) {
    if (state.lastSeq() == state.archive().archivedTo()) {
      return state.archive().hasUnfinishedSegment() ? Calendar.day(now) + 1 : 0;
    }
    long hot = hotAge.toMillis();
    long when = Math.min(state.lastAt() + hot, state.archive().hotSince() + 2 * hot);
    long worth = state.archive().archivedTo() + WORTH_ENTRIES;
    if (worth <= state.lastSeq()) {
      long written = Math.min(state.index().timeAtOrAfter(worth), state.lastAt());
      when = Math.min(when, written + hot);
    }
    return Calendar.day(when) + 1;
  }
}
