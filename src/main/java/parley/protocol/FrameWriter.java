package parley.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.Limits;

/**
 * Encodes a {@link ServerFrame} as text: {@code op} first, then {@code id} if there is one, then
 * the fields in the order of the protocol. The same frame always gives the same text.
 *
 * <p>An entry goes to many connections. A caller with many recipients encodes it once with {@link
 * #entry} and builds each frame with {@link #message(String)}, which copies text and encodes
 * nothing.
 */
public final class FrameWriter {
  /** Interval at which clients are asked to send a ping, in milliseconds. */
  public static final int PING_INTERVAL_MILLIS = 30_000;

  /** Time without a data frame after which a connection is closed, in milliseconds. */
  public static final int IDLE_TIMEOUT_MILLIS = 60_000;

  private static final String MESSAGE_START = "{\"op\":\"message\",";

  private FrameWriter() {}

  /** The text of a frame. */
  public static String write(ServerFrame frame) {
    if (frame instanceof ServerFrame.Message m) {
      return message(entry(m.conversationId(), m.entry(), m.toSender()));
    }
    return JsonEncoder.object(json -> fields(json, frame));
  }

  /**
   * The JSON object of one entry, for use in many frames.
   *
   * @param own whether the recipient is a device of the entry's sender: only then {@code
   *     client_msg_id} is included
   */
  public static String entry(ConversationId conversationId, Entry entry, boolean own) {
    return JsonEncoder.object(json -> JsonEncoder.entry(json, conversationId, entry, own));
  }

  /** The {@code message} frame around the result of {@link #entry}. */
  public static String message(String entryJson) {
    return MESSAGE_START.concat(entryJson.substring(1));
  }

  private static void fields(JsonGenerator json, ServerFrame frame) throws IOException {
    switch (frame) {
      case ServerFrame.Welcome f -> welcome(json, f);
      case ServerFrame.Message f -> {
        op(json, "message", null);
        JsonEncoder.entry(json, f.conversationId(), f.entry(), f.toSender());
      }
      case ServerFrame.Sent f -> {
        op(json, "sent", f.id());
        JsonEncoder.sent(json, f);
      }
      case ServerFrame.Receipt f -> {
        op(json, "receipt", null);
        json.writeStringField("conversation_id", f.conversationId().value());
        json.writeStringField("user_id", f.userId().value());
        json.writeNumberField("delivered_seq", f.deliveredSeq());
        json.writeNumberField("read_seq", f.readSeq());
      }
      case ServerFrame.Synced f -> {
        op(json, "synced", null);
        json.writeNumberField("backlog", f.backlog());
      }
      case ServerFrame.InboxUpdate f -> {
        op(json, "inbox_update", null);
        JsonEncoder.row(json, f.row());
      }
      case ServerFrame.Gap f -> {
        op(json, "gap", null);
        json.writeStringField("conversation_id", f.conversationId().value());
        json.writeNumberField("from_seq", f.fromSeq());
        json.writeNumberField("to_seq", f.toSeq());
        json.writeStringField("reason", f.reason());
      }
      case ServerFrame.Typing f -> {
        op(json, "typing", null);
        json.writeStringField("conversation_id", f.conversationId().value());
        json.writeStringField("user_id", f.userId().value());
        json.writeBooleanField("active", f.active());
      }
      case ServerFrame.PresenceChanged f -> {
        op(json, "presence", null);
        json.writeStringField("user_id", f.presence().userId().value());
        json.writeStringField("status", f.presence().status().wireName());
        JsonEncoder.timeOrNever(json, "last_seen", f.presence().lastSeenAt());
      }
      case ServerFrame.Pong f -> op(json, "pong", f.id());
      case ServerFrame.Ok f -> op(json, "ok", f.id());
      case ServerFrame.Inbox f -> {
        op(json, "inbox", f.id());
        JsonEncoder.inbox(json, f.page());
      }
      case ServerFrame.History f -> {
        op(json, "history", f.id());
        json.writeStringField("conversation_id", f.page().conversationId().value());
        JsonEncoder.history(json, f.page(), f.viewer());
      }
      case ServerFrame.ServerMaintenance f -> {
        op(json, "server_maintenance", null);
        json.writeNumberField("reconnect_after_ms", f.reconnectAfterMillis());
        json.writeNumberField("deadline_ms", f.deadlineMillis());
        json.writeStringField("reason", f.reason());
      }
      case ServerFrame.Closing f -> {
        op(json, "closing", null);
        json.writeStringField("code", f.code().wireName());
        json.writeStringField("reason", f.reason());
        json.writeBooleanField("reconnect", f.code().reconnect());
        JsonEncoder.optional(json, "retry_after_ms", f.retryAfterMillis());
      }
      case ServerFrame.Failed f -> {
        op(json, "error", f.id());
        json.writeStringField("code", f.code().wireName());
        json.writeStringField("message", f.message());
        json.writeBooleanField("retryable", f.code().retryable());
        if (f.retryAfterMillis() > 0) {
          json.writeNumberField("retry_after_ms", f.retryAfterMillis());
        }
      }
    }
  }

  private static void op(JsonGenerator json, String op, @Nullable Long id) throws IOException {
    json.writeStringField("op", op);
    JsonEncoder.optional(json, "id", id);
  }

  private static void welcome(JsonGenerator json, ServerFrame.Welcome f) throws IOException {
    op(json, "welcome", f.id());
    json.writeStringField("user_id", f.userId().value());
    json.writeStringField("device_id", f.deviceId().value());
    json.writeStringField("session_id", f.sessionId());
    JsonEncoder.time(json, "server_time", f.serverTime());
    json.writeNumberField("ping_interval_ms", PING_INTERVAL_MILLIS);
    json.writeNumberField("idle_timeout_ms", IDLE_TIMEOUT_MILLIS);
    json.writeNumberField("max_frame_bytes", Limits.FRAME_BYTES);
    json.writeNumberField("window", Limits.WINDOW);
    json.writeObjectFieldStart("rate");
    json.writeNumberField("messages_per_minute", f.messagesPerMinute());
    json.writeEndObject();
    JsonEncoder.time(json, "expires_at", f.expiresAt());
    JsonEncoder.optional(json, "epoch", f.epoch());
  }
}
