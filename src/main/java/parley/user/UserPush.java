package parley.user;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.serial.Wire;

/** What a user is told that has to do with push notifications. */
public sealed interface UserPush extends User.Command {

  /**
   * Push once more what became a dead letter. Answers {@link Answer}: with {@link Need#WAITS} only
   * after the push is owed durably. What has been read or fetched meanwhile is not pushed.
   *
   * @param dryRun only say what would be done
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

  /** Whether a device is to be pushed to about an entry. */
  enum Need {
    /** It is: the entry waits, and the push is (or will be) on its way. */
    WAITS,
    /** The user has read it, or it was deleted. */
    READ,
    /** The device has it. */
    FETCHED,
    /** The conversation is muted. */
    MUTED,
    /** The user is no longer in the conversation. */
    LEFT,
    /** There is no such device any more, or it has no token. */
    NO_TOKEN,
    /** The token's provider is not configured. */
    OFF,
    /** The user cannot take more now, and nothing is owed for this: ask again. */
    FULL
  }

  /** The user's reminder: something may be owed. */
  record Woken() implements UserPush {}

  /** The answer to {@link UserReminder.Keep}. */
  record Reminded(@JsonProperty("n") long nr) implements UserPush {}
}
