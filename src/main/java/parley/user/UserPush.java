package parley.user;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.serial.Wire;

/** Messages to a user about push notifications. */
public sealed interface UserPush extends User.Command {

  /**
   * Repeats the push of a dead letter. The answer is {@link Answer}; {@link Need#WAITS} is sent
   * only after the push is pending durably. An entry that has been read or fetched meanwhile is not
   * pushed.
   *
   * @param dryRun only report what would be done
   */
  record Again(
      ConversationId conversationId,
      DeviceId deviceId,
      long seq,
      boolean dryRun,
      ActorRef<Answer> replyTo)
      implements UserPush {}

  /** The answer to {@link Again}. */
  record Answer(Need need) implements Wire {}

  /** Whether a device needs a push about an entry, and if not, why. */
  enum Need {
    /** It does: the push is pending, or would be without {@code dryRun}. */
    WAITS,
    /** The user has read the entry, or the entry was deleted. */
    READ,
    /** The device has the entry. */
    FETCHED,
    /** The conversation is muted. */
    MUTED,
    /** The user has left the conversation. */
    LEFT,
    /** The device does not exist any more, or it has no token. */
    NO_TOKEN,
    /** The provider of the token is not configured. */
    OFF,
    /**
     * The user cannot take another push now, and none is pending for this entry. Ask again later.
     */
    FULL
  }

  /** The user's {@link UserReminder} wakes it, because a push may be pending. */
  record Woken() implements UserPush {}

  /** The answer to {@link UserReminder.Keep}. */
  record Reminded(@JsonProperty("n") long nr) implements UserPush {}
}
