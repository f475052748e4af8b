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
 * Bounds an ordered stop, whoever asked for it, and says what it waits for.
 *
 * <p><b>The bound.</b> Each phase has a timeout in the configuration. After the last one the actor
 * system gets {@link #SYSTEM_END} to terminate, and what is left gets {@link #CLOSING}. {@link
 * #limit} is the sum; {@code terminationGracePeriodSeconds} in {@code k8s} lies above it, which a
 * test compares.
 *
 * <p><b>An actor system that does not terminate</b> is left behind after {@link #SYSTEM_END}. The
 * library waits without a limit for its streams between nodes to end, and with TLS one stop in some
 * ten never sees that. When all streams are aborted, the end of the inbound control stream ({@code
 * InboundControlJunction.postStop}) completes the outbound ones ({@code SystemMessageDelivery}). If
 * that comes first, the outbound stream completes in place of failing; its TLS layer ignores
 * completion and keeps the connection until the other node closes it, which has no reason to. So in
 * Pekko 1.2 to 1.7. Everything of ours has stopped by then and this node has left the cluster, so
 * the store is closed and the process ends in order. Rejected: to wait for a release that mends it,
 * and to halt, which looks like a failure.
 *
 * <p><b>A stop beyond the limit</b> is logged with the phase it hangs in and all threads, and
 * whoever started the node is told to end the process at once. Nothing acknowledged is lost by
 * that: what was acknowledged is stored, as with {@code kill -9}.
 */
final class StopWatchdog {
  /** What the actor system gets to terminate, beyond its phase. */
  static final Duration SYSTEM_END = Duration.ofSeconds(2);

  /** What the last life and the store get to be closed, after everything else. */
  static final Duration CLOSING = Duration.ofSeconds(5);

  /** How long one waits for a log that is not read by anybody. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger(StopWatchdog.class);
  private static final String SHUTDOWN = "pekko.coordinated-shutdown";
  private static final long SLOW_MILLIS = 5_000;

  /** In their order. */
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
   * A watch that nobody has begun yet.
   *
   * @param limit of the whole stop
   * @param stuck is told where it hangs, at most once, when the limit is passed; should end the
   *     process
   * @param nanoTime a clock for the lengths of phases
   */
  StopWatchdog(Duration limit, Consumer<String> stuck, LongSupplier nanoTime) {
    this.limit = limit;
    this.stuck = stuck;
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
  }

  /** Watches the stop of that system, from its first phase on. */
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

  /** What an ordered stop takes at most with that configuration, from the signal to the end. */
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

  /** What this stop takes at most. */
  Duration limit() {
    return limit;
  }

  /** When the actor system has terminated, or was left behind. */
  CompletionStage<Done> systemEnded() {
    return systemEnded.minimalCompletionStage();
  }

  /** From now on time runs. Once more changes nothing. */
  void begin() {
    if (began.compareAndSet(false, true)) {
      LOG.debug("A stop begins, of at most {}", limit);
      // A thread of its own: whatever hangs, this one does not wait for it.
      daemon("stop-watch", this::watch);
    }
  }

  /** The stop has come to this phase. */
  void reached(String next) {
    begin();
    took(next);
  }

  /** The stop is over: nobody is told any more. */
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
                    "The actor system did not terminate in {}: it is left behind, since everything"
                        + " else has stopped",
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
      String why = "its stop is not over after " + limit + " and hangs in " + where();
      // Nor does it wait for a log that nobody reads.
      daemon("stop-words", () -> LOG.error("This node: {}. All threads:\n{}", why, threads()))
          .join(LAST_WORDS);
      stuck.accept(why);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What every thread does; no content of anybody is in a stack. */
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
