package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/**
 * The groups a user has begun to make within the last day: which {@code client_ref} is which group,
 * and how many they are. At most {@link User#GROUPS_KEPT}; the next one is refused until the oldest
 * is a day old, because a forgotten reference would make a second group.
 *
 * <p>A time that is more than a day from now, on either side, counts for nothing: where a clock was
 * wrong, nobody waits longer than a day, and two at the most.
 */
final class StartedGroups {
  private static final long DAY = Duration.ofDays(1).toMillis();

  private List<Begun> all = List.of();

  /**
   * One of them.
   *
   * @param clientRef the user's own name for it, null where it gave none
   * @param at epoch milliseconds
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Begun(ConversationId conversationId, @Nullable String clientRef, long at) {}

  /** Takes one in, and forgets those of more than a day before it. */
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

  /** The group of that name, or null. */
  @Nullable ConversationId find(String clientRef, long now) {
    for (Begun one : all) {
      if (clientRef.equals(one.clientRef()) && recent(one, now)) {
        return one.conversationId();
      }
    }
    return null;
  }

  /**
   * When one more may be made.
   *
   * @param perDay at most so many in 24 hours, 0 for as many as are kept
   * @return 0 if now, else after how many milliseconds
   */
  long retryAfter(int perDay, long now) {
    int most = perDay == 0 ? User.GROUPS_KEPT : Math.min(perDay, User.GROUPS_KEPT);
    long[] times = all.stream().filter(o -> recent(o, now)).mapToLong(Begun::at).sorted().toArray();
    return times.length < most ? 0 : times[times.length - most] + DAY - now;
  }

  private static boolean recent(Begun one, long now) {
    return Math.abs(now - one.at()) < DAY;
  }

  /** All that are kept, in the order in which they were begun. */
  List<Begun> all() {
    return all;
  }

  /** Those of a snapshot; null where an older version wrote it. */
  static StartedGroups of(@Nullable List<Begun> stored) {
    StartedGroups groups = new StartedGroups();
    groups.all = stored == null ? List.of() : List.copyOf(stored);
    return groups;
  }
}
