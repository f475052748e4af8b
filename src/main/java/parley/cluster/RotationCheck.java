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
 * Checks whether all nodes of the cluster can follow a rotation of the signing keys. Each node must
 * have recorded a recent sign of life ({@link PreviousIncarnation}) in the table that only versions
 * with several keys write, and its clock must agree with this node's. All nodes use the same time
 * from which the next key signs. If this clock were an hour behind, that time would be over when
 * the others read it, and tokens of the previous key would end at once.
 */
public final class RotationCheck implements Callable<Optional<String>> {
  /**
   * The largest difference of clocks with which tokens are good on every node. A sign of life may
   * be {@link PreviousIncarnation#SIGN_OF_LIFE_INTERVAL} old, so a clock that is behind by the rest
   * of this time is objected to at times.
   */
  static final Duration MAX_CLOCK_DIFFERENCE = Duration.ofSeconds(60);

  private final DynamoStore store;
  private final Supplier<List<HostPort>> members;
  private final InstantSource clock;

  RotationCheck(DynamoStore store, Supplier<List<HostPort>> members, InstantSource clock) {
    this.store = store;
    this.members = members;
    this.clock = clock;
  }

  /** Creates the check for a node with these settings. A single node never objects. */
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

  /** Returns the first objection, or empty. Blocks, for one read per node. */
  @Override
  public Optional<String> call() throws StoreRefusedException {
    for (HostPort member : members.get()) {
      long until = store.readNote(PreviousIncarnation.noteName(member));
      if (until == 0) {
        return Optional.of(
            "the node "
                + member
                + " has recorded no sign of life: is it of a version that knows one key only?"
                + " Upgrade all nodes first");
      }
      long off = until - PreviousIncarnation.SILENCE.toMillis() - clock.millis();
      if (Math.abs(off) > MAX_CLOCK_DIFFERENCE.toMillis()) {
        return Optional.of(
            "the node "
                + member
                + " recorded its last sign of life at a time that is "
                + Math.abs(off) / 1000
                + (off > 0 ? " s ahead of" : " s behind")
                + " this node's clock: it is away, or a clock is wrong");
      }
    }
    return Optional.empty();
  }
}
