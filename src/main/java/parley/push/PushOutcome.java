package parley.push;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What became of a notification. The reasons are short words for operators: the provider's own
 * where it gave one, else ours; never anything of a token, a user or a message.
 */
public sealed interface PushOutcome {
  /** The provider has taken it; whether the device gets it is not known. */
  record Delivered() implements PushOutcome {}

  /**
   * Not sent, or not known to be; another try may do better.
   *
   * @param after the shortest wait the provider asks for, null where it names none
   */
  record Retry(@Nullable Duration after, String reason) implements PushOutcome {
    /**
     * Whether this says nothing of what the provider thinks of the notification: it was not asked
     * ({@code busy}, {@code unreachable}), or this node had no time to hear its answer ({@code
     * stopping}).
     */
    public boolean untried() {
      return reason.equals(FailureReasons.BUSY)
          || reason.equals(FailureReasons.UNREACHABLE)
          || reason.equals(FailureReasons.STOPPING);
    }
  }

  /**
   * The token reaches nobody any more.
   *
   * @param since when the provider found so, in epoch milliseconds; 0 where it names no time. A
   *     token that was registered after it is another one
   */
  record Gone(long since, String reason) implements PushOutcome {}

  /** This notification will never be taken; nothing is known against the token. */
  record Refused(String reason) implements PushOutcome {}
}
