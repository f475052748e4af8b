package parley.user;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.Limits;
import parley.model.Presence;
import parley.model.UserId;

/**
 * The user's presence and the sessions that watch it. Kept in memory only: after a restart there
 * are no sessions, and watchers renew their watch. Watchers are limited by number and by lease, and
 * not by death watch. One user may be watched from a thousand connections, and a watcher that is
 * gone only costs messages without a recipient until its lease ends.
 */
final class PresenceTracker {
  private final UserId id;
  private final long leaseMillis;
  private final Map<ActorRef<Delivery>, Long> watchers = new LinkedHashMap<>();
  private Presence.Status chosenStatus = Presence.Status.ONLINE;
  private Presence.Status lastSentStatus = Presence.Status.OFFLINE;
  private long hiddenSince;

  PresenceTracker(UserId id, long leaseMillis) {
    this.id = id;
    this.leaseMillis = leaseMillis;
  }

  /** Sets how the user wants to appear. Reset when the last session ends. */
  void setStatus(Presence.Status status, long now) {
    if (status == Presence.Status.OFFLINE && chosenStatus != Presence.Status.OFFLINE) {
      hiddenSince = now;
    }
    chosenStatus = status;
  }

  /**
   * The presence that others see. A user that appears offline was last seen when that status was
   * set.
   */
  Presence current(boolean live, long lastSeenAt, long now) {
    if (!live) {
      return new Presence(id, Presence.Status.OFFLINE, lastSeenAt);
    }
    long seen = chosenStatus == Presence.Status.OFFLINE ? hiddenSince : now;
    return new Presence(id, chosenStatus, seen);
  }

  /** Starts or renews a watch. Beyond the bound, a new watcher receives the first answer only. */
  void watch(ActorRef<Delivery> watcher, Presence current, long now) {
    if (watchers.size() >= Limits.WATCHERS) {
      dropExpired(now);
    }
    if (watchers.containsKey(watcher) || watchers.size() < Limits.WATCHERS) {
      watchers.put(watcher, now + leaseMillis);
    }
    watcher.tell(new Delivery.PresenceSeen(current));
  }

  void unwatch(ActorRef<Delivery> watcher) {
    watchers.remove(watcher);
  }

  /** Tells the watchers if the status has changed. */
  void changed(Presence current, long now) {
    if (current.status() == lastSentStatus) {
      return;
    }
    lastSentStatus = current.status();
    dropExpired(now);
    Delivery.PresenceSeen seen = new Delivery.PresenceSeen(current, now);
    watchers.keySet().forEach(watcher -> watcher.tell(seen));
  }

  /** The last session has ended. */
  void lastSessionEnded() {
    chosenStatus = Presence.Status.ONLINE;
  }

  /**
   * Whether there are watchers. The user then stays in memory, because otherwise its next hello
   * would not reach them.
   */
  boolean hasWatchers(long now) {
    dropExpired(now);
    return !watchers.isEmpty();
  }

  int watchers() {
    return watchers.size();
  }

  private void dropExpired(long now) {
    watchers.values().removeIf(end -> end <= now);
  }
}
