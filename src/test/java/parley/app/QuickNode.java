package parley.app;

import com.typesafe.config.ConfigFactory;
import parley.store.StoreRefusedException;

/**
 * A node for tests that are not about its end: stopped as soon as it listens it gives entities that
 * were never started a second to be handed over, not seven.
 */
final class QuickNode {
  private QuickNode() {}

  static Node start(Settings settings) throws SettingsException, StoreRefusedException {
    return Node.start(
        settings,
        ConfigFactory.parseString(
            "pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = 2 s"),
        why -> {
          throw new AssertionError(why);
        },
        stop -> {});
  }
}
