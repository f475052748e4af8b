package parley.cluster;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.telemetry.Telemetry;

/** Makes this node a member of its cluster, and waits until it is one. */
public final class ClusterJoin {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterJoin.class);

  /** A single node is up in a moment. If this takes longer, it cannot reach itself. */
  private static final Duration SINGLE_NODE_TIMEOUT = Duration.ofSeconds(30);

  /** How often a node that waits for others logs that it waits. */
  private static final Duration REMINDER_INTERVAL = Duration.ofSeconds(20);

  private ClusterJoin() {}

  /**
   * Joins the cluster, and returns when this node is a member that may do work. Blocks: a single
   * node for 30 s at most, others for as long as it takes or until the system ends. The first nodes
   * of a deployment wait for each other and can be started in any order.
   *
   * @throws SettingsException if a single node cannot reach itself
   * @throws NotJoinedException if the node was removed, or the system ended, before it was a member
   */
  public static void join(ActorSystem<?> system, Settings.Cluster how) throws SettingsException {
    Cluster cluster = Cluster.get(system);
    CompletableFuture<Done> up = new CompletableFuture<>();
    cluster.registerOnMemberUp(() -> up.complete(Done.done()));
    cluster.registerOnMemberRemoved(
        () -> up.completeExceptionally(new IllegalStateException("it was removed")));
    switch (how.kind()) {
      // Up at once; discovery would wait for other nodes first.
      case SINGLE -> cluster.join(cluster.selfAddress());
      case SEED -> {
        SeedMajority.await(system, how.remote(), how.seeds());
        cluster.joinSeedNodes(toScala(addresses(cluster.selfAddress(), how.seeds())));
      }
      // The management port must be bound already: the nodes ask each other there before one of
      // them forms a cluster.
      case KUBERNETES -> ClusterBootstrap.get(system).start();
    }
    await(system, up, how);
  }

  /**
   * Registers gauges of the members as this node sees them. If two nodes differ for long, the
   * cluster is split.
   */
  public static void registerMeters(ActorSystem<?> system, Telemetry telemetry) {
    Cluster cluster = Cluster.get(system);
    telemetry.gauge(
        Telemetry.CLUSTER_MEMBERS,
        () -> {
          int up = 0;
          for (Member member : cluster.state().getMembers()) {
            up += member.status() == MemberStatus.up() ? 1 : 0;
          }
          return up;
        });
    telemetry.gauge(Telemetry.CLUSTER_UNREACHABLE, () -> cluster.state().getUnreachable().size());
  }

  /** The addresses of the seed nodes. All nodes use the same name of the actor system. */
  private static List<Address> addresses(Address self, List<HostPort> seeds) {
    return seeds.stream()
        .map(seed -> new Address(self.protocol(), self.system(), seed.bracketedHost(), seed.port()))
        .toList();
  }

  private static scala.collection.immutable.Seq<Address> toScala(List<Address> addresses) {
    return scala.jdk.javaapi.CollectionConverters.asScala(addresses).toSeq();
  }

  private static void await(ActorSystem<?> system, CompletableFuture<Done> up, Settings.Cluster how)
      throws SettingsException {
    boolean single = how.kind() == Settings.ClusterKind.SINGLE;
    system.getWhenTerminated().thenRun(() -> up.completeExceptionally(systemEndedException()));
    long most = (single ? SINGLE_NODE_TIMEOUT : REMINDER_INTERVAL).toMillis();
    while (true) {
      try {
        up.get(most, TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException e) {
        if (single) {
          throw new SettingsException("PARLEY_REMOTE_HOST", "the node did not become a member");
        }
        LOG.info(
            "Waiting to become a member; the other nodes are {}",
            how.kind() == Settings.ClusterKind.KUBERNETES ? how.pods() : how.seeds());
      } catch (ExecutionException e) {
        throw new NotJoinedException(String.valueOf(e.getCause()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new NotJoinedException("interrupted while joining");
      }
    }
  }

  private static IllegalStateException systemEndedException() {
    return new IllegalStateException("it was stopped");
  }
}
