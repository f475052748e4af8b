package parley.calendar;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Stored;

/**
 * An event of a {@link CalendarBucket}. Every later version reads it: fields may be added, never
 * renamed, removed or given another meaning.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes(@JsonSubTypes.Type(value = CalendarBucketEvent.Changed.class, name = "changed"))
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface CalendarBucketEvent extends Stored {
  /** The conversations that registered; null means none. */
  @Nullable List<ConversationId> added();

  /** The conversations that are done; null means none. Applied after {@link #added}. */
  @Nullable List<ConversationId> removed();

  /** Conversations registered, or are done. */
  record Changed(@Nullable List<ConversationId> added, @Nullable List<ConversationId> removed)
      implements CalendarBucketEvent {}
}
