package parley.conversation;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import parley.snapshot.PiecedSnapshotStore;
import parley.snapshot.StoredHistory;
import scala.jdk.javaapi.OptionConverters;

/**
 * Removes archived events from the journal ({@link StoredHistory}).
 *
 * <p>Before a removal the newest snapshot is read back from the store, completely. It must know
 * that the entries are archived. Snapshots before the boundary are removed first: the events that
 * they would replay are about to go, and a snapshot that cannot be used must not be found. Every
 * step may be interrupted and repeated.
 *
 * <p><b>Two writers for a while</b> (the cluster has removed a node, and the node does not know it
 * yet). A node that removes events has persisted, under a sequence number of its own, that their
 * entries are archived, or has read that event. The write guard gives each number to one writer, so
 * the event is the truth for both nodes. The removing node has also seen a snapshot that covers the
 * event, and entries never change. So neither node needs what the other one removes: a reader with
 * the old boundaries finds a hole, fails and asks again. A node without news since then could write
 * a removed number again. But removed events are at least a day old, which is the lowest archive
 * age, and a node that is cut off ends itself after seconds.
 */
final class JournalRemoval {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final ActorSystem<?> system;
  private final String persistenceId;
  private final StoredHistory history;

  JournalRemoval(ActorSystem<?> system, String persistenceId) {
    this.system = system;
    this.persistenceId = persistenceId;
    this.history = new StoredHistory(system, persistenceId, PiecedSnapshotStore.PLUGIN);
  }

  /** Whether the newest readable snapshot says that the events up to this number are archived. */
  CompletionStage<Boolean> isCoveredBySnapshot(long event) {
    return snapshot().thenApply(found -> found.isPresent() && found.get().archivedEvent() >= event);
  }

  /** Reads the newest readable snapshot. */
  CompletionStage<Optional<ConversationSnapshot>> snapshot() {
    return Patterns.ask(
            snapshots(),
            new SnapshotProtocol.LoadSnapshot(
                persistenceId, SnapshotSelectionCriteria.latest(), Long.MAX_VALUE),
            TIMEOUT)
        .thenApply(
            reply ->
                switch (reply) {
                  case SnapshotProtocol.LoadSnapshotResult result ->
                      OptionConverters.toJava(result.snapshot())
                          .map(found -> (ConversationSnapshot) found.snapshot());
                  case SnapshotProtocol.LoadSnapshotFailed failed ->
                      throw new FailedException(failed.cause());
                  default -> throw new IllegalStateException("unknown answer of the store");
                });
  }

  /**
   * Removes the older snapshots, and then the events up to {@code event}, a part at a time.
   *
   * @param done the number up to which events were removed before
   */
  CompletionStage<Void> remove(long done, long event) {
    return history
        .removeSnapshots(event - 1)
        .thenCompose(before -> history.removeEvents(done, event));
  }

  private ActorRef snapshots() {
    return Persistence.get(system)
        .snapshotStoreFor(PiecedSnapshotStore.PLUGIN, ConfigFactory.empty());
  }

  /** The store reported a failure. */
  private static final class FailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FailedException(Throwable cause) {
      super(cause);
    }
  }
}
