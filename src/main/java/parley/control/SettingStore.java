package parley.control;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * The entry point to the values that operators have set. There is one store for the whole cluster.
 * Thread-safe; every stage fails if the store does not answer within {@link #TIMEOUT}.
 */
public final class SettingStore {
  /** Entity type of the store. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "runtime-settings");

  /** The most values that are set at a time, of any name. */
  public static final int OVERRIDES = 2_500;

  /** The most characters of the name of a setting. */
  static final int NAME_LENGTH = 200;

  /** The most characters of a value. */
  static final int VALUE_LENGTH = 64;

  /** The most characters of the name of an operator. */
  static final int WHO_LENGTH = 128;

  /** The most values of a message to a node. */
  static final int PAGE = 200;

  /** The most nodes that are told of a change at once; others find out by themselves. */
  static final int NODES = 256;

  /** How long the store may take. Allows for a slow write, and is shorter than operators wait. */
  static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** The id of the only entity. */
  static final String ID = "1";

  /** The role of nodes that know the store: those of an older version never run it. */
  static final String ROLE = "runtime-settings";

  private final ActorSystem<?> system;
  private final ClusterSharding sharding;

  private SettingStore(ActorSystem<?> system) {
    this.system = system;
    this.sharding = ClusterSharding.get(system);
  }

  /** Registers the store with cluster sharding. */
  public static SettingStore init(ActorSystem<?> system, InstantSource clock) {
    SettingStore store = new SettingStore(system);
    store.sharding.init(
        Entity.of(KEY, entity -> SettingStoreEntity.create(clock))
            .withRole(ROLE)
            .withStopMessage(new Stop()));
    return store;
  }

  // ---- messages

  /** Messages of the store. */
  public sealed interface Command extends Wire permits Put, Remove, Get, Stop {}

  /**
   * Sets a value. The store answers {@link Changed} when it is durable, or {@link Full}.
   *
   * @param minutes when it ends; 0 if it stays
   */
  public record Put(String name, String value, int minutes, String who, ActorRef<Reply> replyTo)
      implements Command {}

  /** Removes a value. The store answers {@link Changed} when that is durable, also without one. */
  public record Remove(String name, ActorRef<Reply> replyTo) implements Command {}

  /** The answer to a change. */
  public sealed interface Reply extends Wire permits Changed, Full {}

  /**
   * The change is durable.
   *
   * @param version the number of changes so far
   */
  public record Changed(long version) implements Reply {}

  /** There are as many values of this kind as may be. Nothing was changed. */
  public record Full() implements Reply {}

  /**
   * A node asks for the values. The store answers {@link Page}, and from now on tells the node
   * {@link News}.
   *
   * @param known the version that the node has; the values are not sent again if it is the newest
   * @param after those with a later name; null for all
   */
  record Get(long known, @Nullable String after, ActorRef<ToNode> node) implements Command {}

  /** The stop message of cluster sharding. */
  record Stop() implements Command, Local {}

  /** What the store tells nodes. */
  sealed interface ToNode extends Wire permits Page, News, Tick {}

  /**
   * Values by name, ascending.
   *
   * @param same whether the node has this version; then there are no values
   * @param after as in the request
   * @param more whether there are more after these
   */
  record Page(
      long version,
      boolean same,
      @Nullable String after,
      List<SettingOverride> overrides,
      boolean more)
      implements ToNode {
    public Page {
      overrides = overrides == null ? List.of() : overrides;
    }
  }

  /** There is a new version. */
  record News(long version) implements ToNode {}

  /** The timer of a node. */
  record Tick() implements ToNode, Local {}

  // ---- calls

  /**
   * The address of a member that does not know these settings, because its version is older. While
   * there is one, nothing should be changed: that node would go on as before.
   */
  public Optional<String> memberWithout() {
    for (Member member : Cluster.get(system).state().getMembers()) {
      boolean stays =
          member.status().equals(MemberStatus.up())
              || member.status().equals(MemberStatus.weaklyUp());
      if (stays && !member.hasRole(ROLE)) {
        return Optional.of(member.address().toString());
      }
    }
    return Optional.empty();
  }

  /**
   * Keeps the settings of this node as the store has them, from now on until the system ends.
   *
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  public void keepCurrent(RuntimeSettings settings, InstantSource clock, LongSupplier nanos) {
    system.systemActorOf(
        Behaviors.supervise(SettingsWatch.create(this::get, settings, clock, nanos))
            .onFailure(SupervisorStrategy.restart()),
        "settings-watch",
        Props.empty());
  }

  /** Sets a value that was checked by {@link SettingCatalog#check}. */
  public CompletionStage<Reply> put(String name, String value, int minutes, String who) {
    return entity().ask(replyTo -> new Put(name, value, minutes, who, replyTo), TIMEOUT);
  }

  /** Removes a value. */
  public CompletionStage<Reply> remove(String name) {
    return entity().ask(replyTo -> new Remove(name, replyTo), TIMEOUT);
  }

  void get(long known, @Nullable String after, ActorRef<ToNode> node) {
    entity().tell(new Get(known, after, node));
  }

  private EntityRef<Command> entity() {
    return sharding.entityRefFor(KEY, ID);
  }
}
