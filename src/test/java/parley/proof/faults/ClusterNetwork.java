package parley.proof.faults;

import java.util.List;

/** The network between the nodes of a cluster. */
public interface ClusterNetwork extends AutoCloseable {
  /** The address of a node, for the other nodes and for clients. */
  String host(int node);

  /** The address at which the nodes reach servers in the tests' own process. */
  String outside();

  /** The prefix of a node's command. */
  List<String> prefix(int node);

  /** Whether this network can cut nodes off from each other. */
  boolean canCut();

  /**
   * Loses everything that {@code from} sends to {@code to} from now on; neither side gets an error.
   */
  void lose(int from, int to);

  /** Ends all losses. */
  void heal();

  @Override
  void close();

  /**
   * Network namespaces if the machine permits them, otherwise the loopback address for everything.
   */
  static ClusterNetwork best(int nodes) {
    if (!Boolean.getBoolean("parley.cluster.loopback") && NetworkNamespaces.allowed()) {
      return new NetworkNamespaces(nodes);
    }
    return new Loopback();
  }

  /** All nodes on one address with different ports; nothing can be cut. */
  final class Loopback implements ClusterNetwork {
    @Override
    public String host(int node) {
      return "127.0.0.1";
    }

    @Override
    public String outside() {
      return "127.0.0.1";
    }

    @Override
    public List<String> prefix(int node) {
      return List.of();
    }

    @Override
    public boolean canCut() {
      return false;
    }

    @Override
    public void lose(int from, int to) {
      throw new UnsupportedOperationException("nothing can be cut on the loopback address");
    }

    @Override
    public void heal() {}

    @Override
    public void close() {}
  }
}
