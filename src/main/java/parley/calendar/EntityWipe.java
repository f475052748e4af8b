package parley.calendar;

import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import parley.snapshot.PiecedSnapshotStore;

/**
 * Deletes everything that a finished entity has written. The journal still knows its last sequence
 * number. The result is not awaited, and the removal is sent at once: an entity that starts again
 * is read after it. Leftovers are read as an empty entity. If the store refuses some of the
 * removals, they may be read as an older state, whose work is done again and which is then wiped
 * again.
 */
final class EntityWipe {
  private EntityWipe() {}

  static void deleteAll(ActorContext<?> context, String persistenceId, long lastSequenceNr) {
    if (lastSequenceNr == 0) {
      return;
    }
    Persistence persistence = Persistence.get(context.getSystem());
    var nobody = Adapter.toClassic(context.getSystem().<Object>ignoreRef());
    persistence
        .snapshotStoreFor(PiecedSnapshotStore.PLUGIN, ConfigFactory.empty())
        .tell(
            new SnapshotProtocol.DeleteSnapshots(persistenceId, SnapshotSelectionCriteria.latest()),
            nobody);
    persistence
        .journalFor("", ConfigFactory.empty())
        .tell(new JournalProtocol.DeleteMessagesTo(persistenceId, lastSequenceNr, nobody), nobody);
  }
}
