package parley.snapshot;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Which events of an entity may be removed, as a snapshot of the entity stores it. Part of the
 * storage format: fields may be added, never renamed or removed.
 *
 * <pre>
 *   ... due ......... next ............ previous ...... snapshot ... newest event
 *   removed |          kept: younger than a day, or not covered by the previous snapshot
 * </pre>
 *
 * @param snapshot the number of the snapshot that holds this plan; 0 if there is none
 * @param next the number of an earlier snapshot, or of this one. The events up to it are removed
 *     when it is a day old
 * @param since when the snapshot {@code next} was taken, epoch milliseconds
 * @param due events up to this number may be removed, with this snapshot or an earlier one
 * @param removed events up to this number were due with an earlier snapshot. What a crash or a
 *     failure left of them goes with the next events that are due
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record RemovalPlan(long snapshot, long next, long since, long due, long removed) {
  /**
   * The least age of a removed event. The write guard takes the number of a removed event for free.
   * So a node that was removed from the cluster and does not know it must not be able to write such
   * a number: it would have to be paused for a day.
   */
  static final Duration AGE = Duration.ofDays(1);

  /** The plan of an entity that has no snapshot, or one of a version without plans. */
  static final RemovalPlan NONE = new RemovalPlan(0, 0, 0, 0, 0);

  static RemovalPlan orNone(@Nullable RemovalPlan plan) {
    return plan == null ? NONE : plan;
  }

  /**
   * The plan of the next snapshot. Only an earlier snapshot becomes due, so the previous snapshot
   * and the events after it stay.
   */
  RemovalPlan at(long number, long now) {
    if (next == 0) {
      return new RemovalPlan(number, number, now, due, due);
    }
    return now - since >= AGE.toMillis()
        ? new RemovalPlan(number, number, now, next, due)
        : new RemovalPlan(number, next, since, due, due);
  }
}
