package parley.user;

import java.time.Duration;

/**
 * The times of a user entity.
 *
 * @param flushAfter how long changes are gathered before they become one event
 * @param idle how long without sessions and messages before it leaves memory
 * @param watchLease how long a presence watch lives without renewal
 * @param snapshotEvery events between snapshots
 */
public record UserSettings(
    Duration flushAfter, Duration idle, Duration watchLease, int snapshotEvery) {
  /** What a server uses. */
  public static UserSettings standard() {
    return new UserSettings(
        Duration.ofMillis(250), Duration.ofMinutes(2), Duration.ofSeconds(150), 100);
  }
}
