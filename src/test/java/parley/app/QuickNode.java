package parley.app;

import com.typesafe.config.ConfigFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.StoreRefusedException;

/**
 * A node for tests that do not test its stop. A stop right after the start would wait seven seconds
 * for the hand-over of entities that never started. Here this phase is short.
 */
public final class QuickNode {
  private static final Logger LOG = LoggerFactory.getLogger(QuickNode.class);

  private QuickNode() {}

  public static Node start(Settings settings) throws SettingsException, StoreRefusedException {
    return Node.start(
        settings,
        ConfigFactory.parseString(
            "pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = 2 s"),
        why -> LOG.error("This node cannot go on: {}", why),
        stop -> {});
  }
}
