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
 * The persisted events of a conversation. They are the message table of Parley, and every old event
 * must stay readable for ever. Fields may be added. Nothing is ever renamed, removed or given
 * another meaning. An absent field is read as null or 0.
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

  /** A direct conversation was opened. It has no entry yet. */
  record DirectOpened(Person opener, Person peer, long at) implements ConversationEvent {}

  /**
   * The name and picture of one user of a direct conversation.
   *
   * @param revision grows with each change by the user
   */
  record Person(UserId userId, String displayName, @Nullable String avatarUrl, long revision) {
    @Override
    public String toString() {
      return "Person[" + userId + "]";
    }
  }

  /**
   * Entries were written: one, or several if they were waiting for the store at the same time. The
   * first event of a group begins with the entry {@code group_created}.
   *
   * @param cursors cursor moves that were written with the entries, and happened before them; null
   *     is none
   * @param dispatchedTo every member's user entity had everything up to this seq when the event was
   *     written
   */
  record EntriesAppended(List<Entry> entries, @Nullable List<CursorMove> cursors, long dispatchedTo)
      implements ConversationEvent {}

  /** Members' cursors moved. */
  record CursorsMoved(List<CursorMove> cursors) implements ConversationEvent {}

  /**
   * The new cursors of one member.
   *
   * @param unread the unread count at this read cursor; computed once, from the log
   */
  record CursorMove(UserId userId, long delivered, long read, long unread) {}

  /** A user of a direct conversation has a new name or picture. */
  record ProfileNoted(Person person) implements ConversationEvent {}

  /**
   * The newest text was deleted, and the text before it was not in memory. This event holds the new
   * last message, or null if there is none.
   *
   * @param asOf the last seq when the message was looked up; the event is ignored if a newer text
   *     exists
   */
  record PreviewRestored(@Nullable LastMessage lastMessage, long asOf)
      implements ConversationEvent {}

  /**
   * Every member's user entity has acknowledged everything before this event.
   *
   * @param due the day (days since 1970, UTC) for which the calendar has promised to remember this
   *     conversation; 0 for none
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Settled(long due) implements ConversationEvent {
    /** A conversation without a promise of the calendar. */
    public Settled() {
      this(0);
    }
  }

  /**
   * The oldest entries that are not archived are going to be archived together. After this event
   * every attempt, on any node, writes exactly these entries.
   *
   * @param lastEvent the number of the event that ends with the entry {@code to}
   * @param nextAt when the entry after {@code to} was accepted, epoch milliseconds; 0 if there was
   *     none
   */
  record SegmentPlanned(long from, long to, long lastEvent, long nextAt)
      implements ConversationEvent {}

  /**
   * The cold tier holds these entries; they were written and read back. From now on entries up to
   * {@code to} are read there, and no longer from the events up to {@code lastEvent}. The event may
   * be repeated.
   *
   * @param nextAt as in {@link SegmentPlanned}
   */
  record SegmentSealed(long from, long to, long lastEvent, long nextAt)
      implements ConversationEvent {}

  /** The events up to this number were removed from the journal. Nothing needs them any more. */
  record EventsRemoved(long upTo) implements ConversationEvent {}
}
