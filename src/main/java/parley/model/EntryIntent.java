package parley.model;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry that a sender wants to add to a log. Form and size have been checked; permission has
 * not.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = EntryIntent.Text.class, name = "text"),
  @JsonSubTypes.Type(value = EntryIntent.Edit.class, name = "edit"),
  @JsonSubTypes.Type(value = EntryIntent.Delete.class, name = "delete"),
  @JsonSubTypes.Type(value = EntryIntent.React.class, name = "react"),
})
public sealed interface EntryIntent {

  /** A new message. */
  record Text(String content, @Nullable Long replyTo, List<UserId> mentions)
      implements EntryIntent {
    @Override
    public String toString() {
      return "Text[redacted]";
    }
  }

  /** New content for one of the sender's messages. */
  record Edit(long targetSeq, String content) implements EntryIntent {
    @Override
    public String toString() {
      return "Edit[targetSeq=" + targetSeq + "]";
    }
  }

  /** Remove a message. */
  record Delete(long targetSeq) implements EntryIntent {}

  /** React to a message; an empty reaction removes an earlier one. */
  record React(long targetSeq, String reaction) implements EntryIntent {
    @Override
    public String toString() {
      return "React[targetSeq=" + targetSeq + "]";
    }
  }
}
