package parley.protocol;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Presence;
import parley.model.Role;
import parley.model.UserId;

/**
 * The body of an HTTP call. Everything has been checked for form and size; whether it is allowed is
 * not known yet.
 */
public sealed interface Request {

  /**
   * A new account.
   *
   * @param displayName the username where the client gave none
   */
  record Register(String username, String password, String displayName) implements Request {
    @Override
    public String toString() {
      return "Register[" + username + ", password=[REDACTED]]";
    }
  }

  /**
   * Proof of an account. Only bounded, not checked by the rules for new accounts: a name or
   * password that cannot exist is a wrong one.
   *
   * @param knownDevice what an earlier login gave; null where the body has none: then it is the
   *     cookie's
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
   * Refresh and logout.
   *
   * @param refreshToken null where the body has none: then it is the cookie's
   */
  record Refresh(@Nullable String refreshToken) implements Request {
    @Override
    public String toString() {
      return "Refresh[refreshToken=[REDACTED]]";
    }
  }

  /**
   * A change of the own profile; null is unchanged.
   *
   * @param avatarUrl empty takes the picture away
   */
  record PatchMe(@Nullable String displayName, @Nullable String avatarUrl) implements Request {}

  /** How the user wants to be seen. */
  record SetPresence(Presence.Status status) implements Request {}

  /** Where to wake a device. */
  record PushToken(Platform platform, String token) implements Request {
    @Override
    public String toString() {
      return "PushToken[" + platform + ", token=[REDACTED]]";
    }
  }

  /** The direct conversation with this person. */
  record OpenDirect(UserId userId) implements Request {}

  /**
   * A new group; the caller is its admin and need not be among the members.
   *
   * @param clientRef the caller's own name for it, null where it gave none: for 24 hours the same
   *     name is the same group
   */
  record CreateGroup(
      String name, List<UserId> memberIds, @Nullable String avatarUrl, @Nullable String clientRef)
      implements Request {}

  /**
   * A change of a group; null is unchanged.
   *
   * @param avatarUrl empty takes the picture away
   */
  record PatchGroup(@Nullable String name, @Nullable String avatarUrl) implements Request {}

  /** More members of a group; at least one. */
  record AddMembers(List<UserId> userIds) implements Request {}

  /** What a member may do. */
  record SetRole(Role role) implements Request {}

  /** The user has read everything up to seq. */
  record MarkRead(long seq) implements Request {}

  /** How a conversation stands in the own inbox; null is unchanged. */
  record PatchConversation(
      @Nullable Boolean muted, @Nullable Boolean pinned, @Nullable Boolean archived)
      implements Request {}

  /** Whose push service. */
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
