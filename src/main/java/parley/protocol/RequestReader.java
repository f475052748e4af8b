package parley.protocol;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Presence;
import parley.model.Refusal;
import parley.model.Role;

/**
 * Parses the body or query of an HTTP call into a {@link Request} or, if the socket has the same
 * operation, into its {@link ClientFrame}. The rules are those of {@link FrameReader}: it never
 * throws, work is bounded, and the error names the first wrong field.
 */
public final class RequestReader {
  /** Most characters of a password; a longer one would only make hashing slower. */
  static final int PASSWORD_CHARS = 128;

  private static final int PUSH_TOKEN_CHARS = 4_096;
  private static final String USERNAME_RULE = "3 to 32 characters [a-z0-9_.-]";

  private RequestReader() {}

  /** The result of parsing a body or a query. */
  public sealed interface Result<T> {}

  /** The input is a valid request. */
  public record Good<T>(T value) implements Result<T> {}

  /**
   * The input is not a valid request.
   *
   * @param code {@code bad_request} or {@code too_large}
   * @param field the wrong field, or {@code body} for the whole body
   * @param message names the field and states its rule
   */
  public record Bad<T>(ErrorCode code, String field, String message) implements Result<T> {
    /** The error as a refusal, without the separate field name. */
    public Refusal refusal() {
      return Refusal.of(code, message);
    }
  }

  @FunctionalInterface
  private interface Parse<T> {
    T from(JsonFields jsonFields) throws FieldError;
  }

  private static <T> Result<T> read(byte[] body, Parse<T> parse) {
    try {
      if (body.length > Limits.FRAME_BYTES) {
        throw new FieldError(
            ErrorCode.TOO_LARGE, "body", "body must be at most " + Limits.FRAME_BYTES + " bytes");
      }
      String text = TextRules.decode(body);
      if (text == null) {
        throw new FieldError(ErrorCode.BAD_REQUEST, "body", "body must be UTF-8");
      }
      return read(Json.parse(text, "body", ErrorCode.BAD_REQUEST), parse);
    } catch (FieldError e) {
      return new Bad<>(e.code(), e.field(), e.text());
    }
  }

  private static <T> Result<T> read(ObjectNode object, Parse<T> parse) {
    try {
      return new Good<>(parse.from(new JsonFields(object, ErrorCode.BAD_REQUEST)));
    } catch (FieldError e) {
      return new Bad<>(e.code(), e.field(), e.text());
    }
  }

  /** POST /v1/auth/register. */
  public static Result<Request.Register> register(byte[] body) {
    return read(
        body,
        f -> {
          String username = f.string("username", USERNAME_RULE);
          if (!TextRules.isName(username, 3, 32, false, "_.-")) {
            throw f.invalid("username", USERNAME_RULE);
          }
          String password = f.text("password", 8, PASSWORD_CHARS);
          @Nullable String displayName = f.textOrNull("display_name", 1, Limits.NAME_CHARS);
          return new Request.Register(
              username, password, displayName == null ? username : displayName);
        });
  }

  /** POST /v1/auth/login. */
  public static Result<Request.Login> login(byte[] body) {
    return read(
        body,
        f ->
            new Request.Login(
                f.text("username", 0, PASSWORD_CHARS),
                f.text("password", 0, PASSWORD_CHARS),
                f.textOrNull("known_device", 0, FrameReader.TOKEN_CHARS)));
  }

  /** POST /v1/auth/refresh and /v1/auth/logout: with a cookie the body may be empty. */
  public static Result<Request.Refresh> refresh(byte[] body) {
    if (body.length == 0) {
      return new Good<>(new Request.Refresh(null));
    }
    return read(
        body, f -> new Request.Refresh(f.textOrNull("refresh_token", 0, FrameReader.TOKEN_CHARS)));
  }

  /** PATCH /v1/users/me. */
  public static Result<Request.PatchMe> patchMe(byte[] body) {
    return read(
        body,
        f ->
            new Request.PatchMe(f.textOrNull("display_name", 1, Limits.NAME_CHARS), changedUrl(f)));
  }

  /** PUT /v1/users/me/presence. */
  public static Result<Request.SetPresence> presence(byte[] body) {
    return read(
        body,
        f -> {
          String status = f.oneOf("status", List.of("online", "away", "offline"));
          return new Request.SetPresence(Presence.Status.valueOf(status.toUpperCase(Locale.ROOT)));
        });
  }

