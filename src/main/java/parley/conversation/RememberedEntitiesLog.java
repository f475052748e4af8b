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
 * Reads one list that sharding kept of what it remembers ({@code remember-entities-store =
 * eventsourced}): of a shard, the entities that run in it; of a coordinator, the shards that there
 * are. It recovers as sharding's own actors did, from the newest snapshot and the events behind it,
 * answers, and stops. It writes nothing.
 *
 * <p>The kinds of events are internal to Pekko and were kept for data of Akka's versions before;
 * {@code RememberedEntitiesLogTest} holds their bytes, so that an upgrade which drops one is
 * noticed.
 */
final class RememberedEntitiesLog extends AbstractPersistentActor {
  /**
   * What was found.
   *
   * @param id of the list in the journal
   * @param names empty also where there is no such list; null where it cannot be read
   */
  record Found(String id, @Nullable Set<String> names) {}

  private final String id;
  private final ActorRef<Found> replyTo;
  private final Set<String> names = new HashSet<>();

  private RememberedEntitiesLog(String id, ActorRef<Found> replyTo) {
    this.id = id;
    this.replyTo = replyTo;
  }

  /** The list of shards of a kind of entity. */
  static String shards(String type) {
    return "/sharding/" + type + "Coordinator";
  }

  /** The list of entities of one of its shards. */
  static String entities(String type, String shard) {
    return "/sharding/" + type + "Shard/" + shard;
  }

  /** Reads a list, in an actor of its own below this one. Answers {@link Found}, always. */
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
        // What else a coordinator notes says nothing about who is remembered.
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
