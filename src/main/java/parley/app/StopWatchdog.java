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
 * actor system gets {@link #SYSTEM_END} to terminate. Then the store and the node's last sign of
 * life get {@link #CLOSING}. {@link #limit} is the sum. {@code terminationGracePeriodSeconds} in
 * {@code k8s} is longer; a test compares the two.
 *
 * <p><b>An actor system that does not terminate</b> is left behind after {@link #SYSTEM_END}. Pekko
 * waits without a limit for its streams between nodes to end. With TLS, about one stop in ten never
 * sees that end. When all streams are aborted, the end of the inbound control stream ({@code
 * InboundControlJunction.postStop}) completes the outbound streams ({@code SystemMessageDelivery}).
 * If this happens first, the outbound stream completes instead of failing. Its TLS layer ignores
 * completion and keeps the connection until the other node closes it, and the other node has no
 * reason to. This holds for Pekko 1.2 to 1.7. By then all parts of this server have stopped and the
 * node has left the cluster, so the store is closed and the process ends in order. Rejected: to
 * wait for a release that fixes it; and to halt, which looks like a failure.
 *
 * <p><b>A stop beyond the limit</b> is logged with the phase it hangs in and the stacks of all
 * threads. Then a callback is called, which should end the process at once. Nothing acknowledged is
 * lost: what was acknowledged is stored, as with {@code kill -9}.
 */
final class StopWatchdog {
  /** Time for the actor system to terminate, in addition to the timeout of its phase. */
  static final Duration SYSTEM_END = Duration.ofSeconds(2);

  /**
   * Time to write the node's last sign of life ({@code parley.cluster.PreviousIncarnation}) and to
   * close the store, after everything else.
   */
  static final Duration CLOSING = Duration.ofSeconds(5);

  /** How long to wait for the log, which blocks if nobody reads the output. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

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
  private final Consumer<String> stuck;
  private final LongSupplier nanoTime;
  private final AtomicBoolean began = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CompletableFuture<Done> systemEnded = new CompletableFuture<>();
  private String phase = "the beginning";
  private long since;

  /**
   * Creates a watchdog whose time does not run yet; {@link #begin} starts it.
   *
   * @param limit the longest time for the whole stop
   * @param stuck called with the phase that hangs, at most once, when the limit is passed; should
   *     end the process
   * @param nanoTime a clock for the lengths of phases
   */
  StopWatchdog(Duration limit, Consumer<String> stuck, LongSupplier nanoTime) {
    this.limit = limit;
    this.stuck = stuck;
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
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
            watch.reached(name);
            return CompletableFuture.completedFuture(Done.done());
          });
    }
    Duration last =
        phases(config).getOrDefault(CoordinatedShutdown.PhaseActorSystemTerminate(), Duration.ZERO);
    phases.addTask(
        CoordinatedShutdown.PhaseActorSystemTerminate(),
        "bounded",
        () -> {
          watch.leaveBehindAfter(last.plus(SYSTEM_END));
          return CompletableFuture.completedFuture(Done.done());
        });
    system.getWhenTerminated().thenAccept(watch.systemEnded::complete);
    return watch;
  }

  /** The longest time of an ordered stop with this configuration, from the signal to the end. */
  static Duration limit(Config config) {
    Duration all = SYSTEM_END.plus(CLOSING);
    for (Duration phase : phases(config).values()) {
      all = all.plus(phase);
    }
    return all;
  }

  /** The timeouts of the phases. */
  private static Map<String, Duration> phases(Config config) {
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
  void begin() {
    if (began.compareAndSet(false, true)) {
      LOG.debug("A stop begins; its limit is {}", limit);
      // A thread of its own, so that nothing that hangs can block it.
      daemon("stop-watch", this::watch);
    }
  }

  /** Records that the stop has reached this phase. */
  void reached(String next) {
    begin();
    took(next);
  }

  /** Records that the stop is over; {@code stuck} is not called any more. */
  void ended() {
    took("the end");
    ended.countDown();
  }

  private synchronized void took(String next) {
    long now = nanoTime.getAsLong();
    long millis = TimeUnit.NANOSECONDS.toMillis(now - since);
    if (millis > SLOW_MILLIS && !phase.equals("the beginning")) {
      LOG.info("The stop was in {} for {} ms", phase, millis);
    }
    phase = next;
    since = now;
  }

  private synchronized String where() {
    return phase;
  }

  private void leaveBehindAfter(Duration time) {
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

  private void watch() {
    try {
      if (ended.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      String why = "the stop has taken longer than " + limit + " and hangs in " + where();
      // Logging blocks if nobody reads the output, so another thread does it.
      daemon(
              "stop-words",
              () -> LOG.error("This node cannot stop: {}. All threads:\n{}", why, threads()))
          .join(LAST_WORDS);
      stuck.accept(why);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The stacks of all threads. Stacks contain no message content. */
  private static String threads() {
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
