package parley.app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;
import parley.store.Store;

/** What the settings change in the configuration files. Everything else stands there. */
final class NodeConfig {
  /** After the drain's own time, what a straggler gets before it is cut. */
  static final Duration DRAIN_GRACE = Duration.ofSeconds(3);

  private NodeConfig() {}

  /**
   * The whole configuration of a node.
   *
   * @param store where events are kept, open
   */
  static Config of(Settings settings, Store store) {
    Duration drain = settings.drain().plus(DRAIN_GRACE.multipliedBy(2));
    HostPort remote = settings.cluster().remote();
    HostPort management = settings.management();
    return ConfigFactory.parseMap(
            Map.of(
                "pekko.remote.artery.canonical.hostname", remote.host(),
                "pekko.remote.artery.canonical.port", remote.port(),
                "pekko.management.http.hostname", management.host(),
                "pekko.management.http.port", management.port(),
                "pekko.coordinated-shutdown.phases.service-requests-done.timeout", drain),
            "settings")
        .withFallback(store.config())
        .withFallback(ConfigFactory.load())
        .resolve();
  }
}
