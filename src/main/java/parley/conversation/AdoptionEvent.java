package parley.conversation;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import parley.serial.Stored;

/**
 * What has happened to the {@link ReminderAdoption}. Read for ever, by the rules of {@link
 * ConversationEvent}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes(@JsonSubTypes.Type(value = AdoptionEvent.Done.class, name = "done"))
sealed interface AdoptionEvent extends Stored {
  /** How many conversations got a reminder. */
  long adopted();

  /** All that were remembered have a reminder: the old lists are never read again. */
  record Done(@JsonProperty("n") long adopted) implements AdoptionEvent {}
}
