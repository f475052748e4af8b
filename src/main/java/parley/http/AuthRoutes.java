package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.auth.Accounts;
import parley.auth.AuthResult;
import parley.auth.Secret;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.protocol.HttpWriter;
import parley.protocol.Request;
import parley.protocol.RequestReader;
import parley.user.User;

/**
 * Routes of accounts: register, login, refresh, logout.
 *
 * <p>An account and its user are two entities. The user is created after the account, and before
 * the first token is issued. After a crash between the two, the next login creates the user.
 *
 * <p>The refresh token may come as a cookie or in the body. The body wins, because somebody wrote
 * it for this call. The answer to a spent or unknown token also clears the cookie; the answer to
 * one that was spent a moment ago does not. Pages of other origins may not refresh with the cookie
 * alone, and may not log out at all. Logout answers 204 whatever token it got, even none:
 * afterwards there is no session, as requested.
 */
final class AuthRoutes {
  private final RouteSupport routeSupport;
  private final AuthServices authServices;

  AuthRoutes(RouteSupport routeSupport) {
    this.routeSupport = routeSupport;
    this.authServices = routeSupport.services().identity();
  }

  Route route() {
    return pathPrefix(
        "auth",
        () ->
            concat(
                path("register", () -> post(this::register)),
                path("login", () -> post(this::login)),
                path("refresh", () -> post(this::refresh)),
                path("logout", () -> post(this::logout))));
  }

  private Route register() {
    return extractRequest(
        request ->
            routeSupport.read(
                request,
                RequestReader::register,
                r -> {
                  long wait = routeSupport.takeRegistration(request);
                  return wait > 0
                      ? completed(routeSupport.tooMany(RouteSupport.REGISTRATIONS, wait))
                      : authServices
                          .register(r.username(), new Secret(r.password()), r.displayName())
                          .thenCompose(result -> registered(request, result));
                }));
  }

  private CompletionStage<HttpResponse> registered(
      HttpRequest request, AuthResult.Register result) {
    return switch (result) {
      case AuthResult.SignedIn in -> finishLogin(request, in, 201);
      case AuthResult.Invalid invalid ->
          completed(Problems.badField(invalid.field(), invalid.field() + " " + invalid.message()));
      case AuthResult.UsernameTaken taken ->
          completed(Problems.of(ErrorCode.USERNAME_TAKEN, "this username is taken"));
      case AuthResult.Unavailable busy -> completed(Problems.unavailable(busy.retryAfterMillis()));
    };
  }

  private Route login() {
    return extractRequest(
        request ->
            routeSupport.read(
                request,
                RequestReader::login,
                l -> {
                  @Nullable Secret known =
                      l.knownDevice() == null
                          ? KnownDeviceCookie.read(request)
                          : new Secret(l.knownDevice());
                  long wait = routeSupport.takeLoginAttempt(request);
                  // Only the account can tell whether the device is known.
                  return wait > 0 && known == null
                      ? completed(routeSupport.tooMany(RouteSupport.LOGINS, wait))
                      : authServices
                          .login(
                              l.username(),
                              new Secret(l.password()),
                              new Accounts.LoginSource(
                                  RequestFilter.addressOf(request), known, wait))
                          .thenCompose(result -> loggedIn(request, result, wait == 0));
                }));
  }

  /**
   * @param taken whether this login took one of the address's attempts. Only then is one given
   *     back. Otherwise logins with a known device would pay for guesses at other accounts
   */
  private CompletionStage<HttpResponse> loggedIn(
      HttpRequest request, AuthResult.Login result, boolean taken) {
    return switch (result) {
      case AuthResult.SignedIn in -> {
        if (taken) {
          routeSupport.giveBackLoginAttempt(request);
        }
        yield finishLogin(request, in, 200);
      }
      case AuthResult.BadCredentials bad ->
          completed(Problems.of(ErrorCode.BAD_CREDENTIALS, "wrong username or password"));
      case AuthResult.RateLimited limited ->
          // An address without attempts gets here if it sends a device that the account may not
          // know.
          completed(
              routeSupport.tooMany(
                  taken ? RouteSupport.GUESSES : RouteSupport.LOGINS, limited.retryAfterMillis()));
      case AuthResult.Unavailable busy -> completed(Problems.unavailable(busy.retryAfterMillis()));
    };
  }

  private CompletionStage<HttpResponse> finishLogin(
      HttpRequest request, AuthResult.SignedIn in, int status) {
    return routeSupport
        .ensureUser(in.userId(), in.username(), in.displayName())
        .thenCompose(
            found ->
                found.ban() == null
                    ? completed(tokenAnswer(request, in, status, OriginCheck.isOurPage(request)))
                    : endBannedLogin(in, found.ban()));
  }

  /**
   * Ends the login that a banned user has just begun: nobody gets its tokens.
   *
   * <p>The password is checked first, so a login of a banned user costs a hash. A check of the ban
   * before the password would tell everybody who is banned, and so would an answer that comes
   * sooner. What bounds the hashes is what bounds those of every account: the attempts of an
   * address, the wrong guesses, and the logins that succeed, which an account counts before it
   * hashes.
   */
  private CompletionStage<HttpResponse> endBannedLogin(AuthResult.SignedIn in, Refusal ban) {
    return authServices.logout(in.refreshToken()).handle((out, failure) -> Problems.of(ban));
  }

