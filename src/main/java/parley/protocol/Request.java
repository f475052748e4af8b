package parley.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Presence;
import parley.model.Role;
import parley.model.UserId;

/**
 * The body of an HTTP call. Form and size have been checked; whether the call is allowed has not.
 */
public sealed interface Request {

  /**
   * A new account.
   *
   * @param displayName the username if the client gave none
   */
  record Register(String username, String password, String displayName) implements Request {
    @Override
    public String toString() {
      return "Register[" + username + ", password=[REDACTED]]";
    }
  }

  /**
   * Credentials of an account. Only their length is bounded; the rules for new accounts are not
   * checked, because a name or password that cannot exist is simply wrong.
   *
   * @param knownDevice the value that an earlier login returned; null if the body has none, then
   *     the cookie's value counts
   */
  record Login(String username, String password, @Nullable String knownDevice) implements Request {
    public Login(String username, String password) {
      this(username, password, null);
    }

    @Override
    public String toString() {
      return "Login[password=[REDACTED]]";
    }
  }

  /**
   * A refresh or a logout.
   *
   * @param refreshToken null if the body has none, then the cookie's token counts
   */
  record Refresh(@Nullable String refreshToken) implements Request {
    @Override
    public String toString() {
      return "Refresh[refreshToken=[REDACTED]]";
    }
  }

  /**
   * A change of the caller's profile; null leaves a field unchanged.
   *
   * @param avatarUrl an empty string removes the picture
   */
  record PatchMe(@Nullable String displayName, @Nullable String avatarUrl) implements Request {}

  /** The presence status that the user wants to show. */
  record SetPresence(Presence.Status status) implements Request {}

  /** The push token of a device. */
  record PushToken(Platform platform, String token) implements Request {
    @Override
    public String toString() {
      return "PushToken[" + platform + ", token=[REDACTED]]";
    }
  }

  /** Opens the direct conversation with this user. */
  record OpenDirect(UserId userId) implements Request {}

  /**
   * A new group; the caller is its admin and need not be among the members.
   *
   * @param clientRef the caller's own name for the group, or null if it gave none; the same name
   *     within 24 hours gives the same group
   */
  record CreateGroup(
      String name, List<UserId> memberIds, @Nullable String avatarUrl, @Nullable String clientRef)
      implements Request {}

  /**
   * A change of a group; null leaves a field unchanged.
   *
   * @param avatarUrl an empty string removes the picture
   */
  record PatchGroup(@Nullable String name, @Nullable String avatarUrl) implements Request {}

  /** New members of a group; at least one. */
  record AddMembers(List<UserId> userIds) implements Request {}

  /** The new role of a member. */
  record SetRole(Role role) implements Request {}

  /** The user has read every entry up to {@code seq}. */
  record MarkRead(long seq) implements Request {}

  /** The caller's own marks on an inbox row; null leaves a mark unchanged. */
  record PatchConversation(
      @Nullable Boolean muted, @Nullable Boolean pinned, @Nullable Boolean archived)
      implements Request {}

  /** A push service. */
  enum Platform {
    /** Apple's. */
    APNS("apns"),
    /** Google's. */
    FCM("fcm");

    private final String wireName;

    Platform(String wireName) {
      this.wireName = wireName;
    }

    /** The name on the wire. */
    public String wireName() {
      return wireName;
    }
  }
}
