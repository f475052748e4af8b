package parley.conversation;

import org.jspecify.annotations.Nullable;

/**
 * How far the log of one conversation is archived: which entries are in the cold tier, which events
 * are removed from the journal, and which segment is under way. Only applied events change it.
 */
final class ArchiveProgress {
  private long archivedTo;
  private long archivedEvent;
  private long removedTo;
  private ConversationEvent.@Nullable SegmentPlanned planned;
  private long hotSince;
  private long promisedDay;

  /** The progress of a log without entries. */
  ArchiveProgress() {}

  /** The progress as a snapshot says it. */
  static ArchiveProgress of(ConversationSnapshot stored) {
    ArchiveProgress progress = new ArchiveProgress();
    progress.archivedTo = stored.archivedTo();
    progress.archivedEvent = stored.archivedEvent();
    progress.removedTo = stored.removedTo();
    progress.planned = stored.planned();
    // A snapshot from before there was an archive does not say when the first entry was written.
    boolean unknown = stored.hotSince() == 0 && stored.lastSeq() > stored.archivedTo();
    progress.hotSince = unknown ? stored.createdAt() : stored.hotSince();
    progress.promisedDay = stored.due();
    return progress;
  }

  /** Entries up to this seq are in the cold tier and are read from there. */
  long archivedTo() {
    return archivedTo;
  }

  /** The sequence number of the event that ends with the entry {@link #archivedTo}. */
  long archivedEvent() {
    return archivedEvent;
  }

  /** Events up to this number are removed from the journal; at most {@link #archivedEvent}. */
  long removedTo() {
    return removedTo;
  }

  /** The segment that is being archived, or null. */
  ConversationEvent.@Nullable SegmentPlanned planned() {
    return planned;
  }

  /**
   * When the oldest entry that is not archived was accepted, epoch milliseconds; 0 if all are
   * archived.
   */
  long hotSince() {
    return hotSince;
  }

  /** The day for which the calendar remembers this conversation, in days since 1970; 0 is none. */
  long promisedDay() {
    return promisedDay;
  }

  /** Whether the entry is in the cold tier. */
  boolean isArchived(long seq) {
    return seq <= archivedTo;
  }

  /** Whether archived events are still in the journal. */
  boolean hasEventsToRemove() {
    return removedTo < archivedEvent;
  }

  /** Whether a segment is planned and not sealed, or is sealed and its events are not removed. */
  boolean hasUnfinishedSegment() {
    return planned != null || hasEventsToRemove();
  }

  /** Notes an appended entry. Call it before the entry counts as the last one. */
  void append(long lastSeq, long at) {
    if (lastSeq == archivedTo) {
      hotSince = at;
    }
  }

  void plan(ConversationEvent.SegmentPlanned plan) {
    planned = plan;
  }

  /**
   * Notes that a segment is in the cold tier. A repeated seal only ends the plan.
   *
   * @param oldestLater when the first entry after the segment was accepted, 0 if there is none;
   *     used if the plan knew of no later entry
   * @return whether more is archived than before
   */
  boolean seal(ConversationEvent.SegmentSealed sealed, long oldestLater) {
    planned = null;
    if (sealed.to() <= archivedTo) {
      return false;
    }
    archivedTo = sealed.to();
    archivedEvent = sealed.lastEvent();
    hotSince = sealed.nextAt() > 0 ? sealed.nextAt() : oldestLater;
    return true;
  }

  void removed(ConversationEvent.EventsRemoved removed) {
    removedTo = Math.max(removedTo, removed.upTo());
  }

  void promised(long day) {
    promisedDay = day;
  }
}
