package parley.session;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.ClientFrame;
import parley.protocol.ServerFrame;
import parley.user.Delivery;
import parley.user.User;

/**
 * Authentication and attachment of one connection: keeps the hello, has tokens verified, and
 * attaches the session to its user entity.
 */
final class ClientLogin {
  private final ActorContext<Session.Command> context;
  private final SessionDependencies dependencies;

  private ClientFrame.@Nullable Hello hello;
  private Authenticator.@Nullable Accepted principal;
  private Authenticator.@Nullable Accepted loginPending;
  private @Nullable ActorRef<Delivery> adapter;
  private @Nullable Long authId;
  private String sessionId = "";
  private boolean renewing;
  private int verification;

  ClientLogin(ActorContext<Session.Command> context, SessionDependencies dependencies) {
    this.context = context;
    this.dependencies = dependencies;
  }

  /** Handles the first frame. Its token is verified, and not kept. */
  void hello(ClientFrame.Hello first) {
    hello = new ClientFrame.Hello(first.id(), "", first.deviceId(), first.client(), first.fresh());
    verify(first.token());
  }

  /** Has a new token verified. */
  void renew(ClientFrame.Auth auth) {
    authId = auth.id();
    renewing = true;
    verify(auth.token());
  }

  /** Whether a new token waits for its verdict or for the user entity. */
  boolean renewing() {
    return renewing;
  }

  /**
   * Whether the verdict belongs to the verification in progress. If so, that verification is over.
   */
  boolean isAwaited(SessionInternal.Verified verified) {
    if (verified.round() != verification) {
      return false;
    }
    verification++;
    return true;
  }

  /** Gives up the verification in progress: its verdict will be ignored. */
  void abandonVerification() {
    verification++;
  }

  /**
   * Handles the verdict on a new token. Returns the answer to the frame that brought it, or null if
   * the token belongs to another login. In that case the user entity must say whether that login
   * has ended: it answers {@link #resume}, and {@link #loginAccepted} or {@link #loginRefused}
   * follows.
   */
  @Nullable ServerFrame onRenewalVerdict(Authenticator.Verdict verdict) {
    loginPending = null;
    if (verdict instanceof Authenticator.Accepted accepted
        && accepted.userId().equals(me())
        && !Objects.equals(accepted.sid(), Objects.requireNonNull(principal).sid())) {
      loginPending = accepted;
      return null;
    }
    renewing = false;
    return switch (verdict) {
      case Authenticator.Accepted accepted -> {
        if (!accepted.userId().equals(me())) {
          yield failed(
              Refusal.of(
                  ErrorCode.FORBIDDEN,
                  "token: belongs to another user; send one of the connected user"));
        }
        principal = accepted;
        yield new ServerFrame.Ok(authId);
      }
      case Authenticator.Rejected rejected -> failed(badToken());
      case Authenticator.Unavailable unavailable ->
          failed(Refusal.unavailable("token: it cannot be checked now; ask again"));
    };
  }

  /** Whether the session waits for the user entity to say if the new token's login has ended. */
  boolean loginPending() {
    return loginPending != null;
  }

  /**
   * Whether the user entity holds the session under the expected login. The answer to an earlier
   * attach may come late; the entity then still holds the session under another login.
   *
   * @param sid the login that the user entity reports. It is null also from a node of an earlier
   *     version, which reports none; that suffices unless the login is being changed
   */
  boolean isExpectedLogin(@Nullable String sid) {
    return Objects.equals(sid, sid()) || (sid == null && loginPending == null);
  }

  /** The user entity has attached the session under the new token's login. */
  ServerFrame loginAccepted() {
    principal = Objects.requireNonNull(loginPending);
    loginPending = null;
    renewing = false;
    return new ServerFrame.Ok(authId);
  }

  /** The new token's login has ended; the session's own login may still be good. */
  ServerFrame loginRefused() {
    loginPending = null;
    renewing = false;
    return failed(badToken());
  }

