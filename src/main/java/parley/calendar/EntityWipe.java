package parley.calendar;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteSnapshotsSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import parley.snapshot.PiecedSnapshotStore;

/**
 * Deletes everything that a finished entity has written. The journal still knows its last sequence
 * number. Snapshots go first: a snapshot beside only some of the events after it would be read as
 * an older state. The result is not awaited. What is left over is read as an empty or as the
 * finished entity, and only costs space.
 */
final class EntityWipe {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private EntityWipe() {}

  static void deleteAll(ActorContext<?> context, String persistenceId, long lastSequenceNr) {
    if (lastSequenceNr == 0) {
      return;
    }
    Persistence persistence = Persistence.get(context.getSystem());
    var nobody = Adapter.toClassic(context.getSystem().<Object>ignoreRef());
    var journal = persistence.journalFor("", ConfigFactory.empty());
    var log = context.getLog();
    Patterns.ask(
            persistence.snapshotStoreFor(PiecedSnapshotStore.PLUGIN, ConfigFactory.empty()),
            new SnapshotProtocol.DeleteSnapshots(persistenceId, SnapshotSelectionCriteria.latest()),
            TIMEOUT)
        .whenComplete(
            (reply, failure) -> {
              if (reply instanceof DeleteSnapshotsSuccess) {
                journal.tell(
                    new JournalProtocol.DeleteMessagesTo(persistenceId, lastSequenceNr, nobody),
                    nobody);
              } else {
                log.debug("{} keeps its events: its snapshots were not removed", persistenceId);
              }
            });
  }
}
