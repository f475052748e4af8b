package parley.app;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.pattern.Patterns;
import parley.admin.Readiness;
import parley.http.HttpServer;
import parley.port.HttpPort;
import parley.telemetry.Tracing;

/**
 * Adds this server's own tasks to the phases of a stop. Entities and the cluster have tasks of
 * their own in the later phases.
 */
final class Shutdown {
  private static final Duration MANAGEMENT_GRACE = Duration.ofSeconds(1);

  /**
   * The longest drain of a node that the others have downed. Its entities are, or soon will be, on
   * other nodes, and its clients get no answer until they reconnect.
   */
  private static final Duration DOWNED_DRAIN = Duration.ofSeconds(2);

  private final CoordinatedShutdown phases;
  private final Duration drain;

  /**
   * Adds the first task: the node is not ready from the first phase on.
   *
   * @param unready how long the node announces this and still serves new clients. Load balancers
   *     notice it with a delay, and must not send clients to a node that refuses them. Skipped if
   *     the others have downed the node, or an operator has drained it before
   * @param drain the time over which an ordered stop spreads the reconnects of its clients
   */
  Shutdown(ActorSystem<?> system, Readiness readiness, Duration unready, Duration drain) {
    this.phases = CoordinatedShutdown.get(system);
    this.drain = drain;
    addTask(
        CoordinatedShutdown.PhaseBeforeServiceUnbind(),
        "not-ready",
        () -> {
          boolean known = readiness.stopping();
          return known || isDowned(phases) || unready.isZero()
              ? CompletableFuture.completedFuture(Done.done())
              : Patterns.after(
                  unready,
                  system.classicSystem(),
                  () -> CompletableFuture.completedFuture(Done.done()));
        });
  }

  /**
   * Adds the tasks that end the client port: no new connections, then the sockets leave, each in
   * its own slot of the drain.
   *
   * @param sessions how many sessions are open
   */
  void drain(NodeServices.Drain sockets, HttpServer clients, IntSupplier sessions) {
    addTask(CoordinatedShutdown.PhaseServiceUnbind(), "no-new-connections", clients::unbind);
    addTask(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "drain",
        () -> {
          int before = sessions.getAsInt();
          long start = System.nanoTime();
          LifeCycleLog.drainBegins(before, drainTime());
          return sockets
              .over(drainTime())
              .thenCompose(
                  done -> {
                    int left = sessions.getAsInt();
                    LifeCycleLog.drainEnded(
                        before, left, Duration.ofNanos(System.nanoTime() - start));
                    // Connections that are still open are cut.
                    return clients.terminate(NodeConfig.DRAIN_GRACE);
                  });
        });
  }

  /**
   * Adds the task that closes the management port last, so that an operator can watch a stop by
   * health and metrics.
   */
  void closeManagementLast(HttpPort management) {
    addTask(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "management-port",
        () -> management.terminate(MANAGEMENT_GRACE));
  }

  /** Exports the last spans, before the system ends. Bounded by {@link Tracing#close} itself. */
  static void closeTracing(ActorSystem<?> system, Tracing tracing) {
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "traces",
            () -> tracing.close().thenApply(closed -> Done.done()));
  }

  /** Calls {@code left} when this node has left the cluster in order, and was not downed. */
  static void onOrderlyLeave(ActorSystem<?> system, Runnable left) {
    CoordinatedShutdown phases = CoordinatedShutdown.get(system);
    phases.addTask(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "left",
        () -> {
          if (!isDowned(phases) && Cluster.get(system).isTerminated()) {
            left.run();
          }
          return CompletableFuture.completedFuture(Done.done());
        });
  }

  private static boolean isDowned(CoordinatedShutdown phases) {
    return phases
        .getShutdownReason()
        .filter(reason -> reason == CoordinatedShutdown.clusterDowningReason())
        .isPresent();
  }

  private Duration drainTime() {
    return isDowned(phases) && drain.compareTo(DOWNED_DRAIN) > 0 ? DOWNED_DRAIN : drain;
  }

  private void addTask(String phase, String name, Supplier<CompletionStage<Done>> task) {
    phases.addTask(phase, name, task);
  }
}
