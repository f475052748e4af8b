package parley.conversation;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import parley.serial.Stored;

/**
 * The persisted events of {@link ReminderAdoption}. They must stay readable for ever, by the rules
 * of {@link ConversationEvent}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes(@JsonSubTypes.Type(value = AdoptionEvent.Done.class, name = "done"))
sealed interface AdoptionEvent extends Stored {
  /** How many conversations got a reminder. */
  long adopted();

  /** All remembered conversations have a reminder. The old lists are never read again. */
  record Done(@JsonProperty("n") long adopted) implements AdoptionEvent {}
}
