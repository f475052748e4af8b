package parley.app;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import parley.telemetry.Telemetry;

/**
 * The features of a node, put together: here, and only here, entities are registered with sharding
 * and handed to those who talk to them.
 *
 * @param routes what the client port serves
 * @param admin what the management port serves besides
 * @param drain spreads the reconnects of this node's clients over that time; done when all are gone
 */
record Services(Route routes, List<AdminRoutes> admin, Drain drain) {

  /** Sends clients elsewhere. */
  @FunctionalInterface
  interface Drain {
    CompletionStage<Done> over(Duration time);
  }

  /**
   * Starts the features.
   *
   * @param node the actor system, a member of its cluster
   */
  static Services start(ActorSystem<?> node, Settings settings, Telemetry telemetry) {
    return new Services(
        Directives.reject(), List.of(), time -> CompletableFuture.completedFuture(Done.done()));
  }
}
