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

/**
 * The bound client port. The settings of the HTTP library for it are in {@code
 * parley-http-routes.conf}.
 */
public final class HttpServer {
  private final HttpPort binding;

  private HttpServer(HttpPort binding) {
    this.binding = binding;
  }

  /**
   * Binds the port and serves it.
   *
   * @param port 0 for any free port
   * @return fails if the port cannot be bound
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
   * @param pausedTooLong whether this process may acknowledge nothing any more. Then every success
   *     is answered {@code unavailable} instead
   */
  public static CompletionStage<HttpServer> start(
      ActorSystem<?> system,
      String host,
      int port,
      HttpSettings settings,
      HttpServices httpServices,
      BooleanSupplier pausedTooLong) {
    HttpPort.Builder builder = HttpPort.of(system, settings.port());
    Function<HttpRequest, CompletionStage<HttpResponse>> handler =
        Routes.handler(system, httpServices, settings, builder.forwarded());
    Function<HttpRequest, CompletionStage<HttpResponse>> guarded =
        request ->
            handler
                .apply(request)
                .thenApply(answer -> pausedTooLong.getAsBoolean() ? refuseSuccess(answer) : answer);
    return builder
        .handler(guarded)
        .refusal(RawResponse.of(SecurityHeaders.withApiHeaders(Problems.tooManyConnections())))
        .stopping(
            () ->
                SecurityHeaders.withApiHeaders(
                    Problems.of(ErrorCode.UNAVAILABLE, "the server is shutting down")))
        .bind(host, port)
        .thenApply(HttpServer::new);
  }

  private static HttpResponse refuseSuccess(HttpResponse answer) {
    return answer.status().isFailure()
        ? answer
        : SecurityHeaders.withApiHeaders(
            Problems.of(ErrorCode.UNAVAILABLE, "this server was away for too long; ask another"));
  }

  /** The port that was bound. */
  public int port() {
    return binding.address().getPort();
  }

  /** The meters of the port. */
  public PortMeters meters() {
    return binding.meters();
  }

  /** Accepts no more connections; open ones continue. For the first phase of a shutdown. */
  public CompletionStage<Done> unbind() {
    return binding.unbind();
  }

  /**
   * Ends all connections. Requests in progress have until the deadline and are then answered 503;
   * no others are accepted. Sockets count as requests in progress and are cut at the deadline;
   * their sessions should have sent {@code going_away} before.
   */
  public CompletionStage<Done> terminate(Duration deadline) {
    return binding.terminate(deadline);
  }
}
