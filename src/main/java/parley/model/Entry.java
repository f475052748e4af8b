package parley.model;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One line of a conversation's log. What it is never changes; what it says may: a reader gets the
 * current content (see {@link EntryBody.Text#edited}, {@link #deleted}).
 *
 * @param seq its number in the conversation, from 1, without holes
 * @param messageId its id, unique everywhere (a ULID)
 * @param senderId who wrote it
 * @param at when it was accepted, epoch milliseconds
 * @param clientMsgId the sender's own name for it, null where there was none; only its sender's
 *     devices may see it
 * @param body what it says
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Entry(
    long seq,
    String messageId,
    UserId senderId,
    long at,
    @Nullable String clientMsgId,
    EntryBody body) {

  /** Whether this is the tombstone of a deleted text. */
  @JsonIgnore
  public boolean deleted() {
    return body instanceof EntryBody.Text text && text.content() == null;
  }

  /** The same entry saying something else. */
  public Entry withBody(EntryBody newBody) {
    return new Entry(seq, messageId, senderId, at, clientMsgId, newBody);
  }
}
