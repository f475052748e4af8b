package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/**
 * The groups that a user has begun to create within the last day: which {@code client_ref} belongs
 * to which group, and how many there are. At most {@link User#GROUPS_KEPT}. The next group is
 * refused until the oldest one is a day old, because a forgotten reference would create a second
 * group.
 *
 * <p>A time that is more than a day from now, in the past or in the future, is ignored. So after a
 * wrong clock a user waits for two days at most.
 */
final class StartedGroups {
  private static final long DAY = Duration.ofDays(1).toMillis();

  private List<Begun> all = List.of();

  /**
   * One group.
   *
   * @param clientRef the client's own reference for it, null if it gave none
   * @param at epoch milliseconds
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Begun(ConversationId conversationId, @Nullable String clientRef, long at) {}

  /** Adds a group, and drops those that began a day or more before it. */
  void add(Begun begun) {
    List<Begun> kept = new ArrayList<>(all.size() + 1);
    for (Begun one : all) {
      if (begun.at() - one.at() < DAY) {
        kept.add(one);
      }
    }
    kept.add(begun);
    int most = User.GROUPS_KEPT;
    all = List.copyOf(kept.size() > most ? kept.subList(kept.size() - most, kept.size()) : kept);
  }

  /** The group with this reference, or null. */
  @Nullable ConversationId find(String clientRef, long now) {
    for (Begun one : all) {
      if (clientRef.equals(one.clientRef()) && recent(one, now)) {
        return one.conversationId();
      }
    }
    return null;
  }

  /**
   * When one more group may be created.
   *
   * @param perDay the most groups in 24 hours; 0 for as many as are kept
   * @return 0 for now, otherwise the wait in milliseconds
   */
  long retryAfter(int perDay, long now) {
    int most = perDay == 0 ? User.GROUPS_KEPT : Math.min(perDay, User.GROUPS_KEPT);
    long[] times =
        all.stream().filter(one -> recent(one, now)).mapToLong(Begun::at).sorted().toArray();
    return times.length < most ? 0 : times[times.length - most] + DAY - now;
  }

  private static boolean recent(Begun one, long now) {
    return Math.abs(now - one.at()) < DAY;
  }

  /** All groups that are kept, in the order in which they began. */
  List<Begun> all() {
    return all;
  }

  /** Restores the groups of a snapshot; null if an older version wrote the snapshot. */
  static StartedGroups of(@Nullable List<Begun> stored) {
    StartedGroups groups = new StartedGroups();
    groups.all = stored == null ? List.of() : List.copyOf(stored);
    return groups;
  }
}
