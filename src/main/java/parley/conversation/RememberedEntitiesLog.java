package parley.conversation;

import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.internal.EventSourcedRememberEntitiesCoordinatorStore;
import org.apache.pekko.cluster.sharding.internal.EventSourcedRememberEntitiesShardStore;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.apache.pekko.persistence.SnapshotOffer;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Reads one list of cluster sharding's remembered entities ({@code remember-entities-store =
 * eventsourced}): the list of a shard names its running entities, the list of a coordinator names
 * its shards. It recovers as sharding's own actors did, from the newest snapshot and the later
 * events, then answers and stops. It writes nothing.
 *
 * <p>These event classes are internal to Pekko, which keeps them for data of old Akka versions.
 * {@code RememberedEntitiesLogTest} holds their bytes, so that an upgrade that drops one is
 * noticed.
 */
final class RememberedEntitiesLog extends AbstractPersistentActor {
  /**
   * The content of a list.
   *
   * @param id the persistence id of the list
   * @param names empty also if there is no such list; null if the list cannot be read
   */
  record Found(String id, @Nullable Set<String> names) {}

  private final String id;
  private final ActorRef<Found> replyTo;
  private final Set<String> names = new HashSet<>();

  private RememberedEntitiesLog(String id, ActorRef<Found> replyTo) {
    this.id = id;
    this.replyTo = replyTo;
  }

  /** The persistence id of the list of shards of an entity type. */
  static String shardListId(String type) {
    return "/sharding/" + type + "Coordinator";
  }

  /** The persistence id of the list of entities of one shard. */
  static String entityListId(String type, String shard) {
    return "/sharding/" + type + "Shard/" + shard;
  }

  /** Reads a list in a child actor. Always answers {@link Found}. */
  static void read(
      org.apache.pekko.actor.typed.javadsl.ActorContext<?> context,
      String id,
      ActorRef<Found> replyTo) {
    var unused =
        Adapter.actorOf(
            context,
            Props.create(
                RememberedEntitiesLog.class, () -> new RememberedEntitiesLog(id, replyTo)));
  }

  @Override
  public String persistenceId() {
    return id;
  }

  @Override
  public Receive createReceiveRecover() {
    return receiveBuilder()
        .match(
            EventSourcedRememberEntitiesShardStore.EntitiesStarted.class,
            started -> names.addAll(CollectionConverters.asJava(started.entities())))
        .match(
            EventSourcedRememberEntitiesShardStore.EntitiesStopped.class,
            stopped -> names.removeAll(CollectionConverters.asJava(stopped.entities())))
        .match(String.class, names::add)
        .match(SnapshotOffer.class, offer -> begin(offer.snapshot()))
        .match(RecoveryCompleted.class, completed -> end(Set.copyOf(names)))
        // The coordinator's other events do not concern remembered entities.
        .matchAny(other -> {})
        .build();
  }

  private void begin(Object snapshot) {
    switch (snapshot) {
      case EventSourcedRememberEntitiesShardStore.State entities ->
          names.addAll(CollectionConverters.asJava(entities.entities()));
      case EventSourcedRememberEntitiesCoordinatorStore.State shards ->
          names.addAll(CollectionConverters.asJava(shards.shards()));
      default -> throw new IllegalStateException("unknown snapshot " + snapshot.getClass());
    }
  }

  @Override
  public Receive createReceive() {
    return receiveBuilder().build();
  }

  private void end(Set<String> found) {
    replyTo.tell(new Found(id, found));
    getContext().stop(getSelf());
  }

  @Override
  public void onRecoveryFailure(Throwable cause, Option<Object> event) {
    super.onRecoveryFailure(cause, event);
    replyTo.tell(new Found(id, null));
  }
}
