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
 * A frame the server sends. {@code id} is that of the frame it answers, null where that had none.
 */
public sealed interface ServerFrame {

  /**
   * The answer to a hello. Times are epoch milliseconds.
   *
   * @param epoch the name of the server's history, at most 64 characters; another one means that
   *     its end may be gone. Null only from a version that did not name it
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
   * @param toSender whether this is a device of the entry's sender: only then is client_msg_id
   *     shown
   */
  record Message(ConversationId conversationId, Entry entry, boolean toSender)
      implements ServerFrame {}

  /** The entry is in the journal. */
  record Sent(
      @Nullable Long id,
      ConversationId conversationId,
      String clientMsgId,
      String messageId,
      long seq,
      long at,
      boolean duplicate)
      implements ServerFrame {}

  /** A member's cursors moved. */
  record Receipt(ConversationId conversationId, UserId userId, long deliveredSeq, long readSeq)
      implements ServerFrame {}

  /** Everything missed has been sent. */
  record Synced(long backlog) implements ServerFrame {}

  /** A row changed; a row with {@code removed} is gone. */
  record InboxUpdate(InboxRow row) implements ServerFrame {}

  /** These entries are not sent here on purpose. */
  record Gap(ConversationId conversationId, long fromSeq, long toSeq, String reason)
      implements ServerFrame {}

  /** Somebody writes. */
  record Typing(ConversationId conversationId, UserId userId, boolean active)
      implements ServerFrame {}

  /** Somebody came or went. */
  record PresenceChanged(Presence presence) implements ServerFrame {}

  /** The answer to a ping. */
  record Pong(@Nullable Long id) implements ServerFrame {}

  /** Done. */
  record Ok(@Nullable Long id) implements ServerFrame {}

  /** A page of the inbox. */
  record Inbox(@Nullable Long id, InboxPage page) implements ServerFrame {}

  /**
   * A page of a conversation.
   *
   * @param viewer to whom: client_msg_id is shown on entries of their own
   */
  record History(@Nullable Long id, HistoryPage page, UserId viewer) implements ServerFrame {}

  /** The server is going to end; each connection has its own slot in which to come back. */
  record ServerMaintenance(long reconnectAfterMillis, long deadlineMillis, String reason)
      implements ServerFrame {}

  /** The last frame of a connection. */
  record Closing(CloseCode code, String reason, @Nullable Long retryAfterMillis)
      implements ServerFrame {}

  /** Something was not done. */
  record Failed(@Nullable Long id, ErrorCode code, String message, long retryAfterMillis)
      implements ServerFrame {}

  /** Why a connection ends, and whether the client should come back. */
  enum CloseCode {
    /** The server ends or moves. */
    GOING_AWAY("going_away", true),
    /** The client did not read. */
    TOO_SLOW("too_slow", true),
    /** The server lost track of this session. */
    STATE_LOST("state_lost", true),
    /** Nothing came for a minute. */
    IDLE("idle", true),
    /** The token ended or was not good: refresh it first. */
    UNAUTHENTICATED("unauthenticated", true),
    /** Far over the rate, for long. */
    RATE_LIMITED("rate_limited", true),
    /** No hello in time. */
    NO_HELLO("no_hello", false),
    /** Too many bad frames, or one too large. */
    PROTOCOL("protocol", false),
    /** The same device is connected elsewhere. */
    REPLACED("replaced", false),
    /** The device was removed. */
    REMOVED("removed", false);

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

    /** Whether the client should come back. */
    public boolean reconnect() {
      return reconnect;
    }
  }
}
