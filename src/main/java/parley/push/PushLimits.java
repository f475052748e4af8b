package parley.push;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Bounds of {@link PushService}, for each provider by itself; the defaults and their reasons stand
 * in {@code parley-push.conf}.
 *
 * @param inFlight most notifications the provider has not answered yet, 1 or more
 * @param queue most notifications that wait for a place among those, 0 or more; the next one is
 *     answered {@link PushOutcome.Retry} at once
 * @param timeout how long an answer may take; then it is {@link PushOutcome.Retry} {@code timeout},
 *     and a later answer is ignored
 */
public record PushLimits(int inFlight, int queue, Duration timeout) {
  /** Refuses what is out of range by {@link IllegalArgumentException}. */
  public PushLimits {
    if (inFlight < 1 || queue < 0 || timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a place in flight and a time at least");
    }
  }

  /** Reads {@code parley.push}; throws {@link com.typesafe.config.ConfigException} if it is bad. */
  public static PushLimits from(Config root) {
    Config push = root.getConfig("parley.push");
    return new PushLimits(
        push.getInt("in-flight"), push.getInt("queue"), push.getDuration("timeout"));
  }
}
