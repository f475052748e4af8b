package parley.push;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.serial.Stored;

/** Events in the journal of a slot of dead letters. Readable for ever. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = DeadLetterEvent.Kept.class, name = "kept"),
  @JsonSubTypes.Type(value = DeadLetterEvent.Removed.class, name = "removed"),
})
sealed interface DeadLetterEvent extends Stored {
  /**
   * A letter was stored. It replaced a letter about the same device and conversation, and the
   * oldest letter was dropped if the slot was full.
   */
  record Kept(long nr, DeadLetter letter) implements DeadLetterEvent {}

  /** Letters were replayed or deleted. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Removed(List<Long> nrs) implements DeadLetterEvent {
    public Removed(@Nullable List<Long> nrs) {
      this.nrs = nrs == null ? List.of() : List.copyOf(nrs);
    }
  }
}
