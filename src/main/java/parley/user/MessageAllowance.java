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
final class MessageAllowance {
  /** Most nodes that are told the level; beyond it the one that reported longest ago is not. */
  static final int NODES = 16;

  /** A node that has reported nothing for this long has a full bucket, near enough. */
  private static final long REMEMBERED_MILLIS = 60_000;

  /**
   * A bucket of a minute's messages is full again after a minute; what nodes gave beyond it is less
   * than another. More than this is a clock that was set back.
   */
  private static final long LONGEST_MICROS = 120_000_000;

  private final UserId id;
  private final Map<ActorRef<User.Level>, Long> nodes = new LinkedHashMap<>(2);
  private long fullAtMicros;

  MessageAllowance(UserId id) {
    this.id = id;
  }

  /** A node reports. */
  void spent(User.Spent report, long now) {
    long micros = now * 1_000;
    long before = Math.min(Math.max(fullAtMicros, micros), micros + LONGEST_MICROS);
    fullAtMicros = before + Math.max(0, report.messages()) * report.intervalMicros();
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
