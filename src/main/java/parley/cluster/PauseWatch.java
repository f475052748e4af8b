package parley.cluster;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects that this process did not run for so long that the other nodes may have downed it: a
 * stopped process, a suspended machine, a very long garbage collection. The process does not know
 * that yet when it continues. For a moment it would go on with conversations that live on other
 * nodes by now: the store accepts its writes until the new owner has written, and the new owner
 * would not know of these writes. So from the first check after the pause on, this node
 * acknowledges nothing any more. It ends, and its supervisor starts it again.
 *
 * <p>A thread of its own records a heartbeat. The first check after the pause sees the gap since
 * the last heartbeat, on that thread or on one that is about to answer a client. From then on every
 * check reports the pause.
 *
 * <p>Fencing by a lease on the node's own clock is an old idea (C. Gray and D. Cheriton, Leases,
 * 1989).
 */
public final class PauseWatch implements BooleanSupplier, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PauseWatch.class);
  private static final Duration HEARTBEAT_INTERVAL = Duration.ofMillis(250);

  private final long maxPauseNanos;
  private final LongSupplier nanos;
  private final Runnable onPaused;
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("pause-watch").factory());
  private volatile long heartbeat;
  private volatile boolean paused;

  /**
   * Creates a watch without a heartbeat; {@link #start} starts it.
   *
   * @param most the longest pause after which this node may go on; shorter than the time after
   *     which other nodes take over
   * @param nanos as {@link System#nanoTime()}
   * @param onPaused called once, on the watch's thread
   */
  public PauseWatch(Duration most, LongSupplier nanos, Runnable onPaused) {
    this.maxPauseNanos = most.toNanos();
    this.nanos = nanos;
    this.onPaused = onPaused;
    this.heartbeat = nanos.getAsLong();
  }

  /** Starts the heartbeat. */
  public void start() {
    long every = HEARTBEAT_INTERVAL.toMillis();
    ScheduledFuture<?> unused =
        scheduler.scheduleWithFixedDelay(this::heartbeat, every, every, TimeUnit.MILLISECONDS);
  }

  /** Checks for a pause, and records a heartbeat if there was none. */
  void heartbeat() {
    if (!getAsBoolean()) {
      heartbeat = nanos.getAsLong();
      return;
    }
    scheduler.shutdown();
    LOG.error(
        "This process did not run for more than {} s, and other nodes may have taken over: it ends",
        TimeUnit.NANOSECONDS.toSeconds(maxPauseNanos));
    onPaused.run();
  }

  /** Whether there was a pause. If so, nothing may be acknowledged any more. */
  @Override
  public boolean getAsBoolean() {
    if (!paused && nanos.getAsLong() - heartbeat > maxPauseNanos) {
      paused = true;
    }
    return paused;
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
  }
}
