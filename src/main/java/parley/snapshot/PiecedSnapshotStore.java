package parley.snapshot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.dispatch.Futures;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteSnapshotFailure;
import org.apache.pekko.persistence.DeleteSnapshotsFailure;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SaveSnapshotFailure;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * The snapshot plugin {@code parley-snapshots}, see {@link parley.snapshot}. It talks to the store
 * behind it in Pekko's own snapshot protocol, as an entity would (as Pekko's {@code
 * PersistencePluginProxy} does).
 *
 * <p>Pieces are stored before the {@link SnapshotPieces} that names them. A crash in between leaves
 * pieces without a name, which the next deletion removes. If pieces of a snapshot are missing or
 * damaged, the snapshot before it is loaded. If there is none, the entity replays its events:
 * slower, never wrong.
 */
public final class PiecedSnapshotStore extends SnapshotStore {
  /** The plugin's id, for entities. */
  public static final String PLUGIN = "parley-snapshots";

  /**
   * Maximum number of pieces of a snapshot: 24 MB. No state here can be as large. A larger snapshot
   * is not saved.
   */
  private static final int MAX_PIECES = 80;

  private static final Logger LOG = LoggerFactory.getLogger(PiecedSnapshotStore.class);

  private final String storePluginId;
  private final int pieceBytes;
  private final Duration timeout;
  private final Serialization serialization;

  /** Called by Pekko with the plugin's own configuration. */
  public PiecedSnapshotStore(Config config) {
    storePluginId = config.getString("store");
    pieceBytes = config.getInt("piece-bytes");
    timeout = config.getDuration("timeout");
    serialization = SerializationExtension.get(context().system());
  }

  private ActorRef underlyingStore() {
    return Persistence.get(context().system())
        .snapshotStoreFor(storePluginId, ConfigFactory.empty());
  }

