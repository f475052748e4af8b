package parley.user;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The durable outbox: the push notifications that are pending for a user's devices, according to
 * the journal. Each of them is sent until its outcome is recorded, however often the user's node
 * dies. At most {@link PushSchedule#MAX_PENDING}.
 */
final class PushOutbox {
  private final Map<PendingPush.Key, PendingPush> pending = new LinkedHashMap<>(4);

  @Nullable PendingPush get(PendingPush.Key key) {
    return pending.get(key);
  }

  Collection<PendingPush> all() {
    return pending.values();
  }

  boolean isEmpty() {
    return pending.isEmpty();
  }

  void put(PendingPush one) {
    pending.put(one.key(), one);
  }

  void remove(PendingPush.Key key) {
    pending.remove(key);
  }

  /** Drops the pushes of all other devices. */
  void retainDevices(Set<Long> devices) {
    pending.keySet().removeIf(key -> !devices.contains(key.device()));
  }
}
