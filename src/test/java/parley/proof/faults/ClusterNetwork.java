package parley.proof.faults;

import java.util.List;

/** Where the nodes of a cluster stand, and what lies between them. */
public interface ClusterNetwork extends AutoCloseable {
  /** At which address a node is reached, by the others and by clients. */
  String host(int node);

  /** At which address the nodes reach what runs in the tests' own process. */
  String outside();

  /** What stands before a node's command. */
  List<String> prefix(int node);

  /** Whether the nodes can be cut off from each other here. */
  boolean canCut();

  /** What {@code from} sends to {@code to} is lost from now on, without a word to either. */
  void lose(int from, int to);

  /** Nothing is lost any more. */
  void heal();

  @Override
  void close();

  /** Namespaces where the machine allows them, else everything on the loopback address. */
  static ClusterNetwork best(int nodes) {
    if (!Boolean.getBoolean("parley.cluster.loopback") && NetworkNamespaces.allowed()) {
      return new NetworkNamespaces(nodes);
    }
    return new Loopback();
  }

  /** All nodes on one address, told apart by their ports; nothing can be cut. */
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
