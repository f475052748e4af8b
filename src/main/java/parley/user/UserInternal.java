package parley.user;

import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.push.PushOutcome;
import parley.serial.Local;

/**
 * Messages that a user entity sends to itself: timers, ends of sessions, answers, passivation. They
 * never leave the node.
 */
sealed interface UserInternal extends User.Command, Local {
  /** Write unsaved changes to the journal. */
  record Flush() implements UserInternal {}

  /** Timer: notices to conversations may be due. */
  record NoticesDue() implements UserInternal {}

  /** Timer: ask conversations again for rows. */
  record AskForRows() implements UserInternal {}

  /** Timer: a push may be due. */
  record PushDue() implements UserInternal {}

  /** The outcome of an attempt to push. */
  record PushSent(long reference, PushOutcome outcome) implements UserInternal {}

  /** A dead letter is durable. */
  record LetterKept(long reference) implements UserInternal {}

  /** The account has confirmed the end of the login, or could not be told. */
  record LoginTold(String sid, boolean known) implements UserInternal {}

  /** Timer: tell the account again of logins that have ended. */
  record LoginEndNoticesDue() implements UserInternal {}

  /**
   * The answer to the claim of a token that is being registered.
   *
   * @param nr the number of the claim; null if another user may still have the token
   */
  record TokenClaimed(User.SetPushToken command, String hash, @Nullable Long nr)
      implements UserInternal {}

  /**
   * The answer to a claim that was repeated after a logout.
   *
   * @param nr the number of the claim, or {@link PushTokens#TAKEN}; null if the outcome is unknown
   */
  record TokenReclaimed(DeviceId deviceId, String hash, @Nullable Long nr)
      implements UserInternal {}

  /** The owner record of a push token has confirmed a release, or could not be told. */
  record TokenReleased(String hash, long claim, boolean known) implements UserInternal {}

  /** Timer: send releases and claims to owner records again. */
  record TokensDue() implements UserInternal {}

  /** Timer: tell sessions again that they must end, and answer who waits for it. */
  record EndedSessionsDue() implements UserInternal {}

  /** Receive timeout: no message has arrived for a while. */
  record Idle() implements UserInternal {}

  /** Stop, after all changes are in the journal. */
  record Stop() implements UserInternal {}

  /** A session has ended, on whatever node it was. */
  record SessionEnded(DeviceId deviceId, ActorRef<Delivery> session) implements UserInternal {}
}
