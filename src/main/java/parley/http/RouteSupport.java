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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.Cancellable;
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
 * Steps that all API routes share: authenticate the caller, read the request, ask an entity. Only
 * this layer asks with a timeout; entities only send messages to each other.
 */
final class RouteSupport {
  /** Meter name of the limit on requests of an address. */
  static final String REQUESTS = "requests";

  /** Meter name of the limit on login attempts of an address, at any accounts. */
  static final String LOGINS = "logins";

  /** Meter name of the limit on wrong passwords at an account. */
  static final String GUESSES = "guesses";

  /** Meter name of the limit on registrations of an address. */
  static final String REGISTRATIONS = "registrations";

  /** Meter name of the limit on refreshes of a login. */
  static final String REFRESHES = "refreshes";

  private static final int MOST_KNOWN = 100_000;

  private final ActorSystem<?> system;
  private final HttpServices httpServices;
  private final HttpSettings settings;
  private final ChangeLimit changes;

  /** Users of the external issuer that certainly exist; failures are not cached. */
  private final Cache<UserId, Boolean> externalUsers =
      Caffeine.newBuilder().maximumSize(MOST_KNOWN).build();

  RouteSupport(ActorSystem<?> system, HttpServices httpServices, HttpSettings settings) {
    this.system = system;
    this.httpServices = httpServices;
    this.settings = settings;
    this.changes = new ChangeLimit(httpServices.nanos());
  }

  /**
   * Takes one of the login attempts of the address. Returns 0, or the milliseconds to wait. If
   * requests are not limited by address, login attempts are not either; the limit of the account
   * always applies.
   */
  long takeLoginAttempt(HttpRequest request) {
    return settings.requestsPerSecond().getAsInt() == 0
        ? 0
        : httpServices.logins().tryAcquire(RequestFilter.addressOf(request));
  }

  /** Gives the attempt back, because the login succeeded. */
  void giveBackLoginAttempt(HttpRequest request) {
    if (settings.requestsPerSecond().getAsInt() != 0) {
      httpServices.logins().succeeded(RequestFilter.addressOf(request));
    }
  }

  /**
   * Takes one of the registrations of the address on this day. Returns 0, or the milliseconds to
   * wait.
   */
  long takeRegistration(HttpRequest request) {
    return httpServices.registrations().tryAcquire(RequestFilter.addressOf(request));
  }

  /**
   * Refuses a call because a limit is used up, and counts the refusal.
   *
   * @param limit the limit's name in meters
   */
  HttpResponse tooMany(String limit, long waitMillis) {
    httpServices.budget().countRefusal(limit);
    return Problems.tooMany(waitMillis);
  }

  /** Makes a change that is no entry, or refuses it if the user has made too many. */
  CompletionStage<HttpResponse> change(UserId me, Supplier<CompletionStage<HttpResponse>> call) {
    long wait = changes.take(me);
    return wait == 0
        ? call.get()
        : CompletableFuture.completedFuture(tooMany(ChangeLimit.CHANGES, wait));
  }

  /**
   * Makes a change that adds an entry, unless the user is banned. The user's entity is asked each
   * time: a ban holds from its answer on, on every node, and no node keeps a list. The entity is in
   * memory, because it is also told each entry of its user, so this reads no store.
   */
  CompletionStage<HttpResponse> write(UserId me, Supplier<CompletionStage<HttpResponse>> call) {
    return this.<User.ProfileReply>askUser(me, User.GetProfile::new)
        .thenCompose(
            reply ->
                switch (reply) {
                  case User.Found found -> unlessBanned(found.ban(), call);
                  case User.Refused refused ->
                      CompletableFuture.completedFuture(Problems.of(refused.refusal()));
                  // Nobody bans a user that is not there; the conversation says what is wrong.
                  case User.NoSuchUser nobody -> call.get();
                });
  }

  private static CompletionStage<HttpResponse> unlessBanned(
      @Nullable Refusal ban, Supplier<CompletionStage<HttpResponse>> call) {
    return ban == null ? call.get() : CompletableFuture.completedFuture(Problems.of(ban));
  }

  /** Everything that the routes call. */
  HttpServices services() {
    return httpServices;
  }

  // ---- authentication

