package parley.app;

import org.apache.pekko.actor.typed.ActorSystem;
import parley.cluster.MembersUp;
import parley.control.RuntimeSettings;
import parley.control.SettingCatalog;
import parley.session.NodeRate;
import parley.settings.ConnectionCapacity;
import parley.settings.Settings;
import parley.telemetry.LogLevels;
import parley.telemetry.Telemetry;

/** Starts what operators change at run time, with the defaults of the environment. */
final class RuntimeWiring {
  /** Gauge: values that operators have set and that are in force on this node. */
  static final String OVERRIDES = "parley.settings.overrides";

  /** Gauge: seconds since the store has confirmed the settings of this node. */
  static final String AGE = "parley.settings.age";

  private RuntimeWiring() {}

  /** The limit of the messages of a node and of the cluster. */
  static NodeRate nodeRate(ActorSystem<?> node, RuntimeSettings live) {
    return new NodeRate(
        live.number(SettingCatalog.NODE_MESSAGES),
        live.number(SettingCatalog.CLUSTER_MESSAGES),
        MembersUp.count(node));
  }

  /** The settings of a node. Call it when the node has opened its files. */
  static RuntimeSettings settings(Settings settings, Telemetry telemetry) {
    Settings.Rates rates = settings.rates();
    Integer connections = settings.connections().node();
    RuntimeSettings live =
        new RuntimeSettings(
            SettingCatalog.of(
                new SettingCatalog.Defaults(
                    rates.messagesPerMinute(),
                    rates.conversationPerSecond(),
                    rates.nodePerSecond(),
                    rates.clusterPerSecond(),
                    rates.requestsPerSecond(),
                    settings.connections().perAddress(),
                    connections == null ? ConnectionCapacity.maxConnections() : connections,
                    settings.admission().sendMillis(),
                    settings.admission().mailboxMillis(),
                    settings.flagsOff())),
            System::nanoTime);
    live.levelsTo(LogLevels::apply);
    telemetry.gauge(OVERRIDES, () -> live.overrides().size());
    telemetry.gauge(AGE, () -> live.age().toSeconds());
    return live;
  }
}
