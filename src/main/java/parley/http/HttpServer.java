package parley.http;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;
import parley.model.ErrorCode;

/** The bound client port. Its settings of the HTTP library are {@code parley-http-routes.conf}. */
public final class HttpServer {
  private final ServerBinding binding;

  private HttpServer(ServerBinding binding) {
    this.binding = binding;
  }

  /**
   * Binds and serves.
   *
   * @param port 0 is any free one
   * @return fails where the port cannot be bound
   */
  public static CompletionStage<HttpServer> start(
      ActorSystem<?> system, String host, int port, HttpSettings settings, Services services) {
    return start(system, host, port, settings, services, () -> false);
  }

  /**
   * As above.
   *
   * @param lapsed whether this process may acknowledge nothing any more: then every success is
   *     answered {@code unavailable} instead
   */
  public static CompletionStage<HttpServer> start(
      ActorSystem<?> system,
      String host,
      int port,
      HttpSettings settings,
      Services services,
      BooleanSupplier lapsed) {
    Function<HttpRequest, CompletionStage<HttpResponse>> handler =
        Routes.handler(system, services, settings);
    Function<HttpRequest, CompletionStage<HttpResponse>> guarded =
        request ->
            handler
                .apply(request)
                .thenApply(answer -> lapsed.getAsBoolean() ? lapsed(answer) : answer);
    return Http.get(system)
        .newServerAt(host, port)
        .adaptSettings(
            s ->
                s.withTerminationDeadlineExceededResponse(
                    Security.api(
                        Problems.of(ErrorCode.UNAVAILABLE, "the server is shutting down"))))
        .bind(guarded)
        .thenApply(HttpServer::new);
  }

  private static HttpResponse lapsed(HttpResponse answer) {
    return answer.status().isFailure()
        ? answer
        : Security.api(
            Problems.of(ErrorCode.UNAVAILABLE, "this server was away for too long; ask another"));
  }

  /** The port that was bound. */
  public int port() {
    return binding.localAddress().getPort();
  }

  /** Takes no more connections; those there are go on. For the first phase of a shutdown. */
  public CompletionStage<Done> unbind() {
    return binding.unbind();
  }

  /**
   * Ends all connections: requests under way have until the deadline, what comes after it gets 503.
   * Sockets count as requests under way and are cut at the deadline; their sessions should have
   * said {@code going_away} before.
   */
  public CompletionStage<Done> terminate(Duration deadline) {
    return binding.terminate(deadline).thenApply(terminated -> Done.getInstance());
  }
}
