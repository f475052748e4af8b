package parley.app;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import parley.telemetry.Telemetry;

/**
 * A program that is a member of a cluster of pods and nothing else: the configuration, the
 * management port and the way in are the node's own, and there is no store behind them. Ends when
 * it is no member any more.
 */
final class PodMember {
  private PodMember() {}

  public static void main(String[] args) throws Exception {
    Settings settings = settings(System.getenv());
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            "parley",
            NodeConfig.of(settings, Path.of(args[0]).toAbsolutePath()));
    new ManagementPort(system, new Telemetry(), new Readiness(), List.of())
        .bind(settings.management())
        .toCompletableFuture()
        .join();
    Joining.join(system, settings.cluster());
    system.getWhenTerminated().toCompletableFuture().join();
    System.exit(Main.FAILED);
  }

  /**
   * As the environment says, but with the embedded store, which a cluster is refused; all else is
   * read, and refused, as ever.
   */
  static Settings settings(Map<String, String> variables) throws SettingsException {
    Map<String, String> environment = new HashMap<>(variables);
    environment.remove("PARLEY_CLUSTER");
    environment.remove("PARLEY_STORE");
    Settings single = Settings.from(environment);
    Settings.Cluster cluster = single.cluster();
    return new Settings(
        single.listen(),
        single.dataDir(),
        single.store(),
        single.cold(),
        single.auth(),
        new Settings.Cluster(
            Settings.ClusterKind.KUBERNETES, cluster.remote(), cluster.seeds(), cluster.pods()),
        single.management(),
        single.managementWrite(),
        single.rates(),
        single.trustedProxies(),
        single.drain(),
        single.apns(),
        single.fcm(),
        single.unknown());
  }
}
