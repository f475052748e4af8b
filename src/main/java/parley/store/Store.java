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
 * Where events are kept, opened before the actor system and closed after it. Whoever opens one can
 * be refused with a {@link StoreRefusedException}, one line that names the setting.
 */
public sealed interface Store extends AutoCloseable permits EmbeddedStore, DynamoStore {
  /** What is laid over the configuration files, so that the journal's plugins find this store. */
  Config config();

  /** Plugin id of the read journal, for {@code CurrentEventsByPersistenceIdQuery}. */
  String readJournal();

  /**
   * The name of the history that is kept here, at most 64 characters. It changes when the end of
   * the history may be gone, and only while no process has the store open; all nodes tell the same.
   * Blocks, seconds at most.
   *
   * @throws StoreRefusedException where it cannot be read, or made and kept
   */
  String epoch() throws StoreRefusedException;

  /**
   * Everything that has written an event, by its name in the journal, at least once each: a long
   * one may come again after many others. Blocks while it is read, bit by bit as it is taken, and
   * keeps little in memory; for tools. (The journal plugins' own queries either need an index or
   * know only what still has its first event.)
   *
   * @param prefix what the names begin with
   */
  Stream<String> persistenceIds(String prefix);

  /**
   * Starts to look now and then whether the store can be written, where one that fails does not
   * come back by itself.
   *
   * @param every how often
   * @param onBroken called at most once, with the reason, when the store will not come back
   */
  void watch(Duration every, Consumer<String> onBroken);

  /**
   * Looks whether the store's own bookkeeping about one entity is whole: the marks from which its
   * last event is found. For tools; does not block.
   *
   * @param persistenceId the name in the journal
   * @param mend whether what is wrong is put right; may run beside servers, and again
   * @return what is (or was) wrong, without content; empty where nothing is, or the store keeps no
   *     such marks. Fails where the store cannot be read
   */
  default CompletionStage<Optional<String>> marks(String persistenceId, boolean mend) {
    return CompletableFuture.completedFuture(Optional.empty());
  }

  /** Stands where the number of shards would, while it is being changed. */
  int SHARDS_CHANGING = 0;

  /**
   * Into how many shards each kind of entity is divided, which all nodes must agree on. Kept by
   * whoever asks first. Blocks.
   *
   * @param fresh what is kept where nothing has ever been written
   * @param before what is kept where something has, by a version that kept no number
   * @return what is kept, or {@link #SHARDS_CHANGING}
   * @throws StoreRefusedException where it cannot be read or kept
   */
  int shardsOrChanging(int fresh, int before) throws StoreRefusedException;

  /**
   * The same for who cannot do without.
   *
   * @throws StoreRefusedException also while it is being changed
   */
  default int shards(int fresh, int before) throws StoreRefusedException {
    int shards = shardsOrChanging(fresh, before);
    if (shards == SHARDS_CHANGING) {
      throw new StoreRefusedException(
          "PARLEY_SHARDS: the number of shards is being changed; if no command shards runs, run it"
              + " again");
    }
    return shards;
  }

  /**
   * Puts another number in place of the one that is expected. Blocks.
   *
   * @return false where it was not that one, and nothing was changed
   * @throws StoreRefusedException where it is not known whether it was changed
   */
  boolean changeShards(int expected, int shards) throws StoreRefusedException;

  /** What the store counts, by the name of the meter; read when somebody looks, never blocking. */
  default Map<String, Supplier<Number>> counters() {
    return Map.of();
  }

  /** Gives back everything that was opened. Blocks. */
  @Override
  void close();
}
