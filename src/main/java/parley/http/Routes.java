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
 * {@link RequestFilter} stands before all of them, {@link Fallbacks} behind.
 */
final class Routes {
  private Routes() {}

  /** The handler of all requests. */
  static Function<HttpRequest, CompletionStage<HttpResponse>> handler(
      ActorSystem<?> system,
      HttpServices httpServices,
      HttpSettings settings,
      ForwardedLimit forwarded) {
    RouteSupport routeSupport = new RouteSupport(system, httpServices, settings);
    Route api =
        pathPrefix(
            "v1",
            () ->
                concat(
                    new SocketRoute(routeSupport).route(), // First: it gets the largest bursts.
                    new AuthRoutes(routeSupport).route(),
                    new UserRoutes(routeSupport).route(),
                    new ConversationRoutes(routeSupport).route(),
                    new GroupRoutes(routeSupport).route(),
                    new MessageRoutes(routeSupport).route()));
    Route open =
        new StaticRoutes(
                StaticFiles.load("web"), StaticFiles.load("docs"), httpServices.identity()::jwks)
            .route();
    Route all =
        withRequestTimeoutResponse(request -> tooLate(), () -> concat(api, open))
            .seal(Fallbacks.rejections(), Fallbacks.exceptions());
    RequestFilter filter =
        new RequestFilter(
            settings.proxies(),
            forwarded,
            new RateLimit(settings.requestsPerSecond(), httpServices.nanos()),
            wait -> routeSupport.tooMany(RouteSupport.REQUESTS, wait),
            new RequestBodies(system, settings.bodyWithin()),
            all.handler(system),
            httpServices.problems());
    return httpServices.meters().measured(filter::handle);
  }

  /** The answer of the HTTP library if a route takes longer than all our own timeouts together. */
  private static HttpResponse tooLate() {
    return SecurityHeaders.withApiHeaders(
        Problems.of(ErrorCode.UNAVAILABLE, "no answer in time; whether it was done is not known"));
  }
}
