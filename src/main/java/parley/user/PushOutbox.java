package parley.user;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The durable outbox: the push notifications that are pending for a user's devices, according to
 * the journal. Each of them is sent until its outcome is recorded, however often the user's node
 * dies. At most {@link PushSchedule#MOST}.
 */
final class PushOutbox {
  private final Map<PendingPush.Key, PendingPush> owed = new LinkedHashMap<>(4);

  @Nullable PendingPush get(PendingPush.Key key) {
    return owed.get(key);
  }

  Collection<PendingPush> all() {
    return owed.values();
  }

  boolean isEmpty() {
    return owed.isEmpty();
  }

  void put(PendingPush one) {
    owed.put(one.key(), one);
  }

  void remove(PendingPush.Key key) {
    owed.remove(key);
  }

  /** Drops the pushes of all other devices. */
  void retain(Set<Long> devices) {
    owed.keySet().removeIf(key -> !devices.contains(key.device()));
  }
}
