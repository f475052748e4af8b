package parley.app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.store.Store;

/**
 * Turns the settings into configuration that takes precedence over the configuration files.
 * Everything else is configured in the files.
 */
public final class NodeConfig {
  /** Extra time after the drain before the remaining connections are cut. */
  static final Duration DRAIN_GRACE = Duration.ofSeconds(3);

  /** Extra time for the announcement of a stop before the stop goes on without it. */
  private static final Duration UNREADY_MARGIN = Duration.ofSeconds(3);

  /** As {@code parley.archive.breaker.longest-rest}; a longer first rest is also the longest. */
  private static final Duration LONGEST_REST = Duration.ofSeconds(30);

  /** Journals and snapshots of both stores. A node has one store, and the setting is its. */
  static final List<String> PLUGINS =
      List.of(
          "dynamodb-journal",
          "dynamodb-snapshot-store",
          "parley-journal",
          "parley-embedded-snapshots");

  private NodeConfig() {}

  /**
   * The whole configuration of a node.
   *
   * @param store the event store, already open
   */
  public static Config of(Settings settings, Store store) {
    return of(settings, store.config());
  }

  /**
   * The whole configuration of a node.
   *
   * @param store the store's own configuration, which takes precedence over the files; may be empty
   */
  public static Config of(Settings settings, Config store) {
    Duration unready = settings.unready().plus(UNREADY_MARGIN);
    Duration drain = settings.drain().plus(DRAIN_GRACE.multipliedBy(2));
    // A single node hands no shards over; its entities only finish their writes.
    boolean single = settings.cluster().kind() == Settings.ClusterKind.SINGLE;
    Duration handOver = single ? Duration.ofSeconds(8) : Duration.ofSeconds(25);
    HostPort remote = settings.cluster().remote();
    HostPort management = settings.management();
    return kubernetes(settings.cluster())
        .withFallback(breakersAndCaches(settings))
        .withFallback(
            ConfigFactory.parseMap(
                Map.of(
                    "pekko.remote.artery.canonical.hostname", remote.host(),
                    "pekko.remote.artery.canonical.port", remote.port(),
                    "pekko.cluster.app-version", BuildVersion.read(),
                    "pekko.management.http.hostname", management.host(),
                    "pekko.management.http.port", management.port(),
                    "pekko.management.http.route-providers-read-only", !settings.managementWrite(),
                    // In a single node sockets and their streams share threads, so that one seldom
                    // has to wake another. In a cluster sockets carry heartbeats too, which must
                    // not wait behind entities.
                    "pekko.io.tcp.worker-dispatcher",
                        single
                            ? "pekko.actor.default-dispatcher"
                            : "pekko.actor.internal-dispatcher",
                    "pekko.coordinated-shutdown.phases.before-service-unbind.timeout", unready,
                    "pekko.coordinated-shutdown.phases.service-requests-done.timeout", drain,
                    "pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout",
                        handOver),
                "settings"))
        .withFallback(store)
        .withFallback(ConfigFactory.load())
        .resolve();
  }

  private static Config breakersAndCaches(Settings settings) {
    Settings.Breaker store = settings.store().breaker();
    Settings.Cold cold = settings.cold();
    Duration rest = Duration.ofSeconds(cold.breaker().restSeconds());
    Map<String, Object> all = new HashMap<>();
    // By plugin: the files share a breaker between a journal and its snapshots by a substitution,
    // which is resolved when this is laid over them.
    for (String plugin : PLUGINS) {
      all.put(plugin + ".circuit-breaker.max-failures", store.failures());
      all.put(plugin + ".circuit-breaker.reset-timeout", Duration.ofSeconds(store.restSeconds()));
    }
    all.put("parley.archive.breaker.failures", cold.breaker().failures());
    all.put("parley.archive.breaker.rest", rest);
    all.put(
        "parley.archive.breaker.longest-rest",
        rest.compareTo(LONGEST_REST) > 0 ? rest : LONGEST_REST);
    all.put("parley.archive.cache-bytes", cold.cacheMegabytes() * 1024L * 1024);
    all.put("parley.archive.cache-time", Duration.ofMinutes(cold.cacheMinutes()));
    return ConfigFactory.parseMap(all, "settings");
  }

  /** How pods find each other on Kubernetes; empty in the other modes. */
  private static Config kubernetes(Settings.Cluster cluster) {
    if (cluster.kind() != Settings.ClusterKind.KUBERNETES) {
      return ConfigFactory.empty();
    }
    return ConfigFactory.parseMap(
            Map.of(
                // The address that the other nodes use: the port may listen on every address of its
                // pod.
                "pekko.management.http.hostname", cluster.remote().host(),
                "pekko.discovery.kubernetes-api.pod-label-selector", cluster.pods().selector(),
                "pekko.management.cluster.bootstrap.contact-point-discovery.required-contact-point-nr",
                    cluster.pods().required(),
                "parley.cluster.stateful-set", cluster.pods().statefulSet()),
            "settings")
        .withFallback(ConfigFactory.parseResources("parley-kubernetes.conf"));
  }
}
