package parley.cluster;

import java.util.function.IntSupplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/** Counts the members that are up, as this node sees them. */
public final class MembersUp implements IntSupplier {
  private volatile int count = 1;

  private MembersUp() {}

  /** The number of members from now on, at least 1. To read it is one volatile read. */
  public static IntSupplier count(ActorSystem<?> system) {
    MembersUp members = new MembersUp();
    system.systemActorOf(members.follow(), "members-up", Props.empty());
    return members;
  }

  private Behavior<ClusterEvent.MemberEvent> follow() {
    return Behaviors.setup(
        context -> {
          Cluster cluster = Cluster.get(context.getSystem());
          cluster
              .subscriptions()
              .tell(Subscribe.create(context.getSelf(), ClusterEvent.MemberEvent.class));
          count(cluster);
          return Behaviors.receiveMessage(
              event -> {
                count(cluster);
                return Behaviors.same();
              });
        });
  }

  private void count(Cluster cluster) {
    int up = 0;
    for (Member member : cluster.state().getMembers()) {
      up += member.status().equals(MemberStatus.up()) ? 1 : 0;
    }
    count = Math.max(1, up);
  }

  @Override
  public int getAsInt() {
    return count;
  }
}
