package parley.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.completeWithFuture;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.auth.Secret;
import parley.auth.TokenVerdict;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.IdRules;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.RequestReader;
import parley.user.User;

/**
 * What every route of the API does: find out who calls, read what was sent, ask an entity. Asking
 * with a timeout is for this edge alone; entities among themselves only tell.
 */
final class RouteSupport {
  /** The name of the requests of an address in meters. */
  static final String REQUESTS = "requests";

  /** The name of the login attempts of an address, at whatever account, in meters. */
  static final String LOGINS = "logins";

  /** The name of the wrong passwords at an account in meters. */
  static final String GUESSES = "guesses";

  /** The name of the registrations of an address in meters. */
  static final String REGISTRATIONS = "registrations";

  /** The name of the refreshes of a login in meters. */
  static final String REFRESHES = "refreshes";

  private static final int MOST_KNOWN = 100_000;

  private final ActorSystem<?> system;
  private final HttpServices httpServices;
  private final HttpSettings settings;

  /** Users of the external issuer who exist for sure; failures are not kept. */
  private final Cache<UserId, Boolean> known =
      Caffeine.newBuilder().maximumSize(MOST_KNOWN).build();

  RouteSupport(ActorSystem<?> system, HttpServices httpServices, HttpSettings settings) {
    this.system = system;
    this.httpServices = httpServices;
    this.settings = settings;
  }

  /**
   * Takes one of the attempts at a password an address has: 0, or milliseconds to wait. Where
   * requests are not limited by address, neither are these; an account's own limit stays.
   */
  long guess(HttpRequest request) {
    return settings.requestsPerSecond() == 0
        ? 0
        : httpServices.logins().tryAcquire(RequestFilter.addressOf(request));
  }

  /** Gives the attempt back: nobody was guessing. */
  void noGuess(HttpRequest request) {
    if (settings.requestsPerSecond() != 0) {
      httpServices.logins().succeeded(RequestFilter.addressOf(request));
    }
  }

  /** Takes one of the registrations an address has a day: 0, or milliseconds to wait. */
  long register(HttpRequest request) {
    return httpServices.registrations().tryAcquire(RequestFilter.addressOf(request));
  }

  /**
   * Refuses for a budget that is used up, and counts it.
   *
   * @param limit which budget, as meters name it
   */
  HttpResponse tooMany(String limit, long waitMillis) {
    httpServices.budget().limited(limit);
    return Problems.tooMany(waitMillis);
  }

  /** The way to everything. */
  HttpServices services() {
    return httpServices;
  }

  // ---- who calls

  /** A route for those who have a token; the user exists by then. */
  Route as(Function<UserId, Route> inner) {
    return extractRequest(
        request -> {
          @Nullable String token = bearer(request);
          return token == null
              ? complete(
                  Problems.of(
                      ErrorCode.UNAUTHENTICATED, "this needs Authorization: Bearer <access_token>"))
              : onSuccess(
                  httpServices.identity().verify(new Secret(token)).thenCompose(this::exists),
                  tokenVerdict ->
                      switch (tokenVerdict) {
                        case TokenVerdict.Principal principal -> inner.apply(principal.userId());
                        case TokenVerdict.Rejected rejected ->
                            complete(
                                Problems.of(
                                    ErrorCode.UNAUTHENTICATED,
                                    "the access token is not good: " + rejected.reason()));
                        case TokenVerdict.Unavailable busy ->
                            complete(Problems.notNow(busy.retryAfterMillis()));
                      });
        });
  }

  private static @Nullable String bearer(HttpRequest request) {
    Iterator<HttpHeader> headers =
        StreamSupport.stream(request.getHeaders().spliterator(), false)
            .filter(h -> h.is("authorization"))
            .iterator();
    if (!headers.hasNext()) {
      return null;
    }
    String value = headers.next().value().strip();
    String scheme = "Bearer ";
    // Two of them could mean two things to two readers.
    return !headers.hasNext() && value.regionMatches(true, 0, scheme, 0, scheme.length())
        ? value.substring(scheme.length()).strip()
        : null;
  }

