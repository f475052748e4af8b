package parley.cursors;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Stored;

/**
 * The stored form of {@link CursorLogState}: fields are added, never changed.
 *
 * @param lastAt the time of the last event, epoch milliseconds
 * @param clock the state's clock, milliseconds
 * @param conversations in the order in which they are forgotten; null is none
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record CursorLogSnapshot(
    @JsonProperty("a") long lastAt,
    @JsonProperty("k") long clock,
    @JsonProperty("c") @Nullable List<StoredCursors> conversations)
    implements Stored {

  /** The kept cursors of one conversation. */
  record StoredCursors(
      @JsonProperty("c") ConversationId id,
      @JsonProperty("k") long clock,
      @JsonProperty("m") List<MemberCursors> members) {}
}
