package parley.protocol;

import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.Entry;
import parley.model.ErrorCode;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.InboxRow;
import parley.model.Presence;
import parley.model.UserId;

/**
 * A frame that the server sends. {@code id} is the id of the frame that it answers, or null if that
 * frame had none.
 */
public sealed interface ServerFrame {

  /**
   * The answer to a hello. Times are epoch milliseconds.
   *
   * @param epoch the name of the server's history, at most 64 characters; a different name means
   *     that the newest part of the history may be lost. Null only from a version that did not name
   *     it
   */
  record Welcome(
      @Nullable Long id,
      UserId userId,
      DeviceId deviceId,
      String sessionId,
      long serverTime,
      int messagesPerMinute,
      long expiresAt,
      @Nullable String epoch)
      implements ServerFrame {}

  /**
   * One entry.
   *
   * @param toSender whether the recipient is a device of the entry's sender: only then {@code
   *     client_msg_id} is included
   */
  record Message(ConversationId conversationId, Entry entry, boolean toSender)
      implements ServerFrame {}

  /** Confirms that an entry is in the journal. */
  record Sent(
      @Nullable Long id,
      ConversationId conversationId,
      String clientMsgId,
      String messageId,
      long seq,
      long at,
      boolean duplicate)
      implements ServerFrame {}

  /** A member's cursors have moved. */
  record Receipt(ConversationId conversationId, UserId userId, long deliveredSeq, long readSeq)
      implements ServerFrame {}

  /** The backlog of this device has been sent. */
  record Synced(long backlog) implements ServerFrame {}

  /** An inbox row has changed; with {@code removed} it is gone. */
  record InboxUpdate(InboxRow row) implements ServerFrame {}

  /** These entries, both ends included, are deliberately not sent on this connection. */
  record Gap(ConversationId conversationId, long fromSeq, long toSeq, String reason)
      implements ServerFrame {}

  /** A user is typing, or has stopped. */
  record Typing(ConversationId conversationId, UserId userId, boolean active)
      implements ServerFrame {}

  /** The presence of a user has changed. */
  record PresenceChanged(Presence presence) implements ServerFrame {}

  /** The answer to a ping. */
  record Pong(@Nullable Long id) implements ServerFrame {}

  /** The request has been carried out. */
  record Ok(@Nullable Long id) implements ServerFrame {}

  /** A page of the inbox. */
  record Inbox(@Nullable Long id, InboxPage page) implements ServerFrame {}

  /**
   * A page of a conversation.
   *
   * @param viewer the recipient: {@code client_msg_id} is included in the viewer's own entries
   */
  record History(@Nullable Long id, HistoryPage page, UserId viewer) implements ServerFrame {}

  /** The server shuts down; each connection has its own slot in which to reconnect. */
  record ServerMaintenance(long reconnectAfterMillis, long deadlineMillis, String reason)
      implements ServerFrame {}

  /** The last frame of a connection. */
  record Closing(CloseCode code, String reason, @Nullable Long retryAfterMillis)
      implements ServerFrame {}

  /** A request was not carried out. */
  record Failed(@Nullable Long id, ErrorCode code, String message, long retryAfterMillis)
      implements ServerFrame {}

  /**
   * Why the server closes a connection, and whether the client should reconnect. In the {@code
   * closing} frame; the status of the WebSocket is another code ({@code CloseStatus}).
   */
  enum CloseCode {
    /** The server shuts down, moves, or accepts no more connections. */
    GOING_AWAY("going_away", true),
    /** The client did not read. */
    TOO_SLOW("too_slow", true),
    /** The server lost track of this session. */
    STATE_LOST("state_lost", true),
    /** Nothing arrived for a minute. */
    IDLE("idle", true),
    /** The token has expired or is not valid: refresh it first. */
    UNAUTHENTICATED("unauthenticated", true),
    /** Far over a rate for too long. */
    RATE_LIMITED("rate_limited", true),
    /** No hello arrived in time. */
    NO_HELLO("no_hello", false),
    /** Too many bad frames, or a frame that is too large. */
    PROTOCOL("protocol", false),
    /** The same device is connected elsewhere. */
    REPLACED("replaced", false),
    /** The device was removed. */
    REMOVED("removed", false),
    /** The user is banned. */
    BANNED("banned", false);

    private final String wireName;
    private final boolean reconnect;

    CloseCode(String wireName, boolean reconnect) {
      this.wireName = wireName;
      this.reconnect = reconnect;
    }

    /** The name on the wire. */
    public String wireName() {
      return wireName;
    }

    /** Whether the client should reconnect. */
    public boolean reconnect() {
      return reconnect;
    }
  }
}
