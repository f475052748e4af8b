package parley.cluster;

import java.io.Serial;

/**
 * The settings are valid, but this node did not become a member of its cluster: it was removed or
 * stopped while it waited. A restart may succeed. The message is one line.
 */
public final class NotJoinedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  NotJoinedException(String why) {
    super("The node did not become a member of the cluster: " + why);
  }
}
