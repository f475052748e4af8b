package parley.store;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Where events are stored. A store is opened before the actor system starts and closed after it
 * ends. Opening can fail with a {@link StoreRefusedException}, whose message is one line that names
 * the setting.
 */
public sealed interface Store extends AutoCloseable permits EmbeddedStore, DynamoStore {
  /**
   * Configuration that has priority over the files, so that the journal plugins find this store.
   */
  Config config();

  /** Plugin id of the read journal, for {@code CurrentEventsByPersistenceIdQuery}. */
  String readJournal();

  /**
   * The name of the history in this store, at most 64 characters. It changes if the end of the
   * history may be lost, and only while no process has the store open. All nodes return the same
   * name. Blocks, seconds at most.
   *
   * @throws StoreRefusedException if it cannot be read, or cannot be created and stored
   */
  String epoch() throws StoreRefusedException;

  /**
   * The persistence ids of everything that has written an event, each at least once: an entity with
   * many events may be repeated after many others. Reading the stream blocks; it reads page by page
   * and keeps little in memory. For tools. (The journal plugins' own queries either need an index
   * or find only entities that still have their first event.)
   *
   * @param prefix the prefix of the ids
   */
  Stream<String> persistenceIds(String prefix);

  /**
   * Starts to check at intervals that the store can be written, if a store that fails does not
   * recover by itself.
   *
   * @param every the interval
   * @param onBroken called at most once, with the reason, when the store will not recover
   */
  void watch(Duration every, Consumer<String> onBroken);

  /**
   * Checks the store's own bookkeeping about one entity: the marks by which its last event is
   * found. For tools; does not block.
   *
   * @param persistenceId the name in the journal
   * @param mend whether to repair what is wrong; may run beside servers, and may be repeated
   * @return what is (or was) wrong, without content; empty if nothing is, or if the store has no
   *     such marks. Fails if the store cannot be read
   */
  default CompletionStage<Optional<String>> checkMarks(String persistenceId, boolean mend) {
    return CompletableFuture.completedFuture(Optional.empty());
  }

  /** Stored instead of the number of shards while the number is being changed. */
  int SHARDS_CHANGING = 0;

  /**
   * The number of shards of each kind of entity. All nodes must agree on it. The first caller
   * stores it. Blocks.
   *
   * @param ifNew the number to store if nothing has ever been written
   * @param ifOlderVersion the number to store if a version that stored no number has written events
   * @return the stored number, or {@link #SHARDS_CHANGING}
   * @throws StoreRefusedException if it cannot be read or stored
   */
  int shardsOrChanging(int ifNew, int ifOlderVersion) throws StoreRefusedException;

  /**
   * As {@link #shardsOrChanging}, for callers that need the number.
   *
   * @throws StoreRefusedException also while the number is being changed
   */
  default int shards(int ifNew, int ifOlderVersion) throws StoreRefusedException {
    int shards = shardsOrChanging(ifNew, ifOlderVersion);
    if (shards == SHARDS_CHANGING) {
      throw new StoreRefusedException(
          "PARLEY_SHARDS: the number of shards is being changed; if no command shards runs, run it"
              + " again");
    }
    return shards;
  }

  /**
   * Replaces the number of shards, if it is the expected one. Blocks.
   *
   * @return false if it is not the expected one; then nothing is changed
   * @throws StoreRefusedException if it is unknown whether it was changed
   */
  boolean changeShards(int expected, int shards) throws StoreRefusedException;

  /** The store's counters by meter name. Reading them never blocks. */
  default Map<String, Supplier<Number>> counters() {
    return Map.of();
  }

  /** Releases everything that was opened. Blocks. */
  @Override
  void close();
}