  /** The user of an external issuer exists from its first request on. */
  private CompletionStage<TokenVerdict> exists(TokenVerdict tokenVerdict) {
    if (!(tokenVerdict instanceof TokenVerdict.Principal principal) || !principal.external()) {
      return CompletableFuture.completedFuture(tokenVerdict);
    }
    UserId id = principal.userId();
    if (known.getIfPresent(id) != null) {
      return CompletableFuture.completedFuture(tokenVerdict);
    }
    return ensure(id, principal.username(), principal.username())
        .thenApply(
            found -> {
              known.put(id, true);
              return tokenVerdict;
            });
  }

  /** Makes the user if there is none yet; fails where that is not sure. */
  CompletionStage<User.Found> ensure(UserId id, String username, String displayName) {
    return this.<User.ProfileReply>askUser(
            id, replyTo -> new User.Ensure(username, displayName, replyTo))
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Found found -> found;
                  case User.Refused refused -> throw new RefusedException(refused.refusal());
                  case User.NoSuchUser nobody ->
                      throw new RefusedException(Refusal.unavailable("the user is not there"));
                });
  }

  // ---- what was sent

  /** A route that needs a body. */
  <T> Route body(
      Function<byte[], RequestReader.Result<T>> reader,
      Function<T, CompletionStage<HttpResponse>> then) {
    return extractRequest(request -> read(request, reader, then));
  }

  /** The same, where the request is at hand. */
  <T> Route read(
      HttpRequest request,
      Function<byte[], RequestReader.Result<T>> reader,
      Function<T, CompletionStage<HttpResponse>> then) {
    @Nullable String wrong = RequestBodies.notJson(request);
    return wrong != null
        ? complete(Problems.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, wrong))
        : result(reader.apply(RequestBodies.bytes(request)), then);
  }

  /** A route that has read something. */
  <T> Route result(
      RequestReader.Result<T> result, Function<T, CompletionStage<HttpResponse>> then) {
    return switch (result) {
      case RequestReader.Good<T> good -> completeWithFuture(then.apply(good.value()));
      case RequestReader.Bad<T> bad -> complete(Problems.of(bad));
    };
  }

  /**
   * A route about a conversation. What cannot be an id is not found like any other conversation the
   * caller is not in.
   */
  Route conversation(String segment, Function<ConversationId, Route> inner) {
    return IdRules.isId(segment)
        ? inner.apply(new ConversationId(segment))
        : complete(Problems.of(Refusal.notFound()));
  }

  /** A route with another id in its path. */
  Route id(String field, String segment, Function<String, Route> inner) {
    return IdRules.isId(segment)
        ? inner.apply(segment)
        : complete(
            Problems.badField(
                field,
                field + " must be 1 to " + IdRules.MAX_LENGTH + " visible ASCII characters"));
  }

  // ---- whom to ask

  /** Asks a user. */
  <R> CompletionStage<R> askUser(UserId id, Function<ActorRef<R>, User.Command> command) {
    return ask(httpServices.users().apply(id), command, settings.answerWithin());
  }

  /** Asks a conversation. */
  <R> CompletionStage<R> askConversation(
      ConversationId id, Function<ActorRef<R>, Conversation.Command> command) {
    return ask(httpServices.conversations().apply(id), command, settings.answerWithin());
  }

  /** Asks a conversation to add a message. */
  CompletionStage<Conversation.PostReply> post(
      ConversationId id, Function<ActorRef<Conversation.PostReply>, Conversation.Command> command) {
    return ask(httpServices.conversations().apply(id), command, settings.postWithin());
  }

  private <C, R> CompletionStage<R> ask(
      RecipientRef<C> whom, Function<ActorRef<R>, C> command, Duration within) {
    return AskPattern.ask(whom, command::apply, within, system.scheduler());
  }
}
