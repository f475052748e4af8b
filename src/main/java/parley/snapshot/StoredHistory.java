package parley.snapshot;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteMessagesFailure;
import org.apache.pekko.persistence.DeleteSnapshotsFailure;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;

/**
 * Removes old snapshots and events of one entity, by the store's own messages. (A typed entity can
 * remove events only together with snapshots, not up to a number of its choice.) Every removal may
 * be interrupted and repeated. The snapshots that need an event must be removed before it.
 */
public final class StoredHistory implements SnapshotRetention.Removals {
  /**
   * Events of one request. The DynamoDB plugin removes all events of a request at the same time.
   */
  public static final int STEP = 500;

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final ActorSystem<?> system;
  private final String persistenceId;
  private final String snapshotPlugin;

  /**
   * The history of an entity.
   *
   * @param snapshotPlugin the entity's snapshot plugin; empty for that of the node
   */
  public StoredHistory(ActorSystem<?> system, String persistenceId, String snapshotPlugin) {
    this.system = system;
    this.persistenceId = persistenceId;
    this.snapshotPlugin = snapshotPlugin;
  }

  /** Removes the snapshots up to a number. Fails if the store reports a failure. */
  @Override
  public CompletionStage<Void> removeSnapshots(long upTo) {
    return Patterns.ask(
            Persistence.get(system).snapshotStoreFor(snapshotPlugin, ConfigFactory.empty()),
            new SnapshotProtocol.DeleteSnapshots(
                persistenceId, SnapshotSelectionCriteria.create(upTo, Long.MAX_VALUE, 0, 0)),
            TIMEOUT)
        .thenApply(
            reply -> {
              if (reply instanceof DeleteSnapshotsFailure failure) {
                throw new FailedException(failure.cause());
              }
              return null;
            });
  }

  /**
   * Removes the events up to a number, {@value #STEP} at a time. Fails if the store reports a
   * failure.
   *
   * @param done the number up to which events were removed before
   */
  @Override
  public CompletionStage<Void> removeEvents(long done, long upTo) {
    if (done >= upTo) {
      return CompletableFuture.completedFuture(null);
    }
    long to = Math.min(done + STEP, upTo);
    return Patterns.askWithReplyTo(
            Persistence.get(system).journalFor("", ConfigFactory.empty()),
            replyTo -> new JournalProtocol.DeleteMessagesTo(persistenceId, to, replyTo),
            TIMEOUT)
        .thenCompose(
            reply -> {
              if (reply instanceof DeleteMessagesFailure failure) {
                throw new FailedException(failure.cause());
              }
              return removeEvents(to, upTo);
            });
  }

  /** The store reported a failure. */
  private static final class FailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FailedException(Throwable cause) {
      super(cause);
    }
  }
}
