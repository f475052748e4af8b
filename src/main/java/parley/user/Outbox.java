package parley.user;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The push notifications a user's devices are owed, as the journal says: the durable outbox. What
 * stands here is sent, however often the user's node dies, until it is noted as done. At most
 * {@link PushPlan#MOST}.
 */
final class Outbox {
  private final Map<Owed.Key, Owed> owed = new LinkedHashMap<>(4);

  @Nullable Owed get(Owed.Key key) {
    return owed.get(key);
  }

  Collection<Owed> all() {
    return owed.values();
  }

  boolean isEmpty() {
    return owed.isEmpty();
  }

  void put(Owed one) {
    owed.put(one.key(), one);
  }

  void remove(Owed.Key key) {
    owed.remove(key);
  }

  /** Only these devices can still be pushed to. */
  void retain(Set<Long> devices) {
    owed.keySet().removeIf(key -> !devices.contains(key.device()));
  }
}
