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
 * Notices that this process stood still (a stopped process, a machine that was suspended, a very
 * long collection of garbage) for so long that the others may have given it up. It does not know
 * that yet when it wakes, and would go on for a moment with conversations that live elsewhere by
 * now: the store lets it write where the new owner has not written yet, and the new owner would not
 * know of that. So from the first look on it acknowledges nothing any more, and the node ends, to
 * be started anew by its supervisor.
 *
 * <p>A thread of its own beats. Whoever looks first after the pause, that thread or one that is
 * about to answer a client, sees the gap since the last beat, and it stays seen.
 *
 * <p>Fencing by a lease on one's own clock is an old idea (C. Gray and D. Cheriton, Leases, 1989).
 */
public final class PauseWatch implements BooleanSupplier, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PauseWatch.class);
  private static final Duration BEAT = Duration.ofMillis(250);

  private final long most;
  private final LongSupplier nanos;
  private final Runnable onPaused;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("pause-watch").factory());
  private volatile long beat;
  private volatile boolean paused;

  /**
   * A watch that does not beat yet.
   *
   * @param most the longest pause after which this node may go on: shorter than what the others
   *     wait before they take over
   * @param nanos as {@link System#nanoTime()}
   * @param onPaused called once, on the watch's thread
   */
  public PauseWatch(Duration most, LongSupplier nanos, Runnable onPaused) {
    this.most = most.toNanos();
    this.nanos = nanos;
    this.onPaused = onPaused;
    this.beat = nanos.getAsLong();
  }

  /** Begins to beat. */
  public void start() {
    long every = BEAT.toMillis();
    ScheduledFuture<?> unused =
        thread.scheduleWithFixedDelay(this::beat, every, every, TimeUnit.MILLISECONDS);
  }

  /** Looks, then beats, unless there was a pause. */
  void beat() {
    if (!getAsBoolean()) {
      beat = nanos.getAsLong();
      return;
    }
    thread.shutdown();
    LOG.error(
        "This process stood still for more than {} s; the others may have taken over: it ends",
        TimeUnit.NANOSECONDS.toSeconds(most));
    onPaused.run();
  }

  /** Whether there has been a pause: then nothing may be acknowledged any more. */
  @Override
  public boolean getAsBoolean() {
    if (!paused && nanos.getAsLong() - beat > most) {
      paused = true;
    }
    return paused;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
