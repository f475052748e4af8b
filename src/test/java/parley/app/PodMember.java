package parley.app;

import com.typesafe.config.ConfigFactory;
import java.time.InstantSource;
import java.util.List;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.admin.ManagementPort;
import parley.admin.ManagementTls;
import parley.admin.Readiness;
import parley.audit.AuditLog;
import parley.cluster.ClusterJoin;
import parley.cluster.NodeTls;
import parley.settings.ExitCode;
import parley.settings.Settings;
import parley.telemetry.Telemetry;

/**
 * A program that is only a member of a cluster of pods. It uses the configuration, the management
 * port and the joining of a node, and has no store. It ends when it is no longer a member.
 */
final class PodMember {
  private PodMember() {}

  public static void main(String[] args) throws Exception {
    Settings settings = Settings.from(System.getenv());
    ActorSystem<Void> system =
        ActorSystem.create(
            Behaviors.empty(),
            "parley",
            NodeTls.read(settings, InstantSource.system())
                .config()
                .withFallback(NodeConfig.of(settings, ConfigFactory.empty())));
    StopWatchdog watch = StopWatchdog.of(system, Main::haltAsBroken);
    NodeTls nodes = NodeTls.read(settings, InstantSource.system());
    ManagementTls operators = ManagementTls.read(settings, InstantSource.system());
    if (operators != null) {
      operators.useForClusterCalls(system, settings.management().port(), nodes.authority());
    }
    new ManagementPort(
            system,
            new Telemetry(),
            new Readiness(),
            List.of(),
            new ManagementPort.AdminSecurity(
                null, AuditLog.init(ClusterSharding.get(system), InstantSource.system())),
            settings.management(),
            ManagementPort.hosts(settings),
            operators,
            0)
        .bind()
        .toCompletableFuture()
        .join();
    ClusterJoin.join(system, settings.cluster());
    watch.systemEnded().toCompletableFuture().join();
    System.exit(ExitCode.FAILED);
  }
}
