package parley.user;

import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.push.PushOutcome;
import parley.serial.Local;

/** What a user tells itself: timers, ends of sessions, passivation. Never travels. */
non-sealed interface UserInternal extends User.Command, Local {
  /** What is not in the journal goes there now. */
  record Flush() implements UserInternal {}

  /** Conversations are to be told something, perhaps again. */
  record Tell() implements UserInternal {}

  /** A push may be due. */
  record PushDue() implements UserInternal {}

  /** What became of a push. */
  record PushSent(long reference, PushOutcome outcome) implements UserInternal {}

  /** A dead letter is durable. */
  record LetterKept(long reference) implements UserInternal {}

  /** The account knows that the login has ended, or could not be told. */
  record LoginTold(String sid, boolean known) implements UserInternal {}

  /** Accounts are to be told again. */
  record TellLogins() implements UserInternal {}

  /**
   * The token to be set is this user's now.
   *
   * @param nr of the claim; null where it may be somebody else's still
   */
  record TokenClaimed(User.SetPushToken command, String hash, @Nullable Long nr)
      implements UserInternal {}

  /**
   * The answer to what was claimed anew after a logout.
   *
   * @param nr of the claim, or {@link PushTokens#TAKEN}; null where nobody can tell
   */
  record TokenReclaimed(DeviceId deviceId, String hash, @Nullable Long nr)
      implements UserInternal {}

  /** The owner record of a push token knows of a release, or could not be told. */
  record TokenReleased(String hash, long claim, boolean known) implements UserInternal {}

  /** Owner records are to be told or asked again. */
  record TokensDue() implements UserInternal {}

  /** Nothing came for a while. */
  record Idle() implements UserInternal {}

  /** Leave memory, after everything is in the journal. */
  record Stop() implements UserInternal {}

  /** A session is gone, wherever it was. */
  record SessionEnded(DeviceId deviceId, ActorRef<User.Delivery> session) implements UserInternal {}
}
