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
  @JsonSubTypes.Type(value = Intent.Text.class, name = "text"),
  @JsonSubTypes.Type(value = Intent.Edit.class, name = "edit"),
  @JsonSubTypes.Type(value = Intent.Delete.class, name = "delete"),
  @JsonSubTypes.Type(value = Intent.React.class, name = "react"),
})
public sealed interface Intent {

  /** A new message. */
  record Text(String content, @Nullable Long replyTo, List<UserId> mentions) implements Intent {
    @Override
    public String toString() {
      return "Text[redacted]";
    }
  }

  /** New wording for an own message. */
  record Edit(long targetSeq, String content) implements Intent {
    @Override
    public String toString() {
      return "Edit[targetSeq=" + targetSeq + "]";
    }
  }

  /** Remove a message. */
  record Delete(long targetSeq) implements Intent {}

  /** React to a message; empty takes it back. */
  record React(long targetSeq, String reaction) implements Intent {
    @Override
    public String toString() {
      return "React[targetSeq=" + targetSeq + "]";
    }
  }
}
