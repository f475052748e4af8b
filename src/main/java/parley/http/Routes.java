package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.withRequestTimeoutResponse;

import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.function.Function;
import parley.model.ErrorCode;
import parley.port.ForwardedLimit;

/**
 * The table of contents of the client port.
 *
 * <pre>
 *   /v1/ws               SocketRoute         the socket
 *   /v1/auth/…           AuthRoutes          register, login, refresh, logout
 *   /v1/users…           UserRoutes          profile, presence, devices, search
 *   /v1/conversations…   ConversationRoutes  inbox, direct conversations, history, read
 *   /v1/groups…          GroupRoutes         groups and their members
 *   /v1/messages         MessageRoutes       a message without a socket
 *   /.well-known, /docs, /   StaticRoutes    keys, documents, the web client
 * </pre>
 *
 * {@link Front} stands before all of them, {@link Fallbacks} behind.
 */
final class Routes {
  private Routes() {}

  /** Answers every request. */
  static Function<HttpRequest, CompletionStage<HttpResponse>> handler(
      ActorSystem<?> system, Services services, HttpSettings settings, ForwardedLimit forwarded) {
    Edge edge = new Edge(system, services, settings);
    Route api =
        pathPrefix(
            "v1",
            () ->
                concat(
                    new SocketRoute(edge).route(), // First, as it is asked most at once.
                    new AuthRoutes(edge).route(),
                    new UserRoutes(edge).route(),
                    new ConversationRoutes(edge).route(),
                    new GroupRoutes(edge).route(),
                    new MessageRoutes(edge).route()));
    Route open =
        new StaticRoutes(
                StaticFiles.load("web"), StaticFiles.load("docs"), services.identity()::jwks)
            .route();
    Route all =
        withRequestTimeoutResponse(request -> tooLate(), () -> concat(api, open))
            .seal(Fallbacks.rejections(), Fallbacks.exceptions());
    return new Front(
            settings.proxies(),
            forwarded,
            new RateLimit(settings.requestsPerSecond(), services.nanos()),
            wait -> edge.tooMany(Edge.REQUESTS, wait),
            new Bodies(system, settings.bodyWithin()),
            all.handler(system),
            services.problems())
        ::handle;
  }

  /** Said by the HTTP library where a route takes longer than all our own timeouts together. */
  private static HttpResponse tooLate() {
    return Security.api(
        Problems.of(ErrorCode.UNAVAILABLE, "no answer in time; whether it was done is not known"));
  }
}
