package parley.snapshot;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.jspecify.annotations.Nullable;

/**
 * The server's snapshot plugin in front of a {@link BoundedStore}. The test sends it the messages
 * that an entity sends.
 */
public final class SnapshotHarness implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ActorTestKit kit;

  /** Starts an actor system of that name, with the server's serialization. */
  public SnapshotHarness(String name) {
    kit =
        ActorTestKit.create(
            name,
            BoundedStore.config()
                .withFallback(ConfigFactory.parseString("pekko.loglevel = WARNING"))
                .withFallback(ConfigFactory.parseString("pekko.actor.provider = local"))
                .withFallback(ConfigFactory.load("application")));
  }

  /** Saves a snapshot and returns the store's answer. */
  public Object save(String id, long seq, Object snapshot) {
    return ask(new SnapshotProtocol.SaveSnapshot(new SnapshotMetadata(id, seq, seq), snapshot));
  }

  /** The newest snapshot, or null. */
  public @Nullable Object load(String id) {
    Object reply =
        ask(
            new SnapshotProtocol.LoadSnapshot(
                id, SnapshotSelectionCriteria.latest(), Long.MAX_VALUE));
    var found = ((SnapshotProtocol.LoadSnapshotResult) reply).snapshot();
    return found.isEmpty() ? null : found.get().snapshot();
  }

  /** Deletes up to a sequence number. */
  public Object delete(String id, long upTo) {
    return ask(
        new SnapshotProtocol.DeleteSnapshots(
            id, SnapshotSelectionCriteria.create(upTo, Long.MAX_VALUE)));
  }

  /** The largest item stored, in bytes. */
  public int largest() {
    return BoundedStore.largest(kit.system().name());
  }

  BoundedStore store() {
    return BoundedStore.of(kit.system().name());
  }

  private Object ask(Object message) {
    var plugin =
        Persistence.get(kit.system())
            .snapshotStoreFor(PiecedSnapshotStore.PLUGIN, ConfigFactory.empty());
    return Patterns.ask(plugin, message, PATIENCE).toCompletableFuture().join();
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
