package parley.cluster;

import java.io.Serial;

/**
 * The settings were good, but this node did not become a member: it was removed, or stopped, while
 * it waited. Started again it may well be one. The message is one line.
 */
public final class NotJoinedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  NotJoinedException(String why) {
    super("The node did not become a member of the cluster: " + why);
  }
}
