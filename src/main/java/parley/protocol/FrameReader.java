package parley.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.UserId;

/**
 * Parses a text frame of a client into a {@link ClientFrame}.
 *
 * <p>Never throws, whatever the text; work and memory are bounded by the size of a frame. A
 * returned frame keeps every rule of form and size, so no later code has to check again. Fields are
 * checked in the order in which the protocol lists them, and the error names the first wrong one.
 */
public final class FrameReader {
  /** Most characters of the field {@code client}, a client's description of itself. */
  static final int CLIENT_CHARS = 256;

  /** Most characters of a token; a JWT with many claims has a few thousand. */
  static final int TOKEN_CHARS = 16_384;

  /** Most characters of an inbox cursor. */
  static final int CURSOR_CHARS = 512;

  private FrameReader() {}

  /** The result of parsing a text. */
  public sealed interface Result {}

  /** The text is a valid frame. */
  public record Good(ClientFrame frame) implements Result {}

  /**
   * The text is not a valid frame.
   *
   * @param id the frame's id, if the text is a JSON object with a valid one
   * @param code {@code bad_frame}, {@code too_large}, or {@code bad_request} for an impossible page
   * @param field the wrong field, or {@code frame} for the whole text
   * @param message names the field and states its rule
   */
  public record Bad(@Nullable Long id, ErrorCode code, String field, String message)
      implements Result {}

  /** Parses one text frame. */
  public static Result read(String text) {
    @Nullable Long id = null;
    try {
      ObjectNode object = Json.parse(text, "frame", ErrorCode.BAD_FRAME);
      JsonFields jsonFields = new JsonFields(object, ErrorCode.BAD_FRAME);
      id = jsonFields.frameId();
      return new Good(frame(id, jsonFields));
    } catch (FieldError e) {
      return new Bad(id, e.code(), e.field(), e.text());
    }
  }

  private static ClientFrame frame(@Nullable Long id, JsonFields f) throws FieldError {
    JsonNode op = f.get("op");
    return switch (op == null || !op.isTextual() ? "" : op.textValue()) {
      case "hello" -> hello(id, f);
      case "auth" -> new ClientFrame.Auth(id, f.text("token", 0, TOKEN_CHARS));
      case "ping" -> new ClientFrame.Ping(id);
      case "send" -> send(id, f);
      case "edit" -> edit(id, f);
      case "delete" -> delete(id, f);
      case "react" -> react(id, f);
      case "ack" -> new ClientFrame.Ack(id, f.conversationId(), f.seq("seq"));
      case "read" -> new ClientFrame.Read(id, f.conversationId(), f.seq("seq"));
      case "typing" -> new ClientFrame.Typing(id, f.conversationId(), f.bool("active"));
      case "watch" -> new ClientFrame.Watch(id, f.userIds("user_ids", 0, Limits.WATCHED));
      case "inbox" -> inbox(id, f);
      case "history" -> history(id, f.conversationId(), f);
      default ->
          throw f.invalid(
              "op",
              "one of hello, auth, ping, send, edit, delete, react, ack, read, typing, watch,"
                  + " inbox, history");
    };
  }

  // An empty token is accepted here: whether a token is valid is not a question of form.
  private static ClientFrame hello(@Nullable Long id, JsonFields f) throws FieldError {
    String token = f.text("token", 0, TOKEN_CHARS);
    var deviceId = f.deviceId("device_id");
    @Nullable String client = f.textOrNull("client", 0, CLIENT_CHARS);
    @Nullable Boolean fresh = f.boolOrNull("fresh");
    return new ClientFrame.Hello(
        id, token, deviceId, client == null ? "" : client, fresh != null && fresh);
  }

  /** A new message, from the socket or from REST. */
  static ClientFrame.Post send(@Nullable Long id, JsonFields f) throws FieldError {
    boolean toConversation = f.get("conversation_id") != null;
    boolean toUser = f.get("to") != null;
    if (toConversation && toUser) {
      throw f.invalid("to", "left out where conversation_id is given");
    }
    @Nullable UserId to = toUser ? f.userId("to") : null;
    @Nullable ConversationId conversationId = toUser ? null : f.conversationId();
    String clientMsgId = f.clientMsgId();
    // Without the media service, media is as unknown as any other type.
    f.oneOf("type", List.of("text"));
    String content = f.content();
    @Nullable Long replyTo = f.seqOrNull("reply_to");
    List<UserId> mentions =
        f.get("mentions") == null ? List.of() : f.userIds("mentions", 0, Limits.MENTIONS);
    return new ClientFrame.Post(
        id, conversationId, to, clientMsgId, new EntryIntent.Text(content, replyTo, mentions));
  }

  private static ClientFrame edit(@Nullable Long id, JsonFields f) throws FieldError {
    ConversationId conversationId = f.conversationId();
    String clientMsgId = f.clientMsgId();
    EntryIntent entryIntent = new EntryIntent.Edit(f.seq("target_seq"), f.content());
    return new ClientFrame.Post(id, conversationId, null, clientMsgId, entryIntent);
  }

  private static ClientFrame delete(@Nullable Long id, JsonFields f) throws FieldError {
    ConversationId conversationId = f.conversationId();
    String clientMsgId = f.clientMsgId();
    EntryIntent entryIntent = new EntryIntent.Delete(f.seq("target_seq"));
    return new ClientFrame.Post(id, conversationId, null, clientMsgId, entryIntent);
  }

  private static ClientFrame react(@Nullable Long id, JsonFields f) throws FieldError {
    ConversationId conversationId = f.conversationId();
    String clientMsgId = f.clientMsgId();
    EntryIntent entryIntent = new EntryIntent.React(f.seq("target_seq"), f.reaction());
    return new ClientFrame.Post(id, conversationId, null, clientMsgId, entryIntent);
  }

  /** A request for a page of the inbox, from the socket or from REST. */
  static ClientFrame.Inbox inbox(@Nullable Long id, JsonFields f) throws FieldError {
    int limit = f.limit(Limits.INBOX_PAGE, Limits.INBOX_PAGE_DEFAULT);
    return new ClientFrame.Inbox(id, limit, f.textOrNull("cursor", 0, CURSOR_CHARS));
  }

  /** A request for a page of a conversation, from the socket or from REST. */
  static ClientFrame.History history(@Nullable Long id, ConversationId conversationId, JsonFields f)
      throws FieldError {
    @Nullable Long before = f.seqOrNull("before");
    @Nullable Long after =
        f.get("after") == null
            ? null
            : Long.valueOf(
                f.integer("after", 0, Long.MAX_VALUE, "a 64-bit integer that is not negative"));
    if (before != null && after != null) {
      throw new FieldError(
          ErrorCode.BAD_REQUEST, "before", "before must be left out where after is given");
    }
    int limit = f.limit(Limits.PAGE, Limits.PAGE_DEFAULT);
    return new ClientFrame.History(id, conversationId, before, after, limit);
  }
}
