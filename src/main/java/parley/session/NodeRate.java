package parley.session;

import java.util.function.IntSupplier;
import parley.bounds.CellRate;

/**
 * Rate limit of the messages of all clients of this node, and this node's part of that of the whole
 * cluster; the smaller one holds. Thread-safe.
 *
 * <p>A node takes the limit of the cluster divided by the members that are up as it sees them,
 * rounded up, and asks nobody. So the nodes together may pass the limit by less than one message a
 * second for each node, and while members join, leave or do not see each other by the part of those
 * that are not counted. Where clients are unevenly spread, a node refuses while others have room.
 * Rejected: a shared bucket as a user has it ({@link MessageRate}); it would be an entity that all
 * messages of the cluster report to.
 */
public final class NodeRate {
  /** Names of these limits in meters. */
  static final String NODE = "node";

  static final String CLUSTER = "cluster";

  private final IntSupplier ofNode;
  private final IntSupplier ofCluster;
  private final IntSupplier members;
  private final CellRate rate = new CellRate();

  /**
   * Creates the limiter of a node.
   *
   * @param ofNode messages a second of this node; 0 is no limit
   * @param ofCluster messages a second of all nodes; 0 is no limit
   * @param members how many nodes are up
   */
  public NodeRate(IntSupplier ofNode, IntSupplier ofCluster, IntSupplier members) {
    this.ofNode = ofNode;
    this.ofCluster = ofCluster;
    this.members = members;
  }

  /** A limiter that never refuses. */
  static NodeRate none() {
    return new NodeRate(() -> 0, () -> 0, () -> 1);
  }

  /** Takes a message. Returns 0, or the milliseconds until there is one. */
  long tryTake(long nowMillis) {
    return rate.tryTake(perSecond(), nowMillis);
  }

  void giveBack() {
    rate.giveBack(perSecond());
  }

  /** Whether there is a limit. */
  boolean limits() {
    return perSecond() > 0;
  }

  /** The name of the limit that holds. */
  String limit() {
    int node = ofNode.getAsInt();
    int part = part();
    return node > 0 && (part == 0 || node <= part) ? NODE : CLUSTER;
  }

  private int perSecond() {
    int node = ofNode.getAsInt();
    int part = part();
    return node == 0 || part == 0 ? Math.max(node, part) : Math.min(node, part);
  }

  private int part() {
    int all = ofCluster.getAsInt();
    return all == 0 ? 0 : Math.ceilDiv(all, Math.max(1, members.getAsInt()));
  }
}
