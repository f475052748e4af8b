package parley.app;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits the time of an ordered stop, whatever caused the stop, and logs what a slow stop waits
 * for.
 *
 * <p><b>The limit.</b> Each phase has a timeout in the configuration. After the last phase the
 * actor system gets {@link #TERMINATION_MARGIN} to terminate. Then the store and the node's last
 * sign of life get {@link #CLOSE_TIMEOUT}. {@link #limit} is the sum. {@code
 * terminationGracePeriodSeconds} in {@code k8s} is longer; a test compares the two.
 *
 * <p><b>An actor system that does not terminate</b> is left behind after {@link
 * #TERMINATION_MARGIN}. Pekko waits without a limit for its streams between nodes to end. With TLS,
 * about one stop in ten never sees that end. When all streams are aborted, the end of the inbound
 * control stream ({@code InboundControlJunction.postStop}) completes the outbound streams ({@code
 * SystemMessageDelivery}). If this happens first, the outbound stream completes instead of failing.
 * Its TLS layer ignores completion and keeps the connection until the other node closes it, and the
 * other node has no reason to. This holds for Pekko 1.2 to 1.7. By then all parts of this server
 * have stopped and the node has left the cluster, so the store is closed and the process ends in
 * order. Rejected: to wait for a release that fixes it; and to halt, which looks like a failure.
 *
 * <p><b>A stop beyond the limit</b> is logged with the phase it hangs in and the stacks of all
 * threads. Then a callback is called, which should end the process at once. Nothing acknowledged is
 * lost: what was acknowledged is stored, as with {@code kill -9}.
 */
final class StopWatchdog {
  /** Time for the actor system to terminate, in addition to the timeout of its phase. */
  static final Duration TERMINATION_MARGIN = Duration.ofSeconds(2);

  /**
   * Time to write the node's last sign of life ({@code parley.cluster.PreviousIncarnation}) and to
   * close the store, after everything else.
   */
  static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  /** How long to wait for the log, which blocks if nobody reads the output. */
  private static final Duration LOG_TIMEOUT = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger(StopWatchdog.class);
  private static final String SHUTDOWN = "pekko.coordinated-shutdown";
  private static final long SLOW_MILLIS = 5_000;

  /** All phases of a coordinated shutdown, in order. */
  private static final List<String> PHASES =
      List.of(
          CoordinatedShutdown.PhaseBeforeServiceUnbind(),
          CoordinatedShutdown.PhaseServiceUnbind(),
          CoordinatedShutdown.PhaseServiceRequestsDone(),
          CoordinatedShutdown.PhaseServiceStop(),
          CoordinatedShutdown.PhaseBeforeClusterShutdown(),
          CoordinatedShutdown.PhaseClusterShardingShutdownRegion(),
          CoordinatedShutdown.PhaseClusterLeave(),
          CoordinatedShutdown.PhaseClusterExiting(),
          CoordinatedShutdown.PhaseClusterExitingDone(),
          CoordinatedShutdown.PhaseClusterShutdown(),
          CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
          CoordinatedShutdown.PhaseActorSystemTerminate());

  private final Duration limit;
  private final Consumer<String> onHang;
  private final LongSupplier nanoTime;
  private final AtomicBoolean timerStarted = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CompletableFuture<Done> systemEnded = new CompletableFuture<>();
  private String phase = "the beginning";
  private long phaseStart;

  /**
   * Creates a watchdog whose time does not run yet; {@link #startTimer} starts it.
   *
   * @param limit the longest time for the whole stop
   * @param stuck called with the phase that hangs, at most once, when the limit is passed; should
   *     end the process
   * @param nanoTime a clock for the lengths of phases
   */
  StopWatchdog(Duration limit, Consumer<String> stuck, LongSupplier nanoTime) {
    this.limit = limit;
    this.onHang = stuck;
    this.nanoTime = nanoTime;
    this.phaseStart = nanoTime.getAsLong();
  }

  /** Creates a watchdog for the stop of an actor system. Its time starts with the first phase. */
  static StopWatchdog of(ActorSystem<?> system, Consumer<String> stuck) {
    Config config = system.settings().config();
    StopWatchdog watch = new StopWatchdog(limit(config), stuck, System::nanoTime);
    CoordinatedShutdown phases = CoordinatedShutdown.get(system);
    for (String name : PHASES) {
      phases.addTask(
          name,
          "watched",
          () -> {
            watch.phaseReached(name);
            return CompletableFuture.completedFuture(Done.done());
          });
    }
    Duration last =
        phaseTimeouts(config)
            .getOrDefault(CoordinatedShutdown.PhaseActorSystemTerminate(), Duration.ZERO);
    phases.addTask(
        CoordinatedShutdown.PhaseActorSystemTerminate(),
        "bounded",
        () -> {
          watch.giveUpSystemAfter(last.plus(TERMINATION_MARGIN));
          return CompletableFuture.completedFuture(Done.done());
        });
    system.getWhenTerminated().thenAccept(watch.systemEnded::complete);
    return watch;
  }

  /** The longest time of an ordered stop with this configuration, from the signal to the end. */
  static Duration limit(Config config) {
    Duration all = TERMINATION_MARGIN.plus(CLOSE_TIMEOUT);
    for (Duration phase : phaseTimeouts(config).values()) {
      all = all.plus(phase);
    }
    return all;
  }

  /** The timeouts of the phases. */
  private static Map<String, Duration> phaseTimeouts(Config config) {
    Config shutdown = config.getConfig(SHUTDOWN);
    Map<String, Duration> timeouts = new HashMap<>();
    for (String name : shutdown.getObject("phases").keySet()) {
      String own = "phases." + name + ".timeout";
      timeouts.put(
          name, shutdown.getDuration(shutdown.hasPath(own) ? own : "default-phase-timeout"));
    }
    return timeouts;
  }

  /** The longest time for this stop. */
  Duration limit() {
    return limit;
  }

  /** Completes when the actor system has terminated or was left behind. */
  CompletionStage<Done> systemEnded() {
    return systemEnded.minimalCompletionStage();
  }

  /** Starts the time of the stop. Further calls do nothing. */
  void startTimer() {
    if (timerStarted.compareAndSet(false, true)) {
      LOG.debug("A stop begins; its limit is {}", limit);
      // A thread of its own, so that nothing that hangs can block it.
      daemon("stop-watch", this::awaitEndOrReport);
    }
  }

  /** Records that the stop has reached this phase. */
  void phaseReached(String next) {
    startTimer();
    changePhase(next);
  }

  /** Records that the stop is over; {@code stuck} is not called any more. */
  void ended() {
    changePhase("the end");
    ended.countDown();
  }

  private synchronized void changePhase(String next) {
    long now = nanoTime.getAsLong();
    long millis = TimeUnit.NANOSECONDS.toMillis(now - phaseStart);
    if (millis > SLOW_MILLIS && !phase.equals("the beginning")) {
      LOG.info("The stop was in {} for {} ms", phase, millis);
    }
    phase = next;
    phaseStart = now;
  }

  private synchronized String currentPhase() {
    return phase;
  }

  private void giveUpSystemAfter(Duration time) {
    CompletableFuture.delayedExecutor(
            time.toMillis(), TimeUnit.MILLISECONDS, task -> daemon("stop", task))
        .execute(
            () -> {
              if (!systemEnded.isDone()) {
                LOG.info(
                    "The actor system did not terminate within {}. Everything else has stopped, so"
                        + " the stop goes on without it",
                    time);
                systemEnded.complete(Done.done());
              }
            });
  }

  private void awaitEndOrReport() {
    try {
      if (ended.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      String why = "the stop has taken longer than " + limit + " and hangs in " + currentPhase();
      // Logging blocks if nobody reads the output, so another thread does it.
      daemon(
              "stop-words",
              () -> LOG.error("This node cannot stop: {}. All threads:\n{}", why, threadDump()))
          .join(LOG_TIMEOUT);
      onHang.accept(why);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The stacks of all threads. Stacks contain no message content. */
  private static String threadDump() {
    StringBuilder text = new StringBuilder();
    Thread.getAllStackTraces()
        .forEach(
            (thread, stack) -> {
              text.append('"').append(thread.getName()).append("\" ");
              text.append(thread.getState()).append('\n');
              for (StackTraceElement frame : stack) {
                text.append("    at ").append(frame).append('\n');
              }
            });
    return text.toString();
  }

  private static Thread daemon(String name, Runnable task) {
    return Thread.ofPlatform().daemon().name(name).start(task);
  }
}
