package parley.cursors;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Stored;

/** The persisted events of the cursor log. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({@JsonSubTypes.Type(value = CursorLogEvent.CursorsKept.class, name = "kept")})
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface CursorLogEvent extends Stored {

  /**
   * Cursors of members of some conversations.
   *
   * @param at epoch milliseconds
   * @param kept null if an incarnation only takes its sequence number
   */
  record CursorsKept(
      @JsonProperty("a") long at, @JsonProperty("k") @Nullable List<ConversationCursors> kept)
      implements CursorLogEvent {}

  /** The cursors of members of one conversation. */
  record ConversationCursors(
      @JsonProperty("c") ConversationId id, @JsonProperty("m") List<MemberCursors> members) {}
}
