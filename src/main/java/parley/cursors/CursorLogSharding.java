package parley.cursors;

import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.typed.Cluster;
import parley.telemetry.Telemetry;

/**
 * Registers the cursor log with cluster sharding. It runs on nodes with the role {@value #ROLE}
 * only, which every version has that knows the log. While a node of an older version is in the
 * cluster, nothing is given to the log: that node would not ask it.
 */
public final class CursorLogSharding {
  /** The role of nodes that know the cursor log. */
  static final String ROLE = "cursor-log";

  private CursorLogSharding() {}

  /** Registers the log, and returns how conversations reach it. */
  public static CursorLog.Sender init(
      ActorSystem<?> system, InstantSource clock, Telemetry telemetry) {
    ClusterSharding sharding = ClusterSharding.get(system);
    sharding.init(
        Entity.of(
                CursorLog.KEY,
                entity ->
                    CursorLogEntity.create(
                        CursorLogEntity.GATHER, CursorLogEntity.SNAPSHOT_EVERY, clock, telemetry))
            .withRole(ROLE)
            .withStopMessage(CursorLogEntity.stop()));
    Cluster cluster = Cluster.get(system);
    return new CursorLog.Sender() {
      @Override
      public void tell(CursorLog.Command message) {
        sharding.entityRefFor(CursorLog.KEY, CursorLog.ID).tell(message);
      }

      @Override
      public boolean mayHold() {
        return true;
      }

      @Override
      public boolean isOpen() {
        for (var member : cluster.state().getMembers()) {
          if (!member.getRoles().contains(ROLE)) {
            return false;
          }
        }
        return true;
      }
    };
  }
}
