package parley.model;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a conversation's log. Number, id, sender and time never change. The content may: a
 * reader gets the current content (see {@link EntryBody.Text#edited}, {@link #deleted}).
 *
 * @param seq its number in the conversation, from 1, without gaps
 * @param messageId its id, unique everywhere (a ULID)
 * @param senderId the author
 * @param at when it was accepted, epoch milliseconds
 * @param clientMsgId the id that the sender's device chose, null if there is none; only the
 *     sender's devices may see it
 * @param body its content
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

  /** The same entry with another content. */
  public Entry withBody(EntryBody newBody) {
    return new Entry(seq, messageId, senderId, at, clientMsgId, newBody);
  }
}
