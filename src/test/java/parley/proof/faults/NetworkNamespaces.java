package parley.proof.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Each node in a network namespace of its own, all on one bridge without another connection. Needs
 * root and iproute2.
 *
 * <p>A link is cut by telling the sender a hardware address that nobody has: its frames leave and
 * never arrive, in one direction, as with a broken switch. No error comes back, open connections
 * stay open, and no packet filter is needed, which many small machines do not have.
 */
final class NetworkNamespaces implements ClusterNetwork {
  /** Part of every name, so that two runs on one machine do not meet. */
  private static final long PID = ProcessHandle.current().pid();

  /** A range for tests of networks (RFC 2544) that is never routed. */
  private static final String NET = "198.18." + PID % 250 + ".";

  private static final String BRIDGE = "ply" + PID + "b";
  private static final String NOBODY = "02:00:00:00:00:fe";

  private final int nodes;
  private final List<int[]> lost = new ArrayList<>();

  /** Whether this process may make namespaces and bridges. */
  static boolean allowed() {
    String probe = "parley-" + PID + "-probe";
    try {
      run("ip", "netns", "add", probe);
      run("ip", "link", "add", BRIDGE, "type", "bridge");
      run("ip", "link", "del", BRIDGE);
      return true;
    } catch (IllegalStateException e) {
      return false;
    } finally {
      attempt("ip", "netns", "del", probe);
    }
  }

  NetworkNamespaces(int nodes) {
    this.nodes = nodes;
    sweep();
    run("ip", "link", "add", BRIDGE, "type", "bridge");
    run("ip", "addr", "add", outside() + "/24", "dev", BRIDGE);
    run("ip", "link", "set", BRIDGE, "up");
    for (int node = 0; node < nodes; node++) {
      run("ip", "netns", "add", name(node));
      run(
          "ip",
          "link",
          "add",
          veth(node),
          "type",
          "veth",
          "peer",
          "name",
          "eth0",
          "netns",
          name(node));
      run("ip", "link", "set", veth(node), "master", BRIDGE, "up");
      inside(node, "ip", "link", "set", "lo", "up");
      inside(node, "ip", "addr", "add", host(node) + "/24", "dev", "eth0");
      inside(node, "ip", "link", "set", "eth0", "up");
    }
  }

  @Override
  public String host(int node) {
    return NET + (node + 11);
  }

  @Override
  public String outside() {
    return NET + "1";
  }

  @Override
  public List<String> prefix(int node) {
    return List.of("ip", "netns", "exec", name(node));
  }

  @Override
  public boolean canCut() {
    return true;
  }

  @Override
  public synchronized void lose(int from, int to) {
    inside(
        from,
        "ip",
        "neigh",
        "replace",
        host(to),
        "lladdr",
        NOBODY,
        "dev",
        "eth0",
        "nud",
        "permanent");
    lost.add(new int[] {from, to});
  }

  @Override
  public synchronized void heal() {
    for (int[] link : lost) {
      inside(link[0], "ip", "neigh", "del", host(link[1]), "dev", "eth0");
    }
    lost.clear();
  }

  @Override
  public void close() {
    for (int node = 0; node < nodes; node++) {
      attempt("ip", "netns", "del", name(node));
      attempt("ip", "link", "del", veth(node));
    }
    attempt("ip", "link", "del", BRIDGE);
  }

  /** Removes what killed runs have left behind. */
  private static void sweep() {
    for (String line : run("ip", "netns", "list").lines().toList()) {
      Matcher ours = Pattern.compile("^parley-(\\d+)-\\w+").matcher(line);
      if (ours.find() && ProcessHandle.of(Long.parseLong(ours.group(1))).isEmpty()) {
        attempt("ip", "netns", "del", ours.group());
        attempt("ip", "link", "del", "ply" + ours.group(1) + "b");
      }
    }
  }

  private static String name(int node) {
    return "parley-" + PID + "-" + node;
  }

  private static String veth(int node) {
    return "ply" + PID + "v" + node;
  }

  private void inside(int node, String... command) {
    List<String> whole = new ArrayList<>(prefix(node));
    whole.addAll(List.of(command));
    run(whole.toArray(String[]::new));
  }

  /** Runs a command of the clean-up, which may fail because there is nothing to remove. */
  private static void attempt(String... command) {
    try {
      var unused = run(command);
    } catch (IllegalStateException e) {
      // Not there, or not allowed: then there is nothing to clean.
    }
  }

  private static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + said.trim());
      }
      return said;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
