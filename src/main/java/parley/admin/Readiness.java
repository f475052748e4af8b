package parley.admin;

/**
 * Whether this node takes new clients. The state only moves forward: starting, serving, draining.
 */
public final class Readiness {
  private enum State {
    STARTING,
    SERVING,
    DRAINING
  }

  private volatile State state = State.STARTING;

  /** Called when the client port listens. No effect once a drain has begun. */
  public synchronized void serving() {
    if (state == State.STARTING) {
      state = State.SERVING;
    }
  }

  /** Called when the node is about to stop: load balancers should send clients to other nodes. */
  public synchronized void draining() {
    state = State.DRAINING;
  }

  /** Whether load balancers should send clients to this node. */
  public boolean isServing() {
    return state == State.SERVING;
  }

  /** {@code starting}, {@code serving} or {@code draining}. */
  @Override
  public String toString() {
    return switch (state) {
      case STARTING -> "starting";
      case SERVING -> "serving";
      case DRAINING -> "draining";
    };
  }
}
