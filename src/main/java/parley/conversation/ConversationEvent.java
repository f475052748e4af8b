package parley.conversation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.LastMessage;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * What has happened in a conversation. This is the message table: a format that is read for ever.
 * Fields may be added; nothing here is ever renamed, removed or given another meaning. An absent
 * field arrives as null or 0.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = ConversationEvent.DirectOpened.class, name = "direct_opened"),
  @JsonSubTypes.Type(value = ConversationEvent.EntriesAppended.class, name = "entries"),
  @JsonSubTypes.Type(value = ConversationEvent.CursorsMoved.class, name = "cursors"),
  @JsonSubTypes.Type(value = ConversationEvent.ProfileNoted.class, name = "profile"),
  @JsonSubTypes.Type(value = ConversationEvent.PreviewRestored.class, name = "preview"),
  @JsonSubTypes.Type(value = ConversationEvent.Settled.class, name = "settled"),
  @JsonSubTypes.Type(value = ConversationEvent.SegmentPlanned.class, name = "segment_planned"),
  @JsonSubTypes.Type(value = ConversationEvent.SegmentSealed.class, name = "segment_sealed"),
  @JsonSubTypes.Type(value = ConversationEvent.EventsRemoved.class, name = "events_removed"),
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface ConversationEvent extends Stored {

  /**
   * Two people have a conversation; it has no entry yet.
   *
   * @param at epoch milliseconds
   */
  record DirectOpened(Person opener, Person peer, long at) implements ConversationEvent {}

  /**
   * How the other one of a direct conversation is shown.
   *
   * @param revision grows with each change by its owner
   */
  record Person(UserId userId, String displayName, @Nullable String avatarUrl, long revision) {
    @Override
    public String toString() {
      return "Person[" + userId + "]";
    }
  }

  /**
   * Entries were written: one or, when several waited for the store, more. A group begins with one
   * that holds its {@code group_created}.
   *
   * @param cursors moves that were waiting when this was written; they happened before the entries.
   *     Null is none
   * @param dispatchedTo every member's user entity had everything up to this seq when this was
   *     written
   */
  record EntriesAppended(List<Entry> entries, @Nullable List<CursorMove> cursors, long dispatchedTo)
      implements ConversationEvent {}

  /** Members' cursors moved. */
  record CursorsMoved(List<CursorMove> cursors) implements ConversationEvent {}

  /**
   * Where one member's cursors are now.
   *
   * @param unread the unread count that follows; computed once, from the log
   */
  record CursorMove(UserId userId, long delivered, long read, long unread) {}

  /** One of the two of a direct conversation has a new name or picture. */
  record ProfileNoted(Person person) implements ConversationEvent {}

  /**
   * The newest text was deleted, and the one before it was too far back for memory: here it is, or
   * null.
   *
   * @param asOf last seq when it was looked up; older than a newer text it counts for nothing
   */
  record PreviewRestored(@Nullable LastMessage lastMessage, long asOf)
      implements ConversationEvent {}

  /**
   * Every member's user entity has acknowledged everything before this event.
   *
   * @param due the day (days since 1970, UTC) for which the calendar has promised to remember this
   *     conversation, 0 for none
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Settled(long due) implements ConversationEvent {
    /** One that nobody has promised anything. */
    public Settled() {
      this(0);
    }
  }

  /**
   * These entries, the oldest that are not archived, are to be archived together. From here on
   * every attempt, of whatever node, writes just these.
   *
   * @param lastEvent number of the event that ends with the entry {@code to}
   * @param nextAt when the entry behind {@code to} was accepted, 0 where there was none
   */
  record SegmentPlanned(long from, long to, long lastEvent, long nextAt)
      implements ConversationEvent {}

  /**
   * The cold tier holds these entries, written and read back: entries up to {@code to} are read
   * there, and no longer in the events up to {@code lastEvent}. May be repeated.
   *
   * @param nextAt as in {@link SegmentPlanned}
   */
  record SegmentSealed(long from, long to, long lastEvent, long nextAt)
      implements ConversationEvent {}

  /** The journal no longer holds the events up to this one, nor does anybody need them. */
  record EventsRemoved(long upTo) implements ConversationEvent {}
}
