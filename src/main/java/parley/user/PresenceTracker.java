package parley.user;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.Limits;
import parley.model.Presence;
import parley.model.UserId;

/**
 * Whether the user is there, and who wants to know. In memory only: after a restart there are no
 * sessions, and watchers renew their watch. Watchers are bounded by number and lease rather than
 * watched: one user may be watched from a thousand connections, and a lost one costs a message into
 * the void until its lease ends.
 */
final class PresenceTracker {
  private final UserId id;
  private final long leaseMillis;
  private final Map<ActorRef<User.Delivery>, Long> watchers = new LinkedHashMap<>();
  private Presence.Status wanted = Presence.Status.ONLINE;
  private Presence.Status told = Presence.Status.OFFLINE;
  private long hiddenSince;

  PresenceTracker(UserId id, long leaseMillis) {
    this.id = id;
    this.leaseMillis = leaseMillis;
  }

  /** How the user wants to appear; forgotten when the last session ends. */
  void want(Presence.Status status, long now) {
    if (status == Presence.Status.OFFLINE && wanted != Presence.Status.OFFLINE) {
      hiddenSince = now;
    }
    wanted = status;
  }

  /** What others see. Who does not want to be seen was last seen when that began. */
  Presence current(boolean live, long lastSeenAt, long now) {
    if (!live) {
      return new Presence(id, Presence.Status.OFFLINE, lastSeenAt);
    }
    long seen = wanted == Presence.Status.OFFLINE ? hiddenSince : now;
    return new Presence(id, wanted, seen);
  }

  /** Start or renew a watch; beyond the bound only the first answer. */
  void watch(ActorRef<User.Delivery> watcher, Presence current, long now) {
    if (watchers.size() >= Limits.WATCHERS) {
      purge(now);
    }
    if (watchers.containsKey(watcher) || watchers.size() < Limits.WATCHERS) {
      watchers.put(watcher, now + leaseMillis);
    }
    watcher.tell(new User.PresenceSeen(current));
  }

  void unwatch(ActorRef<User.Delivery> watcher) {
    watchers.remove(watcher);
  }

  /** Something may have changed: tell the watchers if it has. */
  void changed(Presence current, long now) {
    if (current.status() == told) {
      return;
    }
    told = current.status();
    purge(now);
    User.PresenceSeen seen = new User.PresenceSeen(current);
    watchers.keySet().forEach(watcher -> watcher.tell(seen));
  }

  /** The last session has ended. */
  void nobodyLive() {
    wanted = Presence.Status.ONLINE;
  }

  /**
   * Whether somebody watches: then the user stays in memory, or its next hello would be told to
   * nobody.
   */
  boolean watched(long now) {
    purge(now);
    return !watchers.isEmpty();
  }

  int watchers() {
    return watchers.size();
  }

  private void purge(long now) {
    watchers.values().removeIf(end -> end <= now);
  }
}
