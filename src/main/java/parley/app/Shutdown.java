package parley.app;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.pattern.Patterns;
import parley.admin.Readiness;
import parley.http.HttpServer;
import parley.port.HttpPort;

/**
 * What happens in which phase of a stop. Entities and the cluster have their own tasks in the later
 * phases; these are ours.
 */
final class Shutdown {
  private static final Duration MANAGEMENT_GRACE = Duration.ofSeconds(1);

  /**
   * The drain of a node that the others have given up: its entities are or will be elsewhere, and
   * every second more here is one in which its clients get no answer.
   */
  private static final Duration DOWNED_DRAIN = Duration.ofSeconds(2);

  private final CoordinatedShutdown phases;
  private final Duration drain;

  /**
   * Plans that the node is unready from the first phase on.
   *
   * @param unready how long that is announced while newcomers are still served: whoever sends them
   *     here notices only by and by, and nobody may be sent into a refusal. Not for a node that the
   *     others have given up
   * @param drain over how long an ordered stop spreads the reconnects of its clients
   */
  Shutdown(ActorSystem<?> system, Readiness readiness, Duration unready, Duration drain) {
    this.phases = CoordinatedShutdown.get(system);
    this.drain = drain;
    phase(
        CoordinatedShutdown.PhaseBeforeServiceUnbind(),
        "not-ready",
        () -> {
          readiness.draining();
          return downed(phases) || unready.isZero()
              ? CompletableFuture.completedFuture(Done.done())
              : Patterns.after(
                  unready,
                  system.classicSystem(),
                  () -> CompletableFuture.completedFuture(Done.done()));
        });
  }

  /** Plans the end of the clients' port: sockets first get their own slot to leave. */
  void drain(NodeServices.Drain sockets, HttpServer clients) {
    phase(CoordinatedShutdown.PhaseServiceUnbind(), "no-new-connections", clients::unbind);
    phase(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "drain",
        () ->
            sockets
                .over(drainNow())
                // What still hangs on is cut.
                .thenCompose(done -> clients.terminate(NodeConfig.DRAIN_GRACE)));
  }

  /** Plans that health and metrics stay to the last: an operator watches a stop. */
  void last(HttpPort management) {
    phase(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "management-port",
        () -> management.terminate(MANAGEMENT_GRACE));
  }

  /** Tells it when this node has left the cluster in order, and was not given up. */
  static void whenLeft(ActorSystem<?> system, Runnable left) {
    CoordinatedShutdown phases = CoordinatedShutdown.get(system);
    phases.addTask(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "left",
        () -> {
          if (!downed(phases) && Cluster.get(system).isTerminated()) {
            left.run();
          }
          return CompletableFuture.completedFuture(Done.done());
        });
  }

  private static boolean downed(CoordinatedShutdown phases) {
    return phases
        .getShutdownReason()
        .filter(reason -> reason == CoordinatedShutdown.clusterDowningReason())
        .isPresent();
  }

  private Duration drainNow() {
    return downed(phases) && drain.compareTo(DOWNED_DRAIN) > 0 ? DOWNED_DRAIN : drain;
  }

  private void phase(String phase, String name, Supplier<CompletionStage<Done>> task) {
    phases.addTask(phase, name, task);
  }
}
