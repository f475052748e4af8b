package parley.push;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.serial.Stored;

/** What the journal of a slot of dead letters holds. Readable for ever. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = DeadLetterEvent.Kept.class, name = "kept"),
  @JsonSubTypes.Type(value = DeadLetterEvent.Removed.class, name = "removed"),
})
sealed interface DeadLetterEvent extends Stored {
  /**
   * One came; one about the same device and conversation went, and the oldest if there was no room.
   */
  record Kept(long nr, DeadLetter letter) implements DeadLetterEvent {}

  /** These were replayed or deleted. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Removed(List<Long> nrs) implements DeadLetterEvent {
    public Removed(@Nullable List<Long> nrs) {
      this.nrs = nrs == null ? List.of() : List.copyOf(nrs);
    }
  }
}
