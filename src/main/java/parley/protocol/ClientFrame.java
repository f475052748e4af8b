package parley.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.EntryIntent;
import parley.model.UserId;

/**
 * A frame a client may send. {@code id} is the client's own number for it, null where it gave none.
 */
public sealed interface ClientFrame {

  /** The client's number for the frame; the answer bears the same. */
  @Nullable Long id();

  /** The first frame of a connection. */
  record Hello(@Nullable Long id, String token, DeviceId deviceId, String client, boolean fresh)
      implements ClientFrame {
    @Override
    public String toString() {
      return "Hello[" + deviceId + ", token=[REDACTED]]";
    }
  }

  /** A new token for a living session. */
  record Auth(@Nullable Long id, String token) implements ClientFrame {
    @Override
    public String toString() {
      return "Auth[token=[REDACTED]]";
    }
  }

  /** A sign of life. */
  record Ping(@Nullable Long id) implements ClientFrame {}

  /**
   * An entry to add: the ops send, edit, delete and react, and REST's POST /v1/messages.
   *
   * @param conversationId where to, or null
   * @param to the other person of a direct conversation, or null; exactly one of the two is given
   */
  record Post(
      @Nullable Long id,
      @Nullable ConversationId conversationId,
      @Nullable UserId to,
      String clientMsgId,
      EntryIntent intent)
      implements ClientFrame {}

  /** This device has everything up to seq. */
  record Ack(@Nullable Long id, ConversationId conversationId, long seq) implements ClientFrame {}

  /** The user has read everything up to seq. */
  record Read(@Nullable Long id, ConversationId conversationId, long seq) implements ClientFrame {}

  /** The user writes, or no longer does. */
  record Typing(@Nullable Long id, ConversationId conversationId, boolean active)
      implements ClientFrame {}

  /** Whose presence this connection wants to know; replaces the last. */
  record Watch(@Nullable Long id, List<UserId> userIds) implements ClientFrame {}

  /** A page of the inbox. */
  record Inbox(@Nullable Long id, int limit, @Nullable String cursor) implements ClientFrame {}

  /** A page of a conversation; at most one of before and after is given. */
  record History(
      @Nullable Long id,
      ConversationId conversationId,
      @Nullable Long before,
      @Nullable Long after,
      int limit)
      implements ClientFrame {}
}
