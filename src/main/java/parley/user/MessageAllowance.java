package parley.user;

import org.apache.pekko.actor.typed.ActorRef;
import parley.bounds.BoundedMap;
import parley.model.UserId;

/**
 * The user's one shared message bucket, filled from what nodes report. Kept in memory only: if it
 * is lost by a restart or a move, the user gains one burst, and the nodes' own buckets limit the
 * user meanwhile.
 */
final class MessageAllowance {
  /**
   * The most nodes that receive the level; beyond that the node that reported longest ago is
   * dropped.
   */
  static final int NODES = 16;

  /** A node that has reported nothing for this long has an almost full bucket. */
  private static final long NODE_EXPIRY_MILLIS = 60_000;

  /**
   * The longest possible time until the bucket is full. A bucket of a minute's messages is full
   * again after a minute, and what nodes granted beyond it is less than another minute's. A longer
   * time means that the clock was set back.
   */
  private static final long MAX_REFILL_MICROS = 120_000_000;

  private final UserId id;
  private final BoundedMap<ActorRef<User.Level>, Long> nodes = BoundedMap.byAge(NODES);
  private long fullAtMicros;

  MessageAllowance(UserId id) {
    this.id = id;
  }

  /** Handles the report of a node. */
  void spent(User.Spent report, long now) {
    long micros = now * 1_000;
    long before = Math.min(Math.max(fullAtMicros, micros), micros + MAX_REFILL_MICROS);
    fullAtMicros = before + Math.max(0, report.messages()) * report.intervalMicros();
    nodes.putLast(report.node(), now);
    nodes.values().removeIf(at -> at + NODE_EXPIRY_MILLIS < now);
    if (nodes.size() > 1) {
      User.Level level = new User.Level(id, fullAtMicros - micros);
      nodes.keySet().forEach(node -> node.tell(level));
    }
  }
}
