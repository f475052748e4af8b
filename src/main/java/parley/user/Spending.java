package parley.user;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.UserId;

/**
 * The one bucket of messages of a user, filled from what nodes report. In memory only: whoever
 * loses it (a restart, a move) gives the user one burst, and nodes keep their own buckets
 * meanwhile.
 */
final class Spending {
  /** Most nodes that are told the level; beyond it the one that reported longest ago is not. */
  static final int NODES = 16;

  /** A node that has reported nothing for this long has a full bucket, near enough. */
  private static final long REMEMBERED_MILLIS = 60_000;

  private final UserId id;
  private final Map<ActorRef<User.Level>, Long> nodes = new LinkedHashMap<>(2);
  private long fullAtMicros;

  Spending(UserId id) {
    this.id = id;
  }

  /** A node reports. */
  void spent(User.Spent report, long now) {
    long micros = now * 1_000;
    fullAtMicros =
        Math.max(fullAtMicros, micros) + Math.max(0, report.messages()) * report.intervalMicros();
    nodes.remove(report.node());
    nodes.values().removeIf(at -> at + REMEMBERED_MILLIS < now);
    if (nodes.size() >= NODES) {
      nodes.remove(nodes.keySet().iterator().next());
    }
    nodes.put(report.node(), now);
    if (nodes.size() > 1) {
      User.Level level = new User.Level(id, fullAtMicros - micros);
      nodes.keySet().forEach(node -> node.tell(level));
    }
  }
}
