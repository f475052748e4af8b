package parley.calendar;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Stored;

/**
 * What has happened to a {@link CalendarBucket}. Read for ever: fields may be added, never renamed,
 * removed or given another meaning.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes(@JsonSubTypes.Type(value = CalendarBucketEvent.Changed.class, name = "changed"))
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface CalendarBucketEvent extends Stored {
  /** Who came; null is nobody. */
  @Nullable List<ConversationId> added();

  /** Who is done; null is nobody. Comes after {@link #added}. */
  @Nullable List<ConversationId> removed();

  /** Conversations came, or are done. */
  record Changed(@Nullable List<ConversationId> added, @Nullable List<ConversationId> removed)
      implements CalendarBucketEvent {}
}
