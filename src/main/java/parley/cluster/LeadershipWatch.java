package parley.cluster;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.ClusterEvent.ClusterDomainEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.telemetry.LogEvents;

/**
 * Logs when this node becomes the leader of its cluster, which decides about joins and leaves, or
 * its oldest member, which runs what the cluster has only once.
 */
public final class LeadershipWatch extends AbstractBehavior<ClusterDomainEvent> {
  private static final Logger LOG = LoggerFactory.getLogger(LeadershipWatch.class);

  private final Address self;
  private final List<Member> members = new ArrayList<>();
  private boolean leader;
  private boolean oldest;

  private LeadershipWatch(ActorContext<ClusterDomainEvent> context) {
    super(context);
    Cluster cluster = Cluster.get(context.getSystem());
    this.self = cluster.selfMember().address();
    // The present state comes first, as events.
    cluster.subscriptions().tell(Subscribe.create(context.getSelf(), ClusterDomainEvent.class));
  }

  /** The behaviour; one for each node. */
  public static Behavior<ClusterDomainEvent> create() {
    return Behaviors.setup(LeadershipWatch::new);
  }

  @Override
  public Receive<ClusterDomainEvent> createReceive() {
    return newReceiveBuilder().onAnyMessage(this::on).build();
  }

  private Behavior<ClusterDomainEvent> on(ClusterDomainEvent event) {
    switch (event) {
      case ClusterEvent.LeaderChanged changed -> {
        boolean now = self.equals(changed.getLeader());
        if (now && !leader) {
          say("became_leader", "This node is the cluster's leader now");
        }
        leader = now;
      }
      case ClusterEvent.MemberUp up -> {
        members.removeIf(known -> known.uniqueAddress().equals(up.member().uniqueAddress()));
        members.add(up.member());
        checkOldest();
      }
      case ClusterEvent.MemberRemoved gone -> {
        members.removeIf(known -> known.uniqueAddress().equals(gone.member().uniqueAddress()));
        checkOldest();
      }
      default -> {}
    }
    return this;
  }

  private void checkOldest() {
    Member own =
        members.stream().filter(one -> one.address().equals(self)).findFirst().orElse(null);
    boolean now = own != null && members.stream().noneMatch(one -> one.isOlderThan(own));
    if (now && !oldest) {
      say("became_oldest", "This node is the cluster's oldest member now");
    }
    oldest = now;
  }

  private static void say(String event, String message) {
    LOG.atInfo().addKeyValue(LogEvents.EVENT, event).log(message);
  }
}
