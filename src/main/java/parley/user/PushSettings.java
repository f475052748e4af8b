package parley.user;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * The times of push notifications.
 *
 * @param patience how long a push waits while any device of the user is connected, in which its
 *     entry may be fetched or read; if no device is connected there is no wait
 * @param again the shortest time between two pushes to a device about the same conversation, unless
 *     the device has fetched the entry of the first
 * @param backoff the wait after the first failure; four times as long after the second
 * @param longestWait the longest {@code Retry-After} of a provider that is honoured
 * @param answer how long the node's push actor may take to answer; after that the attempt has
 *     failed
 * @param jitter a random number from 0 to 1, drawn anew for each wait: a wait is between half and
 *     one and a half of its length
 */
public record PushSettings(
    Duration patience,
    Duration again,
    Duration backoff,
    Duration longestWait,
    Duration answer,
    DoubleSupplier jitter) {

  /** The settings of a server: {@code parley.user.push}, see {@code parley-user.conf}. */
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
