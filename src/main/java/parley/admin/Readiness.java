package parley.admin;

/** Whether this node wants new clients. Moves one way: starting, serving, draining. */
public final class Readiness {
  private enum State {
    STARTING,
    SERVING,
    DRAINING
  }

  private volatile State state = State.STARTING;

  /** The client port listens. Without effect once a drain has begun. */
  public synchronized void serving() {
    if (state == State.STARTING) {
      state = State.SERVING;
    }
  }

  /** The node is about to stop: load balancers should look elsewhere from now on. */
  public synchronized void draining() {
    state = State.DRAINING;
  }

  /** Whether clients should come. */
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