  /**
   * A route for callers with a valid access token. The caller's user exists when {@code inner}
   * runs.
   */
  Route authenticated(Function<UserId, Route> inner) {
    return extractRequest(
        request -> {
          @Nullable String token = bearer(request);
          return token == null
              ? complete(
                  Problems.of(
                      ErrorCode.UNAUTHENTICATED, "this needs Authorization: Bearer <access_token>"))
              : onSuccess(
                  httpServices
                      .identity()
                      .verify(new Secret(token))
                      .thenCompose(this::ensureExternalUser),
                  tokenVerdict ->
                      switch (tokenVerdict) {
                        case TokenVerdict.Principal principal -> inner.apply(principal.userId());
                        case TokenVerdict.Rejected rejected ->
                            complete(
                                Problems.of(
                                    ErrorCode.UNAUTHENTICATED,
                                    "the access token is not good: " + rejected.reason()));
                        case TokenVerdict.Unavailable busy ->
                            complete(Problems.unavailable(busy.retryAfterMillis()));
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
    // Two parsers could read two headers differently.
    return !headers.hasNext() && value.regionMatches(true, 0, scheme, 0, scheme.length())
        ? value.substring(scheme.length()).strip()
        : null;
  }

  /** Creates the user of an external issuer at its first request. */
  private CompletionStage<TokenVerdict> ensureExternalUser(TokenVerdict tokenVerdict) {
    if (!(tokenVerdict instanceof TokenVerdict.Principal principal) || !principal.external()) {
      return CompletableFuture.completedFuture(tokenVerdict);
    }
    UserId id = principal.userId();
    if (externalUsers.getIfPresent(id) != null) {
      return CompletableFuture.completedFuture(tokenVerdict);
    }
    return ensureUser(id, principal.username(), principal.username())
        .thenApply(
            found -> {
              externalUsers.put(id, true);
              return tokenVerdict;
            });
  }

  /** Creates the user if there is none yet; fails if that is not certain. */
  CompletionStage<User.Found> ensureUser(UserId id, String username, String displayName) {
    return this.<User.ProfileReply>askUser(
            id, replyTo -> new User.Ensure(username, displayName, replyTo))
        .thenApply(
            reply ->
                switch (reply) {
                  case User.Found found -> found;
                  case User.Refused refused -> throw new RefusedException(refused.refusal());
                  case User.NoSuchUser nobody ->
                      throw new RefusedException(
                          Refusal.unavailable("the user cannot be created now; ask again"));
                });
  }

  // ---- bodies and ids

  /** A route that reads a body. */
  <T> Route body(
      Function<byte[], RequestReader.Result<T>> reader,
      Function<T, CompletionStage<HttpResponse>> then) {
    return extractRequest(request -> read(request, reader, then));
  }

  /** The same with the request as a parameter. */
  <T> Route read(
      HttpRequest request,
      Function<byte[], RequestReader.Result<T>> reader,
      Function<T, CompletionStage<HttpResponse>> then) {
    @Nullable String wrong = RequestBodies.notJson(request);
    return wrong != null
        ? complete(Problems.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, wrong))
        : result(reader.apply(RequestBodies.bytes(request)), then);
  }

  /** Continues with what was read, or answers the problem. */
  <T> Route result(
      RequestReader.Result<T> result, Function<T, CompletionStage<HttpResponse>> then) {
    return switch (result) {
      case RequestReader.Good<T> good -> completeWithFuture(then.apply(good.value()));
      case RequestReader.Bad<T> bad -> complete(Problems.of(bad));
    };
  }

  /**
   * A route about a conversation. An invalid id is answered not found, like every conversation that
   * the caller is not in.
   */
  Route conversation(String segment, Function<ConversationId, Route> inner) {
    return IdRules.isId(segment)
        ? inner.apply(new ConversationId(segment))
        : complete(Problems.of(Refusal.notFound()));
  }

  /** A route with another id in its path. An invalid id is a bad field. */
  Route id(String field, String segment, Function<String, Route> inner) {
    return IdRules.isId(segment)
        ? inner.apply(segment)
        : complete(
            Problems.badField(
                field,
                field + " must be 1 to " + IdRules.MAX_LENGTH + " visible ASCII characters"));
  }

  // ---- calls to entities

  /** Asks a user entity. */
  <R> CompletionStage<R> askUser(UserId id, Function<ActorRef<R>, User.Command> command) {
    return ask(httpServices.users().apply(id), command, settings.answerWithin());
  }

  /** Asks a conversation entity. */
  <R> CompletionStage<R> askConversation(
      ConversationId id, Function<ActorRef<R>, Conversation.Command> command) {
    return ask(httpServices.conversations().apply(id), command, settings.answerWithin());
  }

  /**
   * Asks a conversation to add a message, with the longer timeout of a write, and once more if
   * there is no answer after a while. Sharding drops a message that reaches a node at the moment at
   * which the conversation leaves it. The same {@code client_msg_id} is stored only once, so it is
   * safe to repeat. Sessions do the same.
   */
  CompletionStage<Conversation.PostReply> post(
      ConversationId id, Function<ActorRef<Conversation.PostReply>, Conversation.Command> command) {
    RecipientRef<Conversation.Command> conversation = httpServices.conversations().apply(id);
    AtomicReference<@Nullable Cancellable> repetition = new AtomicReference<>();
    return this.<Conversation.Command, Conversation.PostReply>ask(
            conversation,
            replyTo -> {
              Conversation.Command message = command.apply(replyTo);
              repetition.set(
                  system
                      .scheduler()
                      .scheduleOnce(
                          settings.repeatAfter(),
                          () -> conversation.tell(message),
                          system.executionContext()));
              return message;
            },
            settings.postWithin())
        .whenComplete(
            (reply, failure) -> {
              Cancellable planned = repetition.get();
              if (planned != null) {
                planned.cancel();
              }
            });
  }

  private <C, R> CompletionStage<R> ask(
      RecipientRef<C> whom, Function<ActorRef<R>, C> command, Duration within) {
    return AskPattern.ask(whom, command::apply, within, system.scheduler());
  }
}