  /** The user entity did not say in time whether it accepts the new token's login. */
  ServerFrame loginUndecided() {
    loginPending = null;
    renewing = false;
    return failed(Refusal.unavailable("token: its login cannot be checked now; ask again"));
  }

  private @Nullable String sid() {
    return Objects.requireNonNull(loginPending == null ? principal : loginPending).sid();
  }

  private ServerFrame failed(Refusal refusal) {
    return new ServerFrame.Failed(
        authId, refusal.code(), refusal.message(), refusal.retryAfterMillis());
  }

  static Refusal badToken() {
    return Refusal.of(ErrorCode.UNAUTHENTICATED, "token: invalid or expired; get a new one");
  }

  /** Attaches the session to its user entity. */
  void attach(Authenticator.Accepted accepted) {
    principal = accepted;
    sessionId = dependencies.sessionIds().get();
    var session = context.messageAdapter(Delivery.class, SessionInternal.DeliveryReceived::new);
    adapter = session;
    UserId id = accepted.userId();
    var user = dependencies.entities().user(id);
    if (accepted.external()) {
      // Users of an external issuer never register here, so the entity may have to be created. Both
      // messages take the same path, so this one arrives first.
      String name = Objects.requireNonNullElse(accepted.username(), id.value());
      var answer =
          context.messageAdapter(User.ProfileReply.class, r -> new SessionInternal.NoAction());
      user.tell(new User.Ensure(name, displayName(name, id), answer));
    }
    ClientFrame.Hello h = first();
    user.tell(
        new User.Attach(id, h.deviceId(), h.client(), sessionId, h.fresh(), false, session, sid()));
  }

  /** Attaches the session again, to the user entity on whatever node it runs now. */
  void resume() {
    ClientFrame.Hello h = first();
    dependencies
        .entities()
        .user(me())
        .tell(
            new User.Attach(
                me(), h.deviceId(), h.client(), sessionId, false, true, adapter(), sid()));
  }

  private static String displayName(String username, UserId id) {
    String name = username.isBlank() ? id.value() : username;
    return name.codePointCount(0, name.length()) <= Limits.NAME_CHARS
        ? name
        : name.substring(0, name.offsetByCodePoints(0, Limits.NAME_CHARS));
  }

  ServerFrame.Welcome welcome() {
    return new ServerFrame.Welcome(
        helloId(),
        me(),
        device(),
        sessionId,
        dependencies.ticker().millis(),
        dependencies.rate().perMinute(me()),
        Objects.requireNonNull(principal).expiresAt(),
        dependencies.epoch());
  }

  /**
   * Time until the session ends without a new token, in milliseconds; includes the grace after the
   * token's expiry.
   */
  long tokenLeft() {
    return Objects.requireNonNull(principal).expiresAt()
        + dependencies.settings().tokenGrace().toMillis()
        - dependencies.ticker().millis();
  }

  /** The id of the hello frame, for its answers; null if it had none. */
  @Nullable Long helloId() {
    return hello == null ? null : hello.id();
  }

  UserId me() {
    return Objects.requireNonNull(principal).userId();
  }

  DeviceId device() {
    return first().deviceId();
  }

  String sessionId() {
    return sessionId;
  }

  /** The address to which the user entity and watched users send their deliveries. */
  ActorRef<Delivery> adapter() {
    return Objects.requireNonNull(adapter);
  }

  private ClientFrame.Hello first() {
    return Objects.requireNonNull(hello);
  }

  private void verify(String token) {
    int now = ++verification;
    CompletableFuture<? extends Authenticator.Verdict> verdict;
    try {
      verdict = dependencies.authenticator().verify(token).toCompletableFuture();
    } catch (RuntimeException e) {
      context.getLog().warn("Token check failed", e);
      verdict = CompletableFuture.completedFuture(new Authenticator.Unavailable());
    }
    context.pipeToSelf(
        verdict,
        (v, failure) ->
            new SessionInternal.Verified(now, v == null ? new Authenticator.Unavailable() : v));
  }
}
