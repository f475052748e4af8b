package parley.push;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Bounds of {@link PushService} that apply to each provider separately. The defaults and their
 * reasons are in {@code parley-push.conf}.
 *
 * @param inFlight most notifications that the provider has not answered yet, 1 or more
 * @param queue most notifications that wait for a place in flight, 0 or more; the next one is
 *     answered {@link PushOutcome.Retry} at once
 * @param timeout the longest wait for an answer; afterwards the outcome is {@link
 *     PushOutcome.Retry} {@code timeout}, and a later answer is ignored
 */
public record PushLimits(int inFlight, int queue, Duration timeout) {
  /** Throws {@link IllegalArgumentException} if a value is out of range. */
  public PushLimits {
    if (inFlight < 1 || queue < 0 || timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(
          "in-flight must be at least 1, queue at least 0, timeout positive");
    }
  }

  /** Reads {@code parley.push}; throws {@link com.typesafe.config.ConfigException} if it is bad. */
  public static PushLimits from(Config root) {
    Config push = root.getConfig("parley.push");
    return new PushLimits(
        push.getInt("in-flight"), push.getInt("queue"), push.getDuration("timeout"));
  }
}
