package parley.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationView;
import parley.model.DeviceView;
import parley.model.ErrorCode;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.Profile;
import parley.model.UserId;

/** Encodes the bodies of HTTP answers. They use the same JSON as frames of the same content. */
public final class HttpWriter {
  /** Lifetime of an access token, in seconds. */
  public static final int ACCESS_TOKEN_SECONDS = 900;

  /** The media type of {@link #problem}. */
  public static final String PROBLEM_TYPE = "application/problem+json";

  private HttpWriter() {}

  /** The answer to register, login and refresh. */
  public static String login(UserId userId, String accessToken, String refreshToken) {
    return login(userId, accessToken, refreshToken, null);
  }

  /**
   * The answer to register, login and refresh.
   *
   * @param refreshToken null if the caller must not see it
   * @param knownDevice null if there is none
   */
  public static String login(
      UserId userId,
      String accessToken,
      @Nullable String refreshToken,
      @Nullable String knownDevice) {
    return JsonEncoder.object(
        json -> {
          json.writeStringField("user_id", userId.value());
          json.writeStringField("access_token", accessToken);
          json.writeStringField("token_type", "Bearer");
          json.writeNumberField("expires_in", ACCESS_TOKEN_SECONDS);
          if (refreshToken != null) {
            json.writeStringField("refresh_token", refreshToken);
          }
          if (knownDevice != null) {
            json.writeStringField("known_device", knownDevice);
          }
        });
  }

  /** A user's profile. */
  public static String profile(Profile profile) {
    return JsonEncoder.object(json -> profile(json, profile));
  }

  /** The users that a search has found. */
  public static String users(List<Profile> users) {
    return JsonEncoder.object(
        json -> {
          json.writeArrayFieldStart("users");
          for (Profile user : users) {
            json.writeStartObject();
            profile(json, user);
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  /** A user's devices. */
  public static String devices(List<DeviceView> devices) {
    return JsonEncoder.object(
        json -> {
          json.writeArrayFieldStart("devices");
          for (DeviceView device : devices) {
            json.writeStartObject();
            json.writeStringField("device_id", device.deviceId().value());
            json.writeStringField("client", device.client());
            json.writeBooleanField("online", device.online());
            JsonEncoder.timeOrNever(json, "last_seen", device.lastSeenAt());
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  /** A conversation as a member sees it. */
  public static String conversation(ConversationView view) {
    return JsonEncoder.object(
        json -> {
          json.writeStringField("conversation_id", view.conversationId().value());
          json.writeStringField("type", view.type().wireName());
          json.writeStringField("name", view.name());
          json.writeStringField("avatar_url", view.avatarUrl());
          json.writeArrayFieldStart("members");
          for (ConversationView.MemberView member : view.members()) {
            json.writeStartObject();
            json.writeStringField("user_id", member.userId().value());
            json.writeStringField("role", member.role().wireName());
            JsonEncoder.time(json, "joined_at", member.joinedAt());
            json.writeNumberField("delivered_seq", member.deliveredSeq());
            json.writeNumberField("read_seq", member.readSeq());
            json.writeEndObject();
          }
          json.writeEndArray();
          json.writeNumberField("last_seq", view.lastSeq());
          JsonEncoder.time(json, "created_at", view.createdAt());
        });
  }

  /** A page of the inbox. */
  public static String inbox(InboxPage page) {
    return JsonEncoder.object(json -> JsonEncoder.inbox(json, page));
  }

  /** A page of a conversation as this user sees it. */
  public static String history(HistoryPage page, UserId viewer) {
    return JsonEncoder.object(json -> JsonEncoder.history(json, page, viewer));
  }

  /** The answer to a message: the frame {@code sent}, without an id. */
  public static String sent(ServerFrame.Sent sent) {
    return JsonEncoder.object(
        json -> {
          json.writeStringField("op", "sent");
          JsonEncoder.sent(json, sent);
        });
  }

  /**
   * An error in the format of RFC 9457; its status is {@link ErrorCode#status}.
   *
   * @param detail for developers
   * @param field the wrong field, or null
   */
  public static String problem(ErrorCode code, String detail, @Nullable String field) {
    return problem(code, detail, field, 0);
  }

  /**
   * An error as an RFC 9457 problem.
   *
   * @param detail for developers
   * @param field the wrong field, or null
   * @param retryAfterMillis after how many milliseconds another try is worthwhile; 0 is not written
   */
  public static String problem(
      ErrorCode code, String detail, @Nullable String field, long retryAfterMillis) {
    return JsonEncoder.object(
        json -> {
          json.writeStringField("type", "urn:parley:error:" + code.wireName());
          json.writeStringField("title", title(code));
          json.writeNumberField("status", code.status());
          json.writeStringField("detail", detail);
          json.writeStringField("code", code.wireName());
          JsonEncoder.optional(json, "field", field);
          if (retryAfterMillis > 0) {
            json.writeNumberField("retry_after_ms", retryAfterMillis);
          }
        });
  }

  private static void profile(JsonGenerator json, Profile profile) throws IOException {
    json.writeStringField("user_id", profile.userId().value());
    json.writeStringField("username", profile.username());
    json.writeStringField("display_name", profile.displayName());
    json.writeStringField("avatar_url", profile.avatarUrl());
  }

  private static String title(ErrorCode code) {
    return switch (code) {
      case BAD_REQUEST -> "A field is missing or wrong";
      case BAD_FRAME -> "The frame is not what the protocol says";
      case HELLO_REQUIRED -> "The first frame must be a hello";
      case UNAUTHENTICATED -> "No good token";
      case BAD_CREDENTIALS -> "Wrong username or password";
      case REFRESH_REUSED -> "This refresh token was used before";
      case FORBIDDEN -> "Not allowed";
      case NOT_FOUND -> "Not found";
      case METHOD_NOT_ALLOWED -> "Not a method of this path";
      case REQUEST_TIMEOUT -> "The body did not arrive in time";
      case USERNAME_TAKEN -> "This username is taken";
      case TOO_LARGE -> "Too large";
      case UNSUPPORTED_MEDIA_TYPE -> "The body must be JSON";
      case REJECTED_BY_MODERATION -> "Rejected by moderation";
      case RATE_LIMITED -> "Too many requests";
      case INTERNAL -> "Something went wrong here";
      case UNAVAILABLE -> "Not now";
    };
  }
}
