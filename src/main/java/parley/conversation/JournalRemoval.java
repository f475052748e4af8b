package parley.conversation;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteMessagesFailure;
import org.apache.pekko.persistence.DeleteSnapshotsFailure;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import parley.snapshot.PiecedSnapshotStore;
import scala.jdk.javaapi.OptionConverters;

/**
 * Takes archived events out of the journal, by the journal's own {@code DeleteMessagesTo} (what a
 * typed entity can delete by itself goes with its snapshots, not by number).
 *
 * <p>Before: the newest snapshot is read from the store, whole, and must know that the entries are
 * archived. Older ones than the border go first: what they would have replayed is about to go, and
 * one that cannot be used must not be found. Everything here may be cut and done again.
 *
 * <p><b>Two writers for a while</b> (the cluster gave up a node that does not know yet). Whoever
 * removes has itself written, at a place of its own in the journal, that these entries are
 * archived, or has read that: the write guard lets one writer have each place, so it is the truth
 * for both. It has also seen a snapshot that covers it, and entries never change. So what one of
 * them removes the other does not need, whoever is the rightful one: a reader of the old borders
 * finds a hole, fails and asks again. A place that was removed could be written anew by a node that
 * has not heard of anything since; but what is removed was written before the archive's age, a day
 * at least, and no node that is cut off lives that long (it ends itself after seconds).
 */
final class JournalRemoval {
  /** Events of one request: the DynamoDB plugin deletes all of a request at the same time. */
  static final int STEP = 500;

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final ActorSystem<?> system;
  private final String persistenceId;

  JournalRemoval(ActorSystem<?> system, String persistenceId) {
    this.system = system;
    this.persistenceId = persistenceId;
  }

  /** Whether the newest snapshot that can be read knows that events up to this one are archived. */
  CompletionStage<Boolean> covered(long event) {
    return snapshot().thenApply(found -> found.isPresent() && found.get().archivedEvent() >= event);
  }

  /** The newest snapshot that can be read. */
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
   * Removes the events up to {@code event}, a number of them at a time, and the snapshots before.
   *
   * @param done what was removed before
   */
  CompletionStage<Void> remove(long done, long event) {
    return Patterns.ask(
            snapshots(),
            new SnapshotProtocol.DeleteSnapshots(
                persistenceId, SnapshotSelectionCriteria.create(event - 1, Long.MAX_VALUE, 0, 0)),
            TIMEOUT)
        .thenCompose(
            reply -> {
              if (reply instanceof DeleteSnapshotsFailure failure) {
                throw new FailedException(failure.cause());
              }
              return events(done, event);
            });
  }

  private CompletionStage<Void> events(long done, long event) {
    if (done >= event) {
      return CompletableFuture.completedFuture(null);
    }
    long to = Math.min(done + STEP, event);
    return Patterns.askWithReplyTo(
            journal(),
            replyTo -> new JournalProtocol.DeleteMessagesTo(persistenceId, to, replyTo),
            TIMEOUT)
        .thenCompose(
            reply -> {
              if (reply instanceof DeleteMessagesFailure failure) {
                throw new FailedException(failure.cause());
              }
              return events(to, event);
            });
  }

  private ActorRef journal() {
    return Persistence.get(system).journalFor("", ConfigFactory.empty());
  }

  private ActorRef snapshots() {
    return Persistence.get(system)
        .snapshotStoreFor(PiecedSnapshotStore.PLUGIN, ConfigFactory.empty());
  }

  /** The store said no. */
  private static final class FailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FailedException(Throwable cause) {
      super(cause);
    }
  }
}
