package parley.admin;

/**
 * Whether this node takes new clients: starting, serving, draining, stopping. An operator may undo
 * a drain. Nobody undoes a stop.
 */
public final class Readiness {
  private enum State {
    STARTING,
    SERVING,
    DRAINING,
    STOPPING
  }

  private volatile State state = State.STARTING;

  /** Called when the client port listens. No effect once a stop has begun. */
  public synchronized void serving() {
    if (state == State.STARTING) {
      state = State.SERVING;
    }
  }

  /**
   * Called when the node is about to stop: load balancers should send clients to other nodes.
   * Returns whether they know that already, because the node was drained before.
   */
  public synchronized boolean stopping() {
    boolean drained = state == State.DRAINING;
    state = State.STOPPING;
    return drained;
  }

  /** An operator drains the node. Returns false if it does not serve. */
  synchronized boolean drain() {
    boolean serving = state == State.SERVING;
    if (serving) {
      state = State.DRAINING;
    }
    return serving;
  }

  /** The drain of an operator is undone. Returns false if there is none. */
  synchronized boolean undrain() {
    boolean draining = state == State.DRAINING;
    if (draining) {
      state = State.SERVING;
    }
    return draining;
  }

  /** Whether load balancers should send clients to this node. */
  public boolean isServing() {
    return state == State.SERVING;
  }

  /** Whether the node has not served yet. */
  boolean isStarting() {
    return state == State.STARTING;
  }

  /** Whether the node is about to stop. */
  boolean isStopping() {
    return state == State.STOPPING;
  }

  /** {@code starting}, {@code serving} or {@code draining}. */
  @Override
  public String toString() {
    return switch (state) {
      case STARTING -> "starting";
      case SERVING -> "serving";
      case DRAINING, STOPPING -> "draining";
    };
  }
}
