package parley.http;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;
import parley.model.ErrorCode;
import parley.port.HttpPort;
import parley.port.PortMeters;

/** The bound client port. Its settings of the HTTP library are {@code parley-http-routes.conf}. */
public final class HttpServer {
  private final HttpPort binding;

  private HttpServer(HttpPort binding) {
    this.binding = binding;
  }

  /**
   * Binds and serves.
   *
   * @param port 0 is any free one
   * @return fails where the port cannot be bound
   */
  public static CompletionStage<HttpServer> start(
      ActorSystem<?> system,
      String host,
      int port,
      HttpSettings settings,
      HttpServices httpServices) {
    return start(system, host, port, settings, httpServices, () -> false);
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
      HttpServices httpServices,
      BooleanSupplier lapsed) {
    HttpPort.Builder builder = HttpPort.of(system, settings.port());
    Function<HttpRequest, CompletionStage<HttpResponse>> handler =
        Routes.handler(system, httpServices, settings, builder.forwarded());
    Function<HttpRequest, CompletionStage<HttpResponse>> guarded =
        request ->
            handler
                .apply(request)
                .thenApply(answer -> lapsed.getAsBoolean() ? lapsed(answer) : answer);
    return builder
        .handler(guarded)
        .refusal(RawResponse.of(SecurityHeaders.api(Problems.full())))
        .stopping(
            () ->
                SecurityHeaders.api(
                    Problems.of(ErrorCode.UNAVAILABLE, "the server is shutting down")))
        .bind(host, port)
        .thenApply(HttpServer::new);
  }

  private static HttpResponse lapsed(HttpResponse answer) {
    return answer.status().isFailure()
        ? answer
        : SecurityHeaders.api(
            Problems.of(ErrorCode.UNAVAILABLE, "this server was away for too long; ask another"));
  }

  /** The port that was bound. */
  public int port() {
    return binding.address().getPort();
  }

  /** What the port counts. */
  public PortMeters meters() {
    return binding.meters();
  }

  /** Takes no more connections; those there are go on. For the first phase of a shutdown. */
  public CompletionStage<Done> unbind() {
    return binding.unbind();
  }

  /**
   * Ends all connections: requests under way have until the deadline and are answered 503 then, no
   * others are taken. Sockets count as requests under way and are cut at the deadline; their
   * sessions should have said {@code going_away} before.
   */
  public CompletionStage<Done> terminate(Duration deadline) {
    return binding.terminate(deadline);
  }
}