  /** PUT /v1/users/me/devices/{device_id}/push_token. */
  public static Result<Request.PushToken> pushToken(byte[] body) {
    return read(
        body,
        f -> {
          String platform = f.oneOf("platform", List.of("apns", "fcm"));
          // The token becomes part of a path at the push service, so only visible ASCII is allowed.
          String rule = "a string of 1 to " + PUSH_TOKEN_CHARS + " visible ASCII characters";
          String token = f.string("token", rule);
          if (token.isEmpty()
              || token.length() > PUSH_TOKEN_CHARS
              || !TextRules.isVisibleAscii(token)) {
            throw f.invalid("token", rule);
          }
          return new Request.PushToken(
              Request.Platform.valueOf(platform.toUpperCase(Locale.ROOT)), token);
        });
  }

  /** POST /v1/conversations. */
  public static Result<Request.OpenDirect> openDirect(byte[] body) {
    return read(
        body,
        f -> {
          f.oneOf("type", List.of("direct"));
          return new Request.OpenDirect(f.userId("user_id"));
        });
  }

  /** POST /v1/groups. */
  public static Result<Request.CreateGroup> createGroup(byte[] body) {
    return read(
        body,
        f -> {
          String name = f.text("name", 1, Limits.NAME_CHARS);
          var memberIds = f.userIds("member_ids", 0, Limits.GROUP_MEMBERS);
          @Nullable String url = changedUrl(f);
          return new Request.CreateGroup(
              name,
              memberIds,
              url == null || url.isEmpty() ? null : url,
              f.get("client_ref") == null ? null : f.clientRef());
        });
  }

  /** PATCH /v1/groups/{id}. */
  public static Result<Request.PatchGroup> patchGroup(byte[] body) {
    return read(
        body,
        f -> new Request.PatchGroup(f.textOrNull("name", 1, Limits.NAME_CHARS), changedUrl(f)));
  }

  /** POST /v1/groups/{id}/members. */
  public static Result<Request.AddMembers> addMembers(byte[] body) {
    return read(
        body, f -> new Request.AddMembers(f.userIds("user_ids", 1, Limits.GROUP_MEMBERS - 1)));
  }

  /** PUT /v1/groups/{id}/members/{user_id}. */
  public static Result<Request.SetRole> setRole(byte[] body) {
    return read(
        body,
        f ->
            new Request.SetRole(
                f.oneOf("role", List.of("admin", "member")).equals("admin")
                    ? Role.ADMIN
                    : Role.MEMBER));
  }

  /** POST /v1/messages: as the op {@code send}. */
  public static Result<ClientFrame.Post> postMessage(byte[] body) {
    return read(body, f -> FrameReader.send(null, f));
  }

  /** POST /v1/conversations/{id}/read. */
  public static Result<Request.MarkRead> markRead(byte[] body) {
    return read(body, f -> new Request.MarkRead(f.seq("seq")));
  }

  /** PATCH /v1/conversations/{id}. */
  public static Result<Request.PatchConversation> patchConversation(byte[] body) {
    return read(
        body,
        f ->
            new Request.PatchConversation(
                f.boolOrNull("muted"), f.boolOrNull("pinned"), f.boolOrNull("archived")));
  }

  /** The query of GET /v1/conversations. */
  public static Result<ClientFrame.Inbox> inbox(Map<String, String> query) {
    return read(query(query), f -> FrameReader.inbox(null, f));
  }

  /** The query of GET /v1/conversations/{id}/messages. */
  public static Result<ClientFrame.History> history(
      ConversationId conversationId, Map<String, String> query) {
    return read(query(query), f -> FrameReader.history(null, conversationId, f));
  }

  /**
   * Converts a query into an object: a value that looks like a 64-bit integer becomes a number,
   * everything else stays text.
   */
  private static ObjectNode query(Map<String, String> query) {
    ObjectNode object = Json.object();
    query.forEach(
        (name, value) -> {
          // The cursor is opaque and may look like a number.
          if (!name.equals("cursor") && value.matches("-?[0-9]{1,20}")) {
            object.put(name, new BigInteger(value));
          } else {
            object.put(name, value);
          }
        });
    return object;
  }

  /** The new picture URL: null if unchanged, empty if removed. */
  private static @Nullable String changedUrl(JsonFields f) throws FieldError {
    if (f.isNull("avatar_url")) {
      return "";
    }
    return f.get("avatar_url") == null ? null : f.url("avatar_url");
  }
}