  /**
   * @param keptByCookie whether a page of ours gets the token as a cookie only, so that no script
   *     can read it
   */
  private static HttpResponse tokenAnswer(
      HttpRequest request, AuthResult.SignedIn in, int status, boolean keptByCookie) {
    @Nullable String refreshToken = keptByCookie ? null : in.refreshToken().value();
    String body =
        HttpWriter.login(
            in.userId(), in.accessToken().value(), refreshToken, value(in.knownDevice()));
    HttpResponse answer =
        RefreshCookie.set(request, HttpAnswers.json(status, body), in.refreshToken());
    @Nullable Secret known = in.knownDevice();
    return known == null ? answer : KnownDeviceCookie.set(request, answer, known);
  }

  private static @Nullable String value(@Nullable Secret secret) {
    return secret == null ? null : secret.value();
  }

  private Route refresh() {
    return extractRequest(
        request ->
            routeSupport.read(
                request,
                RequestReader::refresh,
                (Request.Refresh r) -> {
                  boolean byCookie = r.refreshToken() == null;
                  // A client that has the token put it in the body for this call, so the origin
                  // does not matter.
                  if (byCookie && OriginCheck.isForeign(request)) {
                    return completed(foreignOrigin());
                  }
                  @Nullable Secret token = refreshTokenOf(request, r);
                  return token == null
                      ? completed(
                          Problems.of(ErrorCode.UNAUTHENTICATED, "there is no refresh token"))
                      : banOf(token)
                          .thenCompose(
                              ban ->
                                  authServices
                                      .refresh(token, ban.isPresent())
                                      .thenApply(
                                          result -> refreshed(request, result, byCookie, ban)));
                }));
  }

  /**
   * What the user of a refresh token is refused with. Only the account can tell whether the token
   * is valid, and whoever has no valid one must not learn of a ban. So the account is asked with
   * the answer, and spends no token that it then refuses.
   */
  private CompletionStage<Optional<Refusal>> banOf(Secret token) {
    return authServices
        .ownerOf(token)
        .thenCompose(
            owner ->
                switch (owner) {
                  case AuthResult.Found found ->
                      routeSupport
                          .<User.ProfileReply>askUser(found.userId(), User.GetProfile::new)
                          .thenApply(AuthRoutes::banIn);
                  // Without an answer nobody knows of no ban.
                  case AuthResult.Unavailable busy ->
                      throw new RefusedException(
                          Refusal.unavailable("the account does not answer; ask again"));
                  default -> CompletableFuture.completedFuture(Optional.<Refusal>empty());
                });
  }

  private static Optional<Refusal> banIn(User.ProfileReply reply) {
    return switch (reply) {
      case User.Found found -> Optional.ofNullable(found.ban());
      case User.Refused refused -> throw new RefusedException(refused.refusal());
      case User.NoSuchUser nobody -> Optional.empty();
    };
  }

  private static HttpResponse foreignOrigin() {
    return Problems.of(ErrorCode.FORBIDDEN, "Origin is not this server's");
  }

  private HttpResponse refreshed(
      HttpRequest request, AuthResult.Refresh result, boolean byCookie, Optional<Refusal> ban) {
    return switch (result) {
      case AuthResult.SignedIn in ->
          tokenAnswer(request, in, 200, byCookie && OriginCheck.isOurPage(request));
      case AuthResult.Banned banned ->
          Problems.of(ban.orElseGet(() -> Refusal.of(ErrorCode.FORBIDDEN, "this user is banned")));
      case AuthResult.RefreshReused reused ->
          clearCookie(
              request,
              Problems.of(
                  ErrorCode.REFRESH_REUSED,
                  "this refresh token was used before; all that came from it are revoked"));
      case AuthResult.StaleToken stale ->
          // The cookie stays: another tab may already have stored a newer token in it.
          Problems.of(ErrorCode.UNAUTHENTICATED, "this refresh token was used a moment ago");
      case AuthResult.RateLimited limited ->
          routeSupport.tooMany(RouteSupport.REFRESHES, limited.retryAfterMillis());
      case AuthResult.UnknownToken unknown ->
          clearCookie(
              request,
              Problems.of(
                  ErrorCode.UNAUTHENTICATED, "the refresh token is not good, or no longer"));
      case AuthResult.Unavailable busy -> Problems.unavailable(busy.retryAfterMillis());
    };
  }

  private Route logout() {
    return extractRequest(
        request ->
            routeSupport.read(
                request,
                RequestReader::refresh,
                (Request.Refresh r) -> {
                  if (OriginCheck.isForeign(request)) {
                    return completed(foreignOrigin());
                  }
                  @Nullable Secret token = refreshTokenOf(request, r);
                  return token == null
                      ? completed(RefreshCookie.clear(request, HttpAnswers.noContent()))
                      : authServices.logout(token).thenApply(result -> loggedOut(request, result));
                }));
  }

  private static HttpResponse loggedOut(HttpRequest request, AuthResult.Logout result) {
    return switch (result) {
      case AuthResult.LoggedOut out -> RefreshCookie.clear(request, HttpAnswers.noContent());
      case AuthResult.Unavailable busy -> Problems.unavailable(busy.retryAfterMillis());
    };
  }

  private static @Nullable Secret refreshTokenOf(HttpRequest request, Request.Refresh body) {
    @Nullable String given = body.refreshToken();
    return given == null ? RefreshCookie.read(request) : new Secret(given);
  }

  private static HttpResponse clearCookie(HttpRequest request, HttpResponse response) {
    return RefreshCookie.read(request) == null ? response : RefreshCookie.clear(request, response);
  }

  private static CompletionStage<HttpResponse> completed(HttpResponse response) {
    return CompletableFuture.completedFuture(response);
  }
}
