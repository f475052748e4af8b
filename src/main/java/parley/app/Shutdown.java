package parley.app;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ServerBinding;
import parley.http.HttpServer;

/**
 * What happens in which phase of a stop. Entities and the cluster have their own tasks in the later
 * phases; these are ours.
 */
final class Shutdown {
  private static final Duration MANAGEMENT_GRACE = Duration.ofSeconds(1);

  private final CoordinatedShutdown phases;
  private final Readiness readiness;

  Shutdown(ActorSystem<?> system, Readiness readiness) {
    this.phases = CoordinatedShutdown.get(system);
    this.readiness = readiness;
  }

  void plan(Services.Drain drain, Duration time, HttpServer clients, ServerBinding management) {
    phase(
        CoordinatedShutdown.PhaseBeforeServiceUnbind(),
        "not-ready",
        () -> {
          readiness.draining();
          return CompletableFuture.completedFuture(Done.done());
        });
    phase(CoordinatedShutdown.PhaseServiceUnbind(), "no-new-connections", clients::unbind);
    // Sockets first get their own slot to leave, then what still hangs on is cut.
    phase(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "drain",
        () -> drain.over(time).thenCompose(done -> clients.terminate(NodeConfig.DRAIN_GRACE)));
    // Health and metrics to the last: an operator watches a stop.
    phase(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "management-port",
        () -> management.terminate(MANAGEMENT_GRACE).thenApply(terminated -> Done.done()));
  }

  private void phase(String phase, String name, Supplier<CompletionStage<Done>> task) {
    phases.addTask(phase, name, task);
  }
}
