package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.persistence.query.EventEnvelope;
import parley.archive.ColdTier;
import parley.model.Entry;

/**
 * The next entries to archive, gathered from the journal event by event: whole events only, so that
 * the border between the tiers is one between events, until the first that is too young or too
 * many.
 */
final class SegmentCollector {
  /** A segment of an entry more than this is worth writing though more may follow. */
  static final int WORTH_ENTRIES = ColdTier.SEGMENT_ENTRIES / 5;

  private static final long WORTH_BYTES = ColdTier.SEGMENT_BYTES / 4;

  private final long cutoff;
  private final long lastSeq;
  private final List<Entry> entries = new ArrayList<>();
  private long next;
  private long bytes;
  private long lastEvent;
  private long nextAt;
  private boolean full;

  /**
   * Nothing yet.
   *
   * @param from the first entry it takes
   * @param lastSeq it takes none behind this one
   * @param cutoff it takes none that is younger than this, epoch milliseconds
   */
  SegmentCollector(long from, long lastSeq, long cutoff) {
    this.next = from;
    this.lastSeq = lastSeq;
    this.cutoff = cutoff;
  }

  /** Takes an event, if it fits. Returns whether more may. */
  boolean add(EventEnvelope envelope) {
    List<Entry> those = LogReader.entriesOf(envelope.event());
    if (those.isEmpty()) {
      return true;
    }
    if (those.getFirst().seq() != next) {
      throw new LogReader.HoleException("entry " + next + " was not found");
    }
    // A segment is JSON: control characters weigh six times what the journal needs for them.
    long weight = those.stream().mapToLong(EntrySize::shown).sum();
    full =
        !entries.isEmpty()
            && (entries.size() + those.size() > ColdTier.SEGMENT_ENTRIES
                || bytes + weight > ColdTier.SEGMENT_BYTES);
    Entry last = those.getLast();
    if (full || last.at() > cutoff || last.seq() > lastSeq) {
      nextAt = those.getFirst().at();
      return false;
    }
    entries.addAll(those);
    bytes += weight;
    lastEvent = envelope.sequenceNr();
    next = last.seq() + 1;
    return true;
  }

  /** What it has. */
  List<Entry> entries() {
    return entries;
  }

  /** Whether it is large enough though the rest of the conversation is still in use. */
  boolean worthwhile() {
    return full || entries.size() >= WORTH_ENTRIES || bytes >= WORTH_BYTES;
  }

  /** The plan to archive just these. */
  ConversationEvent.SegmentPlanned plan() {
    return new ConversationEvent.SegmentPlanned(
        entries.getFirst().seq(), entries.getLast().seq(), lastEvent, nextAt);
  }
}
