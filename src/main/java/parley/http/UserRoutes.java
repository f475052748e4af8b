package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.completeWithFuture;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.delete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.patch;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.put;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import parley.auth.AuthResult;
import parley.model.DeviceId;
import parley.model.UserId;
import parley.protocol.HttpWriter;
import parley.protocol.Request;
import parley.protocol.RequestReader;
import parley.user.User;

/**
 * Routes of users: the caller's profile, presence and devices, the profiles of others, and the
 * search for a user by name.
 */
final class UserRoutes {
  private static final Pattern USERNAME = Pattern.compile("[a-z0-9_.-]{3,32}");

  private final RouteSupport routeSupport;

  UserRoutes(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
  }

  Route route() {
    return pathPrefix(
        "users",
        () ->
            concat(
                pathEnd(() -> get(() -> routeSupport.authenticated(me -> findByUsername()))),
                pathPrefix(
                    "me",
                    () ->
                        concat(
                            pathEnd(() -> concat(get(this::profile), patch(this::changeProfile))),
                            path("presence", () -> put(this::presence)),
                            pathPrefix("devices", this::devices))),
                path(segment(), id -> get(() -> otherProfile(id)))));
  }

  /**
   * The profile of another user. Clients need it because members and senders come with an id only.
   */
  private Route otherProfile(String segment) {
    return routeSupport.authenticated(
        me ->
            routeSupport.id(
                "user_id",
                segment,
                id ->
                    completeWithFuture(
                        routeSupport
                            .<User.ProfileReply>askUser(new UserId(id), User.GetProfile::new)
                            .thenApply(HttpAnswers::of))));
  }

  private Route findByUsername() {
    return extractRequest(
        request ->
            switch (QueryParameters.read(request, "username")) {
              case QueryParameters.Good query -> {
                String username = query.values().getOrDefault("username", "");
                yield USERNAME.matcher(username).matches()
                    ? completeWithFuture(
                        routeSupport
                            .services()
                            .identity()
                            .lookup(username)
                            .thenCompose(this::profileOf))
                    : complete(
                        Problems.badField(
                            "username", "username must be 3 to 32 characters [a-z0-9_.-]"));
              }
              case QueryParameters.Bad bad -> complete(bad.problem());
            });
  }

  private CompletionStage<HttpResponse> profileOf(AuthResult.Lookup result) {
    return switch (result) {
      case AuthResult.Found found ->
          routeSupport
              .<User.ProfileReply>askUser(found.userId(), User.GetProfile::new)
              .thenApply(
                  reply ->
                      switch (reply) {
                        case User.Found there -> users(List.of(there));
                        // Registered, but the user does not exist yet: its first login creates it.
                        case User.NoSuchUser nobody -> users(List.of());
                        case User.Refused refused -> Problems.of(refused.refusal());
                      });
      case AuthResult.NotFound nobody -> CompletableFuture.completedFuture(users(List.of()));
      case AuthResult.Unavailable busy ->
          CompletableFuture.completedFuture(Problems.unavailable(busy.retryAfterMillis()));
    };
  }

  private static HttpResponse users(List<User.Found> found) {
    return HttpAnswers.json(
        200, HttpWriter.users(found.stream().map(User.Found::profile).toList()));
  }

  private Route profile() {
    return routeSupport.authenticated(
        me ->
            completeWithFuture(
                routeSupport
                    .<User.ProfileReply>askUser(me, User.GetProfile::new)
                    .thenApply(HttpAnswers::of)));
  }

  private Route changeProfile() {
    return routeSupport.authenticated(
        me ->
            routeSupport.body(
                RequestReader::patchMe,
                (Request.PatchMe p) ->
                    routeSupport.change(
                        me,
                        () ->
                            routeSupport
                                .<User.ProfileReply>askUser(
                                    me,
                                    to ->
                                        new User.ChangeProfile(p.displayName(), p.avatarUrl(), to))
                                .thenApply(HttpAnswers::of))));
  }

  private Route presence() {
    return routeSupport.authenticated(
        me ->
            routeSupport.body(
                RequestReader::presence,
                (Request.SetPresence p) ->
                    done(me, replyTo -> new User.SetStatus(p.status(), replyTo))));
  }

  private Route devices() {
    return concat(
        pathEnd(() -> get(this::listDevices)),
        path(
            segment(),
            id ->
                delete(
                    () ->
                        device(
                            id,
                            (me, device) ->
                                completeWithFuture(
                                    done(me, to -> new User.RemoveDevice(device, to)))))),
        path(
            segment().slash("push_token"),
            id ->
                concat(
                    put(() -> device(id, this::setPushToken)),
                    delete(() -> device(id, this::removePushToken)))));
  }

  private Route device(String segment, BiFunction<UserId, DeviceId, Route> inner) {
    return routeSupport.authenticated(
        me -> routeSupport.id("device_id", segment, id -> inner.apply(me, new DeviceId(id))));
  }

  private Route listDevices() {
    return routeSupport.authenticated(
        me ->
            completeWithFuture(
                routeSupport
                    .<User.DevicesReply>askUser(me, User.GetDevices::new)
                    .thenApply(
                        reply ->
                            switch (reply) {
                              case User.Devices all ->
                                  HttpAnswers.json(200, HttpWriter.devices(all.devices()));
                              case User.Refused refused -> Problems.of(refused.refusal());
                            })));
  }

  private Route setPushToken(UserId me, DeviceId device) {
    return routeSupport.body(
        RequestReader::pushToken,
        (Request.PushToken p) ->
            changed(
                me, to -> new User.SetPushToken(device, p.platform().wireName(), p.token(), to)));
  }

  private Route removePushToken(UserId me, DeviceId device) {
    // Without a token the platform does not matter.
    return completeWithFuture(done(me, to -> new User.SetPushToken(device, "", null, to)));
  }

  private CompletionStage<HttpResponse> changed(
      UserId me, Function<ActorRef<User.DoneReply>, User.Command> command) {
    return routeSupport.change(me, () -> done(me, command));
  }

  private CompletionStage<HttpResponse> done(
      UserId me, Function<ActorRef<User.DoneReply>, User.Command> command) {
    return routeSupport.askUser(me, command).thenApply(HttpAnswers::of);
  }
}
