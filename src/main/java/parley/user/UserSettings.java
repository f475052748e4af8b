package parley.user;

import java.time.Duration;
import parley.snapshot.SnapshotSchedule;

/**
 * The times of a user entity.
 *
 * @param flushAfter how long changes are gathered before they become one event
 * @param deferredFlushAfter the same for changes that may wait, because their conversation still
 *     has them and repeats them after a crash; 0 if none may wait. Shorter than a conversation
 *     trusts a {@link User.Holding}
 * @param idle how long an entity without sessions and messages stays in memory
 * @param watchLease how long a presence watch lives without renewal
 * @param snapshots when snapshots are taken
 */
public record UserSettings(
    Duration flushAfter,
    Duration deferredFlushAfter,
    Duration idle,
    Duration watchLease,
    SnapshotSchedule snapshots) {
  /** Whether any change may wait. */
  boolean mayWait() {
    return !deferredFlushAfter.isZero();
  }

  /** The settings of a server. */
  public static UserSettings standard() {
    return new UserSettings(
        Duration.ofMillis(250),
        Duration.ofMinutes(3),
        Duration.ofMinutes(2),
        Duration.ofSeconds(150),
        new SnapshotSchedule(125, 4_000));
  }
}
