package parley.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.EntryIntent;
import parley.model.UserId;

/**
 * A frame that a client may send. {@code id} is the client's own number for the frame, or null if
 * it gave none.
 */
public sealed interface ClientFrame {

  /** The client's number for the frame; the answer carries the same number. */
  @Nullable Long id();

  /** The first frame of a connection. */
  record Hello(@Nullable Long id, String token, DeviceId deviceId, String client, boolean fresh)
      implements ClientFrame {
    @Override
    public String toString() {
      return "Hello[" + deviceId + ", token=[REDACTED]]";
    }
  }

  /** A new token for a live session. */
  record Auth(@Nullable Long id, String token) implements ClientFrame {
    @Override
    public String toString() {
      return "Auth[token=[REDACTED]]";
    }
  }

  /** Keeps the connection alive. */
  record Ping(@Nullable Long id) implements ClientFrame {}

  /**
   * A write: the ops send, edit, delete and react, and POST /v1/messages.
   *
   * @param conversationId the conversation, or null
   * @param to the other user of a direct conversation, or null; exactly one of the two is given
   */
  record Post(
      @Nullable Long id,
      @Nullable ConversationId conversationId,
      @Nullable UserId to,
      String clientMsgId,
      EntryIntent intent)
      implements ClientFrame {}

  /** This device has every entry up to {@code seq}. */
  record Ack(@Nullable Long id, ConversationId conversationId, long seq) implements ClientFrame {}

  /** The user has read every entry up to {@code seq}. */
  record Read(@Nullable Long id, ConversationId conversationId, long seq) implements ClientFrame {}

  /** The user is typing, or has stopped. */
  record Typing(@Nullable Long id, ConversationId conversationId, boolean active)
      implements ClientFrame {}

  /** The users whose presence this connection watches; replaces the previous list. */
  record Watch(@Nullable Long id, List<UserId> userIds) implements ClientFrame {}

  /** Requests a page of the inbox. */
  record Inbox(@Nullable Long id, int limit, @Nullable String cursor) implements ClientFrame {}

  /**
   * Requests a page of a conversation; at most one of {@code before} and {@code after} is given.
   */
  record History(
      @Nullable Long id,
      ConversationId conversationId,
      @Nullable Long before,
      @Nullable Long after,
      int limit)
      implements ClientFrame {}
}
