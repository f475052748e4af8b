package parley.user;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * The times of push notifications.
 *
 * @param patience how long a device, or the user at another one, may take to fetch or read an entry
 *     before the device is pushed to; where none of the user's devices is connected nobody is
 *     waited for
 * @param again the least time between two pushes to a device about the same conversation, unless
 *     the device has fetched what it was pushed for
 * @param backoff the wait after the first failure; four times as long after the second
 * @param longestWait the most of a provider's {@code Retry-After} that is honoured
 * @param answer how long the node's push actor may take to answer; then the try has failed
 * @param jitter from 0 to 1, for each wait anew: a wait is between half and one and a half of its
 *     length
 */
public record PushSettings(
    Duration patience,
    Duration again,
    Duration backoff,
    Duration longestWait,
    Duration answer,
    DoubleSupplier jitter) {

  /** What a server uses: {@code parley.user.push}, see {@code parley-user.conf}. */
  public static PushSettings from(Config root, Duration patience) {
    Config push = root.getConfig("parley.user.push");
    return new PushSettings(
        patience,
        push.getDuration("again"),
        push.getDuration("backoff"),
        push.getDuration("longest-wait"),
        push.getDuration("answer"),
        () -> ThreadLocalRandom.current().nextDouble());
  }
}
