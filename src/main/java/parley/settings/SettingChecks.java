package parley.settings;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import parley.settings.Settings.Cluster;
import parley.settings.Settings.ClusterKind;
import parley.settings.Settings.StoreKind;

/** Checks settings that are each valid alone but exclude each other. */
final class SettingChecks {
  private SettingChecks() {}

  /** Throws for the first combination that cannot work; the exception names one setting of it. */
  static void check(Settings settings) throws SettingsException {
    checkCombinations(settings);
    checkPortsDiffer(settings);
  }

  private static void checkPortsDiffer(Settings settings) throws SettingsException {
    int clients = settings.listen().port();
    int management = settings.management().port();
    int remote = settings.cluster().remote().port();
    if (management != 0 && management == clients) {
      throw new SettingsException(
          "PARLEY_MANAGEMENT_PORT", "must not be the client port, " + management);
    }
    if (remote != 0 && (remote == clients || remote == management)) {
      throw new SettingsException(
          "PARLEY_REMOTE_PORT", "must not be the client or management port, " + remote);
    }
  }

  private static void checkCombinations(Settings settings) throws SettingsException {
    Cluster cluster = settings.cluster();
    if (cluster.kind() == ClusterKind.SINGLE) {
      return;
    }
    if (settings.store().kind() == StoreKind.EMBEDDED) {
      throw new SettingsException(
          "PARLEY_STORE", "embedded is one node's own disk; in a cluster it must be dynamodb");
    }
    if (cluster.remote().port() == 0) {
      throw new SettingsException(
          "PARLEY_REMOTE_PORT", "must be a port that the other nodes know, not 0");
    }
    if (Set.of("0.0.0.0", "::", "[::]").contains(cluster.remote().host())) {
      throw new SettingsException(
          "PARLEY_REMOTE_HOST", "must be the address at which the other nodes reach this one");
    }
    if (cluster.kind() == ClusterKind.SEED) {
      checkOwnNameInSeeds(cluster.remote(), cluster.seeds());
    }
    if (cluster.kind() == ClusterKind.KUBERNETES && settings.management().port() == 0) {
      throw new SettingsException(
          "PARLEY_MANAGEMENT_PORT", "must be a port that the other nodes know, not 0");
    }
    if (cluster.tls().on() && cluster.tls().files() == null && !onThisMachine(cluster)) {
      throw new SettingsException(
          "PARLEY_NODE_TLS_CERT",
          "must be set where nodes are on several machines, unless PARLEY_NODE_TLS is off (the"
              + " command node-ca makes certificates)");
    }
  }

  /**
   * Checks that the seed nodes name this node as it names itself. Addresses are compared as text:
   * under a second name, a node would wait for itself for ever.
   */
  private static void checkOwnNameInSeeds(HostPort remote, List<HostPort> seeds)
      throws SettingsException {
    if (seeds.contains(remote)) {
      return;
    }
    for (HostPort seed : seeds) {
      if (seed.port() == remote.port() && sameHost(seed.host(), remote.host())) {
        throw new SettingsException(
            "PARLEY_SEED_NODES",
            seed + " is this node, which PARLEY_REMOTE_HOST calls " + remote + ": write it alike");
      }
    }
  }

  private static boolean sameHost(String one, String other) {
    try {
      return List.of(InetAddress.getAllByName(one)).contains(InetAddress.getByName(other));
    } catch (UnknownHostException e) {
      // Our own name resolves, so a name that does not is that of another node.
      return false;
    }
  }

  /** Whether all nodes of the cluster run on this machine. */
  private static boolean onThisMachine(Cluster cluster) {
    return switch (cluster.kind()) {
      case SINGLE -> true;
      case SEED ->
          isLoopback(cluster.remote())
              && cluster.seeds().stream().allMatch(SettingChecks::isLoopback);
      case KUBERNETES -> false;
    };
  }

  private static boolean isLoopback(HostPort address) {
    try {
      return InetAddress.getByName(address.host()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
