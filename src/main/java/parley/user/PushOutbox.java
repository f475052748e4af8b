package parley.user;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The push notifications a user's devices are owed, as the journal says: the durable outbox. What
 * stands here is sent, however often the user's node dies, until it is noted as done. At most
 * {@link PushSchedule#MOST}.
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

  /** Only these devices can still be pushed to. */
  void retain(Set<Long> devices) {
    owed.keySet().removeIf(key -> !devices.contains(key.device()));
  }
}
