package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.persistence.query.EventEnvelope;
import parley.archive.ColdTier;
import parley.model.Entry;

/**
 * Collects the next entries to archive from the events of the journal. It takes whole events, so
 * that the archive boundary always lies between two events. It stops at the first event that is too
 * young or does not fit into the segment.
 */
final class SegmentSelection {
  private final long cutoff;
  private final long lastSeq;
  private final List<Entry> entries = new ArrayList<>();
  private long next;
  private long bytes;
  private long lastEvent;
  private long nextAt;
  private boolean full;

  /**
   * An empty collector.
   *
   * @param from the first entry to take
   * @param lastSeq entries after this one are not taken
   * @param cutoff entries younger than this are not taken, epoch milliseconds
   */
  SegmentSelection(long from, long lastSeq, long cutoff) {
    this.next = from;
    this.lastSeq = lastSeq;
    this.cutoff = cutoff;
  }

  /** Takes the entries of an event if they fit. Returns whether to go on with the next event. */
  boolean add(EventEnvelope envelope) {
    List<Entry> those = LogReader.entriesOf(envelope.event());
    if (those.isEmpty()) {
      return true;
    }
    if (those.getFirst().seq() != next) {
      throw new LogReader.HoleException("entry " + next + " was not found");
    }
    // A segment is JSON, where a control character takes six times as many bytes as in the journal.
    long weight = those.stream().mapToLong(EntrySize::jsonBytes).sum();
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

  /** The collected entries. */
  List<Entry> entries() {
    return entries;
  }

  /** Whether the segment is large enough to be written while the conversation is still in use. */
  boolean worthwhile() {
    return ArchiveRules.worthwhile(full, entries.size(), bytes);
  }

  /** The plan to archive exactly the collected entries. */
  ConversationEvent.SegmentPlanned plan() {
    return new ConversationEvent.SegmentPlanned(
        entries.getFirst().seq(), entries.getLast().seq(), lastEvent, nextAt);
  }
}
