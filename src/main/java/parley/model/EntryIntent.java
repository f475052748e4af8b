package parley.model;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a sender wants to add to a log. Already checked for form and size; whether it is allowed is
 * not known yet.
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

  /** New wording for an own message. */
  record Edit(long targetSeq, String content) implements EntryIntent {
    @Override
    public String toString() {
      return "Edit[targetSeq=" + targetSeq + "]";
    }
  }

  /** Remove a message. */
  record Delete(long targetSeq) implements EntryIntent {}

  /** React to a message; empty takes it back. */
  record React(long targetSeq, String reaction) implements EntryIntent {
    @Override
    public String toString() {
      return "React[targetSeq=" + targetSeq + "]";
    }
  }
}