  // ---- save

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    Serializer serializer;
    byte[] bytes;
    try {
      serializer = serialization.findSerializerFor(snapshot);
      bytes = serialization.serialize(snapshot).get();
    } catch (RuntimeException e) {
      return Futures.failed(e);
    }
    int count = (bytes.length + pieceBytes - 1) / pieceBytes;
    if (count > MAX_PIECES) {
      return Futures.failed(
          new IllegalArgumentException(
              metadata.persistenceId() + ": a snapshot of " + bytes.length + " bytes"));
    }
    SnapshotMeters.ofProcess().written(metadata.persistenceId(), bytes.length);
    if (count <= 1) {
      return scala(put(metadata, snapshot));
    }
    CompletionStage<Void> stored = CompletableFuture.completedFuture(null);
    for (int i = 1; i <= count; i++) {
      int from = (i - 1) * pieceBytes;
      byte[] piece = Arrays.copyOfRange(bytes, from, Math.min(from + pieceBytes, bytes.length));
      SnapshotMetadata place = piece(metadata, i);
      stored = stored.thenCompose(done -> put(place, piece));
    }
    SnapshotPieces snapshotPieces =
        new SnapshotPieces(
            count,
            bytes.length,
            crc(bytes),
            serializer.identifier(),
            Serializers.manifestFor(serializer, snapshot));
    return scala(stored.thenCompose(done -> put(metadata, snapshotPieces)));
  }

  private CompletionStage<Void> put(SnapshotMetadata place, Object what) {
    return ask(new SnapshotProtocol.SaveSnapshot(place, what))
        .thenApply(
            reply -> {
              if (reply instanceof SaveSnapshotFailure failure) {
                throw new StoreFailedException(failure.cause());
              }
              return null;
            });
  }

  // ---- load

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return FutureConverters.asScala(load(persistenceId, criteria));
  }

  private CompletionStage<Optional<SelectedSnapshot>> load(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return get(persistenceId, criteria)
        .thenCompose(
            found -> {
              if (found.isEmpty()
                  || !(found.get().snapshot() instanceof SnapshotPieces snapshotPieces)) {
                return CompletableFuture.completedFuture(found);
              }
              SnapshotMetadata metadata = found.get().metadata();
              return assemble(metadata, snapshotPieces)
                  .thenCompose(
                      whole ->
                          whole.isPresent()
                              ? CompletableFuture.completedFuture(whole)
                              : load(persistenceId, olderThan(metadata, criteria)));
            });
  }

  private static SnapshotSelectionCriteria olderThan(
      SnapshotMetadata metadata, SnapshotSelectionCriteria criteria) {
    return SnapshotSelectionCriteria.create(
        metadata.sequenceNr() - 1,
        criteria.maxTimestamp(),
        criteria.minSequenceNr(),
        criteria.minTimestamp());
  }

  private CompletionStage<Optional<SelectedSnapshot>> assemble(
      SnapshotMetadata metadata, SnapshotPieces snapshotPieces) {
    ByteArrayOutputStream sum = new ByteArrayOutputStream(snapshotPieces.bytes());
    CompletionStage<Boolean> read = CompletableFuture.completedFuture(true);
    for (int i = 1; i <= snapshotPieces.count(); i++) {
      SnapshotMetadata place = piece(metadata, i);
      read =
          read.thenCompose(
              good ->
                  good
                      ? get(place.persistenceId(), exactly(place))
                          .thenApply(one -> append(sum, one))
                      : CompletableFuture.completedFuture(false));
    }
    return read.thenApply(
        good -> {
          byte[] bytes = sum.toByteArray();
          if (!good
              || bytes.length != snapshotPieces.bytes()
              || crc(bytes) != snapshotPieces.crc()) {
            LOG.warn(
                "{}: pieces of the snapshot at {} are missing or damaged, it is skipped",
                metadata.persistenceId(),
                metadata.sequenceNr());
            return Optional.empty();
          }
          Object snapshot =
              serialization
                  .deserialize(bytes, snapshotPieces.serializer(), snapshotPieces.manifest())
                  .get();
          return Optional.of(SelectedSnapshot.create(metadata, snapshot));
        });
  }

  private static boolean append(ByteArrayOutputStream sum, Optional<SelectedSnapshot> piece) {
    if (piece.isPresent() && piece.get().snapshot() instanceof byte[] bytes) {
      sum.writeBytes(bytes);
      return true;
    }
    return false;
  }

  private CompletionStage<Optional<SelectedSnapshot>> get(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return ask(new SnapshotProtocol.LoadSnapshot(persistenceId, criteria, Long.MAX_VALUE))
        .thenApply(
            reply ->
                switch (reply) {
                  case SnapshotProtocol.LoadSnapshotResult result ->
                      scala.jdk.javaapi.OptionConverters.toJava(result.snapshot());
                  case SnapshotProtocol.LoadSnapshotFailed failed ->
                      throw new StoreFailedException(failed.cause());
                  default -> throw new IllegalStateException("unknown answer of the store");
                });
  }

  // ---- delete

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    return scala(delete(metadata.persistenceId(), exactly(metadata)));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return scala(delete(persistenceId, criteria));
  }

  /**
   * Deletes snapshots one by one, the newest first. Each is read once, because only it says how
   * many pieces it has; the store behind deletes it by its number and reads nothing. Then its
   * pieces are deleted, with older ones that a crash has left without a name.
   */
  private CompletionStage<Void> delete(String persistenceId, SnapshotSelectionCriteria criteria) {
    return get(persistenceId, criteria)
        .thenCompose(
            found ->
                found.isEmpty()
                    ? CompletableFuture.completedFuture(null)
                    : deleteOne(found.get(), criteria)
                        .thenCompose(
                            done ->
                                delete(
                                    persistenceId, olderThan(found.get().metadata(), criteria))));
  }

  private CompletionStage<Void> deleteOne(
      SelectedSnapshot found, SnapshotSelectionCriteria criteria) {
    SnapshotMetadata metadata = found.metadata();
    CompletionStage<Void> done = remove(metadata.persistenceId(), exactly(metadata));
    if (found.snapshot() instanceof SnapshotPieces snapshotPieces) {
      for (int i = 1; i <= snapshotPieces.count(); i++) {
        String piece = piece(metadata.persistenceId(), i);
        done = done.thenCompose(before -> remove(piece, criteria));
      }
    }
    return done;
  }

  private CompletionStage<Void> remove(String persistenceId, SnapshotSelectionCriteria criteria) {
    return ask(new SnapshotProtocol.DeleteSnapshots(persistenceId, criteria))
        .thenApply(
            reply ->
                switch (reply) {
                  case DeleteSnapshotsFailure failure ->
                      throw new StoreFailedException(failure.cause());
                  case DeleteSnapshotFailure failure ->
                      throw new StoreFailedException(failure.cause());
                  default -> null;
                });
  }

  // ---- helpers

  private CompletionStage<Object> ask(Object message) {
    return Patterns.ask(underlyingStore(), message, timeout);
  }

  private static SnapshotMetadata piece(SnapshotMetadata whole, int number) {
    return new SnapshotMetadata(
        piece(whole.persistenceId(), number), whole.sequenceNr(), whole.timestamp());
  }

  private static String piece(String persistenceId, int number) {
    return persistenceId + "#" + number;
  }

  private static SnapshotSelectionCriteria exactly(SnapshotMetadata place) {
    return SnapshotSelectionCriteria.create(
        place.sequenceNr(), Long.MAX_VALUE, place.sequenceNr(), 0);
  }

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  private static Future<Void> scala(CompletionStage<Void> stage) {
    return FutureConverters.asScala(stage);
  }

  /** The store behind has reported a failure. */
  private static final class StoreFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StoreFailedException(Throwable cause) {
      super(cause);
    }
  }
}
