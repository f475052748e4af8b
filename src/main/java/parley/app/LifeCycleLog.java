package parley.app;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.Member;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.cluster.LeadershipWatch;
import parley.settings.Settings;
import parley.telemetry.LogEvents;

/**
 * The lines of a node's life, at INFO: started, joined, leader or oldest of the cluster, the
 * drain's begin and end, stopped. Each has a name ({@link LogEvents#EVENT}), and says the same in
 * words.
 */
final class LifeCycleLog {
  private static final Logger LOG = LoggerFactory.getLogger(LifeCycleLog.class);

  private LifeCycleLog() {}

  /**
   * Logs that the node serves, and from now on which role it gets. The program calls this after the
   * two lines with its addresses, which a program that started it waits for.
   */
  static void serving(ActorSystem<?> system, Settings settings) {
    String version = BuildVersion.read();
    String java = Runtime.version().toString();
    String store = settings.store().kind().name().toLowerCase(Locale.ROOT);
    String changed = String.join(", ", settings.changed());
    LOG.atInfo()
        .addKeyValue(LogEvents.EVENT, "started")
        .addKeyValue("version", version)
        .addKeyValue("java", java)
        .addKeyValue("store", store)
        .addKeyValue("settings", settings.changed())
        .addKeyValue("uptime_ms", ManagementFactory.getRuntimeMXBean().getUptime())
        .log(
            "Started: version {}, Java {}, store {}; settings: {}",
            version,
            java,
            store,
            changed.isEmpty() ? "all at their defaults" : changed);
    Cluster cluster = Cluster.get(system);
    List<String> members = new ArrayList<>();
    for (Member member : cluster.state().getMembers()) {
      members.add(member.address().hostPort());
    }
    LOG.atInfo()
        .addKeyValue(LogEvents.EVENT, "joined")
        .addKeyValue("address", cluster.selfAddress().hostPort())
        .addKeyValue("members", members)
        .log(
            "Joined the cluster as {}; its members are {}",
            cluster.selfAddress().hostPort(),
            members);
    try {
      system.systemActorOf(LeadershipWatch.create(), "leadership-watch", Props.empty());
    } catch (IllegalStateException e) {
      LOG.debug("The node stops already", e);
    }
  }

  /** Logs that clients are about to be sent away. */
  static void drainBegins(int sessions, Duration over) {
    LOG.atInfo()
        .addKeyValue(LogEvents.EVENT, "drain_begins")
        .addKeyValue("sessions", sessions)
        .addKeyValue("over_ms", over.toMillis())
        .log("The drain begins: {} sessions leave within {} ms", sessions, over.toMillis());
  }

  /**
   * Logs that clients were sent away.
   *
   * @param sessions how many there were at the beginning
   * @param left how many are still there, and are cut
   */
  static void drainEnded(int sessions, int left, Duration took) {
    LOG.atInfo()
        .addKeyValue(LogEvents.EVENT, "drain_ended")
        .addKeyValue("sessions", sessions)
        .addKeyValue("left", left)
        .addKeyValue("latency_ms", took.toMillis())
        .log(
            "The drain has ended after {} ms: {} sessions, of which {} are cut",
            took.toMillis(),
            sessions,
            left);
  }

  /** Logs that everything has stopped. */
  static void stopped() {
    LOG.atInfo().addKeyValue(LogEvents.EVENT, "stopped").log("Stopped");
  }
}
