package parley.cluster;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.store.DynamoStore;
import parley.store.Store;
import parley.store.StoreRefusedException;

/**
 * Whether all nodes of the cluster can follow a rotation of the signing keys: each has noted lately
 * that it lives ({@link PreviousIncarnation}), in the table that only versions with several keys
 * write, and by a clock that agrees with this node's. The time from which the next key signs is one
 * for all; were this clock an hour behind, it would be over when the others read it, and tokens of
 * the key before would end at once.
 */
public final class RotationCheck implements Callable<Optional<String>> {
  /** As much as clocks may differ for tokens to be good on every node. */
  static final Duration DIFFERENCE = Duration.ofSeconds(60);

  private final DynamoStore store;
  private final Supplier<List<HostPort>> members;
  private final InstantSource clock;

  RotationCheck(DynamoStore store, Supplier<List<HostPort>> members, InstantSource clock) {
    this.store = store;
    this.members = members;
    this.clock = clock;
  }

  /** The check for a node with these settings: none where it is the only one. */
  public static Callable<Optional<String>> of(
      ActorSystem<?> system, Settings settings, Store store, InstantSource clock) {
    boolean several = settings.cluster().kind() != Settings.ClusterKind.SINGLE;
    return several && store instanceof DynamoStore shared
        ? new RotationCheck(shared, () -> members(system), clock)
        : Optional::empty;
  }

  private static List<HostPort> members(ActorSystem<?> system) {
    List<HostPort> all = new ArrayList<>();
    for (Member member : Cluster.get(system).state().getMembers()) {
      Address address = member.address();
      boolean gone =
          member.status() == MemberStatus.down() || member.status() == MemberStatus.removed();
      if (!gone && address.getHost().isPresent() && address.getPort().isPresent()) {
        all.add(new HostPort(address.getHost().get(), address.getPort().get()));
      }
    }
    return all;
  }

  /** The first objection; blocks, for one read a node. */
  @Override
  public Optional<String> call() throws StoreRefusedException {
    for (HostPort member : members.get()) {
      long until = store.noted(PreviousIncarnation.name(member));
      if (until == 0) {
        return Optional.of(
            "the node "
                + member
                + " has not noted that it lives: is it of a version that knows one key only?"
                + " Upgrade all nodes first");
      }
      long off = until - PreviousIncarnation.GIVEN_UP.toMillis() - clock.millis();
      if (Math.abs(off) > DIFFERENCE.toMillis()) {
        return Optional.of(
            "the node "
                + member
                + " last noted that it lives at a time that is "
                + Math.abs(off) / 1000
                + (off > 0 ? " s ahead of" : " s behind")
                + " this node's clock: it is away, or a clock is wrong");
      }
    }
    return Optional.empty();
  }
}
