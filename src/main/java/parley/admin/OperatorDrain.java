package parley.admin;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * A drain that an operator begins, before the node is stopped: its clients leave as at a stop, each
 * in its own slot, and the process stays.
 *
 * <pre>
 *   serving --start--&gt; announced --after the time for load balancers--&gt; leaving --all gone, or late--&gt; drained
 *      ^                   |                                               |                             |
 *      `---------------- cancel ------------------------------------------+-----------------------------'
 * </pre>
 *
 * <p>Decision: the clients leave, and the node remains a member with its shards until it is
 * stopped. A drain that ended the process would be undone by whoever restarts it (Kubernetes does
 * at once), and a member that hands its shards over without leaving would get them back by the next
 * rebalancing. So the stop that follows has no sockets left to spread, and hands the shards over as
 * always. Until then the node is not ready and refuses sockets. Kubernetes counts it as
 * unavailable: its disruption budget lets no other node stop meanwhile.
 *
 * <p>A drain is in memory, and only {@link #cancel} or a restart undoes it; a stop is never undone.
 * Clients that were told to leave before a cancel leave all the same, and may come back here.
 */
public final class OperatorDrain {
  /** Of a drain. */
  enum State {
    SERVING,
    ANNOUNCED,
    LEAVING,
    DRAINED
  }

  /** The sockets of the node. */
  public interface Sockets {
    /**
     * Lets all leave over this time, and accepts no more; completes soon after it at the latest.
     */
    CompletionStage<Done> leave(Duration over);

    /** Accepts sockets again. */
    void accept();
  }

  /**
   * How far it is.
   *
   * @param state as {@link State}, in lower case; {@code starting} and {@code stopping} for the
   *     node's own
   * @param before sockets at the beginning
   * @param left sockets now
   * @param secondsLeft until the last slot
   * @param shards of all kinds of entities on this node, as of some seconds ago
   */
  record Progress(String state, int before, int left, long secondsLeft, int shards) {}

  private final ActorSystem<?> system;
  private final Readiness readiness;
  private final Sockets sockets;
  private final IntSupplier open;
  private final IntSupplier shards;
  private final Duration unready;
  private final Duration time;
  private final LongSupplier nanos;
  private State state = State.SERVING;
  private int before;
  private long since;

  /** Grows with each start and cancel, so that what a cancelled one still does is ignored. */
  private long number;

  /**
   * Of a node that serves, or will.
   *
   * @param open how many sockets are open
   * @param shards how many shards are on this node
   * @param unready how long the node announces it before the clients leave
   * @param time over which the clients leave
   * @param nanos a clock that never goes back, as {@link System#nanoTime}
   */
  public OperatorDrain(
      ActorSystem<?> system,
      Readiness readiness,
      Sockets sockets,
      IntSupplier open,
      IntSupplier shards,
      Duration unready,
      Duration time,
      LongSupplier nanos) {
    this.system = system;
    this.readiness = readiness;
    this.sockets = sockets;
    this.open = open;
    this.shards = shards;
    this.unready = unready;
    this.time = time;
    this.nanos = nanos;
  }

  /** Begins. Returns false if the node does not serve, or is being drained already. */
  synchronized boolean start() {
    if (!readiness.drain()) {
      return false;
    }
    long mine = ++number;
    state = State.ANNOUNCED;
    before = open.getAsInt();
    since = nanos.getAsLong();
    if (unready.isZero()) {
      leave(mine);
    } else {
      system.scheduler().scheduleOnce(unready, () -> leave(mine), system.executionContext());
    }
    return true;
  }

  private synchronized void leave(long mine) {
    if (mine != number) {
      return;
    }
    state = State.LEAVING;
    sockets
        .leave(time)
        .whenComplete(
            (done, failure) -> {
              synchronized (this) {
                if (mine == number) {
                  state = State.DRAINED;
                }
              }
            });
  }

  /** Undoes a drain. Returns false if there is none, or if the node stops. */
  synchronized boolean cancel() {
    if (!readiness.undrain()) {
      return false;
    }
    number++;
    state = State.SERVING;
    before = 0;
    sockets.accept();
    return true;
  }

  synchronized Progress progress() {
    long past = nanos.getAsLong() - since;
    long left = unready.plus(time).toNanos() - past;
    boolean runs = state == State.ANNOUNCED || state == State.LEAVING;
    return new Progress(
        readiness.isStarting() || readiness.isStopping()
            ? readiness.isStarting() ? "starting" : "stopping"
            : state.name().toLowerCase(java.util.Locale.ROOT),
        before,
        open.getAsInt(),
        runs ? Math.max(0, Duration.ofNanos(left).toSeconds()) : 0,
        shards.getAsInt());
  }
}
