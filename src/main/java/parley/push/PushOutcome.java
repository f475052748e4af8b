package parley.push;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Outcome of a notification. Reasons are short words for operators: the provider's own word if it
 * gave one, else one of this server. They contain nothing of a token, a user or a message.
 */
public sealed interface PushOutcome {
  /** The provider has accepted the notification; whether the device gets it is unknown. */
  record Delivered() implements PushOutcome {}

  /**
   * The notification was not sent, or its fate is unknown; another attempt may succeed.
   *
   * @param after the shortest wait the provider asks for, null if it names none
   */
  record Retry(@Nullable Duration after, String reason) implements PushOutcome {
    /**
     * Whether this outcome contains no verdict of the provider: the provider was not asked ({@code
     * busy}, {@code unreachable}, {@code switched_off}), or this node stopped before the answer
     * came ({@code stopping}).
     */
    public boolean withoutVerdict() {
      return reason.equals(FailureReasons.BUSY)
          || reason.equals(FailureReasons.UNREACHABLE)
          || reason.equals(FailureReasons.SWITCHED_OFF)
          || reason.equals(FailureReasons.STOPPING);
    }
  }

  /**
   * The token no longer reaches a device.
   *
   * @param since when the provider found out, in epoch milliseconds; 0 if it names no time. A token
   *     registered after that time is a different one
   */
  record Gone(long since, String reason) implements PushOutcome {}

  /** The provider will never accept this notification; nothing is known against the token. */
  record Refused(String reason) implements PushOutcome {}
}
