package parley.app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.cluster.PreviousIncarnation;
import parley.settings.ExitCode;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.DynamoStore;
import parley.store.Store;
import parley.store.StoreRefusedException;

/**
 * Into how many shards each kind of entity is divided. All nodes must agree, so the store keeps the
 * number, the first node writes it, and a node that was told another one does not start.
 *
 * <p><b>Decision.</b> 1,024 are ten for each of a hundred nodes; a shard is a name, two actors and,
 * where entities are remembered, a few hundred bytes in the journal. Where nobody says a number,
 * the store's holds: data of the version that knew only 128 goes on with 128. The command {@code
 * shards N} changes it while all nodes are stopped. Nothing else has to be moved: events are kept
 * by entity, and sharding itself starts remembered entities of an old shard in their new one and
 * takes them off the old one's list. Rejected: to move at the first start of a new version (in a
 * rolling upgrade two nodes would each own the same conversation, and only the write guard stood
 * between them).
 */
final class ShardCount {
  /** The first argument of the program. */
  static final String COMMAND = "shards";

  static final int STANDARD = 1024;

  /** What there was before the store kept the number. */
  static final int BEFORE = 128;

  /** Of so many shards one may move at a time: a handful of steps after a node came or went. */
  private static final int MOVING_PART = 6;

  private static final Logger LOG = LoggerFactory.getLogger(ShardCount.class);
  private static final String VARIABLE = "PARLEY_SHARDS";

  private ShardCount() {}

  /**
   * The number all nodes of this store have. Blocks.
   *
   * @param wanted what this node was told, null for nothing
   * @throws SettingsException where it was told another one
   * @throws StoreRefusedException where the store cannot be asked, or the number is being changed
   */
  static int agreed(Store store, @Nullable Integer wanted)
      throws SettingsException, StoreRefusedException {
    int kept = store.shards(wanted == null ? STANDARD : wanted, BEFORE);
    if (wanted != null && wanted != kept) {
      throw new SettingsException(
          VARIABLE,
          "is "
              + wanted
              + ", but the store has "
              + kept
              + ": set it to "
              + kept
              + ", or stop all nodes and run the command: shards "
              + wanted);
    }
    if (kept != STANDARD && wanted == null) {
      LOG.info("The store has {} shards of each kind ({} is not set)", kept, VARIABLE);
    }
    return kept;
  }

  /** What sharding is told. */
  static Config config(int shards) {
    return ConfigFactory.parseMap(
        Map.of(
            "pekko.cluster.sharding.number-of-shards",
            shards,
            "pekko.cluster.sharding.least-shard-allocation-strategy.rebalance-absolute-limit",
            Math.max(20, shards / MOVING_PART)),
        "number of shards");
  }

  /**
   * The command {@code shards [N]}: says how many there are, or changes it. Blocks.
   *
   * @return the exit code: 0, or 1 where the store refuses or a node may still run, or 2 for other
   *     arguments
   */
  static int run(Settings settings, List<String> arguments) throws StoreRefusedException {
    int wanted = arguments.size() == 2 ? number(arguments.get(1)) : 0;
    if (arguments.size() > 2 || (arguments.size() == 2 && wanted == 0)) {
      System.err.println("arguments: " + COMMAND + " [N], N from 1 to " + Settings.MOST_SHARDS);
      return ExitCode.WRONG_SETTING;
    }
    try (Store store = VerifyCommand.open(settings)) {
      if (wanted == 0) {
        System.out.println(store.shards(STANDARD, BEFORE) + " shards of each kind");
        return 0;
      }
      String refused =
          change(store, wanted, time -> LockSupport.parkNanos(time.toNanos()), System.out::println);
      if (refused != null) {
        System.err.println(VARIABLE + ": " + refused);
        return ExitCode.FAILED;
      }
      System.out.println(wanted + " shards of each kind from the next start on");
      return 0;
    }
  }

  /**
   * Changes the number, where no node lives: each notes a new number every other second, so what
   * was noted is read twice, {@link PreviousIncarnation#SHOWS} apart. No clock is compared with
   * another one.
   *
   * <p>The looks come first: a mistyped command leaves a running cluster alone. A node that starts
   * meanwhile notes that it lives before it reads the number of shards, and here the number is
   * withdrawn before the notes are read once more: so one of the two sees the other.
   *
   * @param pause waits
   * @param say is told what was seen, in a line each
   * @return why it was not changed, or null
   */
  static @Nullable String change(
      Store store, int wanted, Consumer<Duration> pause, Consumer<String> say)
      throws StoreRefusedException {
    // One that is being changed was left so by a command that was killed.
    int before = store.shardsOrChanging(STANDARD, BEFORE);
    if (before == wanted) {
      return null;
    }
    Map<String, String> seen = notes(store);
    if (store instanceof DynamoStore) {
      say.accept(
          "looking for "
              + PreviousIncarnation.SHOWS.toSeconds()
              + " s whether a node lives; nodes that have left a sign of life some time: "
              + (seen.isEmpty() ? "none" : String.join(", ", seen.keySet())));
      pause.accept(PreviousIncarnation.SHOWS);
    }
    Map<String, String> again = notes(store);
    List<String> living = changed(seen, again);
    if (living.isEmpty()) {
      if (!store.changeShards(before, Store.SHARDS_CHANGING)) {
        return "another command is changing it";
      }
      try {
        living = changed(again, notes(store));
      } catch (StoreRefusedException e) {
        var unused = store.changeShards(Store.SHARDS_CHANGING, before);
        throw e;
      }
      if (living.isEmpty()) {
        if (store instanceof DynamoStore) {
          say.accept("none has left another one");
        }
        return store.changeShards(Store.SHARDS_CHANGING, wanted)
            ? null
            : "another command changed it";
      }
      var unused = store.changeShards(Store.SHARDS_CHANGING, before);
    }
    return "all nodes must be stopped, and these left a sign of life while this looked: "
        + String.join(", ", living);
  }

  /** Signs of life by node; of an embedded store, whose folder is locked, there are none. */
  private static Map<String, String> notes(Store store) throws StoreRefusedException {
    return store instanceof DynamoStore shared
        ? shared.notes(PreviousIncarnation.PREFIX)
        : Map.of();
  }

  private static List<String> changed(Map<String, String> before, Map<String, String> after) {
    return after.entrySet().stream()
        .filter(note -> !note.getValue().equals(before.get(note.getKey())))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static int number(String text) {
    try {
      int number = Integer.parseInt(text);
      return number >= 1 && number <= Settings.MOST_SHARDS ? number : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
