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
 * The number of shards of each kind of entity. All nodes must use the same number. So the store
 * keeps it, the first node writes it, and a node with another number in its settings does not
 * start. The command {@code shards N} changes the number while all nodes are stopped.
 */
final class ShardCount {
  /** The first argument of the program. */
  static final String COMMAND = "shards";

  static final int DEFAULT_COUNT = 1024;

  /** The number of shards in stores of versions that did not keep the number. */
  static final int LEGACY_COUNT = 128;

  /** One in this many shards may move at a time, so that a rebalance takes a handful of steps. */
  private static final int REBALANCE_DIVISOR = 6;

  private static final Logger LOG = LoggerFactory.getLogger(ShardCount.class);
  private static final String VARIABLE = "PARLEY_SHARDS";

  private ShardCount() {}

  /**
   * Returns the number of shards that all nodes of this store use. Blocks.
   *
   * @param wanted the number in this node's settings, null if it is not set
   * @throws SettingsException if the settings have another number than the store
   * @throws StoreRefusedException if the store cannot be asked, or the number is being changed
   */
  static int agreeWithStore(Store store, @Nullable Integer wanted)
      throws SettingsException, StoreRefusedException {
    int kept = store.shards(wanted == null ? DEFAULT_COUNT : wanted, LEGACY_COUNT);
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
    if (kept != DEFAULT_COUNT && wanted == null) {
      LOG.info("The store has {} shards of each kind ({} is not set)", kept, VARIABLE);
    }
    return kept;
  }

  /** The configuration of sharding for this number of shards. */
  static Config config(int shards) {
    return ConfigFactory.parseMap(
        Map.of(
            "pekko.cluster.sharding.number-of-shards",
            shards,
            "pekko.cluster.sharding.least-shard-allocation-strategy.rebalance-absolute-limit",
            Math.max(20, shards / REBALANCE_DIVISOR)),
        "number of shards");
  }

  /**
   * Runs the command {@code shards [N]}: prints the number of shards, or changes it. Blocks.
   *
   * @return the exit code: 0, or 1 if the store refuses or a node may still run, or 2 for wrong
   *     arguments
   */
  static int run(Settings settings, List<String> arguments) throws StoreRefusedException {
    int wanted = arguments.size() == 2 ? parseCount(arguments.get(1)) : 0;
    if (arguments.size() > 2 || (arguments.size() == 2 && wanted == 0)) {
      System.err.println("arguments: " + COMMAND + " [N], N from 1 to " + Settings.MAX_SHARDS);
      return ExitCode.WRONG_SETTING;
    }
    try (Store store = VerifyCommand.open(settings)) {
      if (wanted == 0) {
        System.out.println(store.shards(DEFAULT_COUNT, LEGACY_COUNT) + " shards of each kind");
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
   * Changes the number if no node is alive. A live node writes a new sign of life within {@link
   * PreviousIncarnation#SIGN_OF_LIFE_INTERVAL}. So all signs of life are read twice, so far apart,
   * and a change means a live node. No clock is compared with another.
   *
   * <p>These two reads come before any write, so that a mistyped command does not disturb a running
   * cluster. A node that starts meanwhile writes its sign of life before it reads the number of
   * shards. This method withdraws the number before it reads the signs of life a third time. So at
   * least one of the two notices the other.
   *
   * @param pause waits for the given time
   * @param say receives the progress, one line per call
   * @return why the number was not changed, or null if it was
   */
  static @Nullable String change(
      Store store, int wanted, Consumer<Duration> pause, Consumer<String> say)
      throws StoreRefusedException {
    // A killed command may have left the number as "being changed"; it is changed then as well.
    int before = store.shardsOrChanging(DEFAULT_COUNT, LEGACY_COUNT);
    if (before == wanted) {
      return null;
    }
    Map<String, String> seen = signsOfLife(store);
    if (store instanceof DynamoStore) {
      say.accept(
          "looking for "
              + PreviousIncarnation.SIGN_OF_LIFE_INTERVAL.toSeconds()
              + " s for live nodes; nodes that have ever left a sign of life: "
              + (seen.isEmpty() ? "none" : String.join(", ", seen.keySet())));
      pause.accept(PreviousIncarnation.SIGN_OF_LIFE_INTERVAL);
    }
    Map<String, String> again = signsOfLife(store);
    List<String> living = nodesWithNewSign(seen, again);
    if (living.isEmpty()) {
      if (!store.changeShards(before, Store.SHARDS_CHANGING)) {
        return "another command is changing it";
      }
      try {
        living = nodesWithNewSign(again, signsOfLife(store));
      } catch (StoreRefusedException e) {
        var unused = store.changeShards(Store.SHARDS_CHANGING, before);
        throw e;
      }
      if (living.isEmpty()) {
        if (store instanceof DynamoStore) {
          say.accept("no node has left a new sign of life");
        }
        return store.changeShards(Store.SHARDS_CHANGING, wanted)
            ? null
            : "another command changed it";
      }
      var unused = store.changeShards(Store.SHARDS_CHANGING, before);
    }
    return "all nodes must be stopped, but these left a new sign of life during the check: "
        + String.join(", ", living);
  }

  /**
   * The signs of life by node. An embedded store has none: the lock of its folder excludes other
   * processes.
   */
  private static Map<String, String> signsOfLife(Store store) throws StoreRefusedException {
    return store instanceof DynamoStore shared
        ? shared.readNotes(PreviousIncarnation.PREFIX)
        : Map.of();
  }

  private static List<String> nodesWithNewSign(
      Map<String, String> before, Map<String, String> after) {
    return after.entrySet().stream()
        .filter(note -> !note.getValue().equals(before.get(note.getKey())))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static int parseCount(String text) {
    try {
      int number = Integer.parseInt(text);
      return number >= 1 && number <= Settings.MAX_SHARDS ? number : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
