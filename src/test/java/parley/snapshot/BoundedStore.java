package parley.snapshot;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.pekko.dispatch.Futures;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;
import org.apache.pekko.util.ByteString;
import scala.concurrent.Future;

/** A snapshot store in memory that refuses snapshots larger than an item of DynamoDB. */
public final class BoundedStore extends SnapshotStore {
  /** The room of an item of 400 KB besides its key, with a margin. */
  public static final int MOST = 390_000;

  private static final Map<String, BoundedStore> STORES = new ConcurrentHashMap<>();

  /** One item. */
  record Item(ByteString bytes, int serializer, String manifest, long timestamp) {}

  final Map<String, NavigableMap<Long, Item>> items = new ConcurrentHashMap<>();

  /** What was asked for, in order: "load" and "delete" with an id, and its numbers. */
  final List<String> calls = Collections.synchronizedList(new ArrayList<>());

  private final Serialization serialization;

  /** Pekko creates this class. */
  public BoundedStore(Config config) {
    serialization = SerializationExtension.get(context().system());
    STORES.put(context().system().name(), this);
  }

  /** Puts it behind {@link PiecedSnapshotStore}. */
  public static Config config() {
    return ConfigFactory.parseString(
        """
        pekko.persistence.snapshot-store.plugin = bounded-store
        bounded-store.class = "parley.snapshot.BoundedStore"
        """);
  }

  static BoundedStore of(String system) {
    return Objects.requireNonNull(STORES.get(system));
  }

  /** The largest item a system has stored, in bytes. */
  public static int largest(String system) {
    return of(system).items.values().stream()
        .flatMap(all -> all.values().stream())
        .mapToInt(item -> item.bytes().size())
        .max()
        .orElse(0);
  }

  NavigableMap<Long, Item> itemsOf(String id) {
    return items.computeIfAbsent(id, k -> new ConcurrentSkipListMap<>());
  }

  private NavigableMap<Long, Item> of(String id, SnapshotSelectionCriteria criteria) {
    return items
        .getOrDefault(id, new ConcurrentSkipListMap<>())
        .subMap(criteria.minSequenceNr(), true, criteria.maxSequenceNr(), true);
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String id, SnapshotSelectionCriteria criteria) {
    calls.add("load " + id);
    var newest = of(id, criteria).lastEntry();
    if (newest == null) {
      return Futures.successful(Optional.empty());
    }
    Item item = newest.getValue();
    Object snapshot =
        serialization
            .deserialize(item.bytes().toArrayUnsafe(), item.serializer(), item.manifest())
            .get();
    return Futures.successful(
        Optional.of(
            SelectedSnapshot.create(
                new SnapshotMetadata(id, newest.getKey(), item.timestamp()), snapshot)));
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    byte[] bytes = serialization.serialize(snapshot).get();
    if (bytes.length > MOST) {
      return Futures.failed(new IllegalArgumentException("an item of " + bytes.length + " bytes"));
    }
    var serializer = serialization.findSerializerFor(snapshot);
    items
        .computeIfAbsent(metadata.persistenceId(), k -> new ConcurrentSkipListMap<>())
        .put(
            metadata.sequenceNr(),
            new Item(
                ByteString.fromArray(bytes),
                serializer.identifier(),
                Serializers.manifestFor(serializer, snapshot),
                metadata.timestamp()));
    return Futures.successful(null);
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    items
        .getOrDefault(metadata.persistenceId(), new ConcurrentSkipListMap<>())
        .remove(metadata.sequenceNr());
    return Futures.successful(null);
  }

  @Override
  public Future<Void> doDeleteAsync(String id, SnapshotSelectionCriteria criteria) {
    calls.add("delete " + id + " " + criteria.minSequenceNr() + "-" + criteria.maxSequenceNr());
    of(id, criteria).clear();
    return Futures.successful(null);
  }
}
