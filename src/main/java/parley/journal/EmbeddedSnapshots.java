package parley.journal;

import com.typesafe.config.Config;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import org.apache.pekko.serialization.SerializationExtension;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** The snapshot store of the embedded journal, plugin {@code parley-embedded-snapshots}. */
public final class EmbeddedSnapshots extends SnapshotStore {
  /** The plugin's id. */
  public static final String PLUGIN = "parley-embedded-snapshots";

  private final ActorSystem system = context().system();
  private final JournalFile file;
  private final Executor readExecutor;
  private final BreakerMirror breaker;

  /** Called by Pekko with the plugin's own configuration. */
  public EmbeddedSnapshots(Config config) {
    file = JournalFile.requireOpen(config.getString("folder"));
    readExecutor = system.dispatchers().lookup(config.getString("read-dispatcher"));
    breaker = BreakerMirror.ofSnapshots(system, config);
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String id, SnapshotSelectionCriteria criteria) {
    return follow(
        CompletableFuture.supplyAsync(
            () ->
                file.newest(
                        ColumnFamily.SNAPSHOTS,
                        id,
                        criteria.maxSequenceNr(),
                        numberedRow -> criteria.matches(metadata(id, numberedRow)))
                    .map(
                        numberedRow ->
                            SelectedSnapshot.create(
                                metadata(id, numberedRow), numberedRow.row().value(system))),
            readExecutor));
  }

  private <T> Future<T> follow(CompletionStage<T> call) {
    return breaker.follow(FutureConverters.asScala(call));
  }

  private static SnapshotMetadata metadata(String id, JournalFile.NumberedRow numberedRow) {
    return new SnapshotMetadata(id, numberedRow.number(), numberedRow.row().time());
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    if (metadata.metadata().isDefined()) {
      throw new UnsupportedOperationException("metadata of snapshots is not stored");
    }
    String id = metadata.persistenceId();
    JournalRow journalRow =
        JournalRow.of(SerializationExtension.get(system), snapshot, metadata.timestamp(), "", "");
    GroupCommit.Put put =
        new GroupCommit.Put(
            ColumnFamily.SNAPSHOTS,
            RowKeys.rowKey(RowKeys.prefix(id), metadata.sequenceNr()),
            journalRow.encoded());
    return follow(
        file.submit(new GroupCommit.Write(id, 0, 0, List.of(put), new CompletableFuture<>())));
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    // Pekko's contract: a timestamp of 0 matches any timestamp.
    long number = metadata.sequenceNr();
    return follow(
        CompletableFuture.runAsync(
            () ->
                file.removeSnapshots(
                    metadata.persistenceId(),
                    number,
                    number,
                    numberedRow ->
                        metadata.timestamp() == 0
                            || numberedRow.row().time() == metadata.timestamp()),
            readExecutor));
  }

  @Override
  public Future<Void> doDeleteAsync(String id, SnapshotSelectionCriteria criteria) {
    if (coversAllUpToMax(criteria)) {
      return follow(file.remove(ColumnFamily.SNAPSHOTS, id, criteria.maxSequenceNr()));
    }
    return follow(
        CompletableFuture.runAsync(
            () ->
                file.removeSnapshots(
                    id,
                    criteria.minSequenceNr(),
                    criteria.maxSequenceNr(),
                    numberedRow -> criteria.matches(metadata(id, numberedRow))),
            readExecutor));
  }

  /**
   * Whether the criteria cover every snapshot up to a number, as when an entity deletes the
   * snapshots that a newer one replaces.
   */
  private static boolean coversAllUpToMax(SnapshotSelectionCriteria criteria) {
    return criteria.minSequenceNr() <= 1
        && criteria.minTimestamp() <= 0
        && criteria.maxTimestamp() == Long.MAX_VALUE;
  }
}
