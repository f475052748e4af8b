package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** Changes that operators make to a user. */
public sealed interface UserAdministration extends User.Command {
  /** The most characters of the reason of a ban. */
  int REASON_LENGTH = 500;

  /** The longest ban that ends, in minutes: ten years. */
  int MAX_MINUTES = 10 * 366 * 24 * 60;

  /**
   * Bans the user. Its sessions end as banned, an attach is refused, and {@link User.Found} says
   * so. The answer is {@link User.Done} when this is durable and the sessions have ended, or after
   * two seconds: then they have been told several times. A ban replaces the one before.
   *
   * @param reason for operators, at most {@value #REASON_LENGTH} characters
   * @param minutes after which the ban ends, at most {@value #MAX_MINUTES}; 0 for never
   */
  record SetBan(String reason, int minutes, ActorRef<User.DoneReply> replyTo)
      implements UserAdministration {
    @Override
    public String toString() {
      return "SetBan[minutes=" + minutes + "]";
    }
  }

  /**
   * Lifts the ban. The answer is {@link User.Done} when this is durable, also if there is no ban.
   */
  record LiftBan(ActorRef<User.DoneReply> replyTo) implements UserAdministration {}

  /**
   * Ends sessions as REMOVED, with their logins: their tokens open no new ones. A session whose
   * token belongs to no login (that of an external issuer) can come back. The answer is {@link
   * User.Done}, or {@code not_found} if there is no such session.
   *
   * @param sessionId the session; null for all sessions, and the logins of all devices
   */
  record EndSessions(
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String sessionId,
      ActorRef<User.DoneReply> replyTo)
      implements UserAdministration {}
}
