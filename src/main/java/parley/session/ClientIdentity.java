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
import parley.user.User;

/** Who is at the other end: what the hello said, and what its token is worth. */
final class ClientIdentity {
  private final ActorContext<Session.Command> context;
  private final SessionDeps deps;

  private ClientFrame.@Nullable Hello hello;
  private Authenticator.@Nullable Accepted principal;
  private Authenticator.@Nullable Accepted joining;
  private @Nullable ActorRef<User.Delivery> adapter;
  private @Nullable Long authId;
  private String sessionId = "";
  private boolean renewing;
  private int round;

  ClientIdentity(ActorContext<Session.Command> context, SessionDeps deps) {
    this.context = context;
    this.deps = deps;
  }

  /** The first frame. Its token is judged, and not kept. */
  void hello(ClientFrame.Hello first) {
    hello = new ClientFrame.Hello(first.id(), "", first.deviceId(), first.client(), first.fresh());
    verify(first.token());
  }

  /** A new token. */
  void renew(ClientFrame.Auth auth) {
    authId = auth.id();
    renewing = true;
    verify(auth.token());
  }

  /** Whether a new token is being judged. */
  boolean renewing() {
    return renewing;
  }

  /** Whether this verdict is the one that is waited for; if so, it no longer is. */
  boolean expects(SessionInternal.Verified verified) {
    if (verified.round() != round) {
      return false;
    }
    round++;
    return true;
  }

  /** No verdict is waited for any more. */
  void giveUp() {
    round++;
  }

  /**
   * A new token was judged: what answers the frame that brought it, or null where the token is of
   * another login. Then the user has to say whether that has ended, by an answer to {@link
   * #resume}, and {@link #joined} or {@link #refused} follows.
   */
  @Nullable ServerFrame renewed(Authenticator.Verdict verdict) {
    joining = null;
    if (verdict instanceof Authenticator.Accepted accepted
        && accepted.userId().equals(me())
        && !Objects.equals(accepted.sid(), Objects.requireNonNull(principal).sid())) {
      joining = accepted;
      return null;
    }
    renewing = false;
    return switch (verdict) {
      case Authenticator.Accepted accepted -> {
        if (!accepted.userId().equals(me())) {
          yield failed(Refusal.of(ErrorCode.FORBIDDEN, "token is another user's"));
        }
        principal = accepted;
        yield new ServerFrame.Ok(authId);
      }
      case Authenticator.Rejected rejected -> failed(badToken());
      case Authenticator.Unavailable unavailable ->
          failed(Refusal.unavailable("tokens cannot be judged now"));
    };
  }

  /** Whether the user is to say if the new token's login has ended. */
  boolean joining() {
    return joining != null;
  }

  /**
   * Whether an attach with this login is the one that is waited for. An earlier one may be answered
   * late: then the user still holds the session under another login.
   *
   * @param sid as the user said it; null also where a node of an earlier version did, which says no
   *     login. That is good enough where none is being changed
   */
  boolean attachedWith(@Nullable String sid) {
    return Objects.equals(sid, sid()) || (sid == null && joining == null);
  }

  /** The user has taken the session with the new token's login. */
  ServerFrame joined() {
    principal = Objects.requireNonNull(joining);
    joining = null;
    renewing = false;
    return new ServerFrame.Ok(authId);
  }

  /** The new token's login has ended; the session's own may not have. */
  ServerFrame refused() {
    joining = null;
    renewing = false;
    return failed(badToken());
  }

  /** The user has not said in time whether it takes the session with the new token's login. */
  ServerFrame unsettled() {
    joining = null;
    renewing = false;
    return failed(Refusal.unavailable("the login cannot be changed now"));
  }

  private @Nullable String sid() {
    return Objects.requireNonNull(joining == null ? principal : joining).sid();
  }

  private ServerFrame failed(Refusal refusal) {
    return new ServerFrame.Failed(
        authId, refusal.code(), refusal.message(), refusal.retryAfterMillis());
  }

  static Refusal badToken() {
    return Refusal.of(ErrorCode.UNAUTHENTICATED, "token is not good");
  }

  /** Tells the user entity that a device of the user's is here. */
  void attach(Authenticator.Accepted accepted) {
    principal = accepted;
    sessionId = deps.sessionIds().get();
    var session = context.messageAdapter(User.Delivery.class, SessionInternal.Told::new);
    adapter = session;
    UserId id = accepted.userId();
    var user = deps.entities().user(id);
    if (accepted.external()) {
      // Nobody registers such a user. Both messages take the same way, so this one comes first.
      String name = Objects.requireNonNullElse(accepted.username(), id.value());
      var answer =
          context.messageAdapter(User.ProfileReply.class, r -> new SessionInternal.Noted());
      user.tell(new User.Ensure(name, displayName(name, id), answer));
    }
    ClientFrame.Hello h = first();
    user.tell(
        new User.Attach(id, h.deviceId(), h.client(), sessionId, h.fresh(), false, session, sid()));
  }

  /** Tells the user entity, wherever it is now, that this session is still here. */
  void resume() {
    ClientFrame.Hello h = first();
    deps.entities()
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
        deps.ticker().millis(),
        deps.rate().perMinute(),
        Objects.requireNonNull(principal).expiresAt(),
        deps.epoch());
  }

  /** How long the session may still live without a new token, in milliseconds. */
  long tokenLeft() {
    return Objects.requireNonNull(principal).expiresAt()
        + deps.settings().tokenGrace().toMillis()
        - deps.ticker().millis();
  }

  /** The number of the hello, for its answers. */
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

  /** What the user entity, and those who are watched, tell things to. */
  ActorRef<User.Delivery> adapter() {
    return Objects.requireNonNull(adapter);
  }

  private ClientFrame.Hello first() {
    return Objects.requireNonNull(hello);
  }

  private void verify(String token) {
    int now = ++round;
    CompletableFuture<? extends Authenticator.Verdict> verdict;
    try {
      verdict = deps.authenticator().verify(token).toCompletableFuture();
    } catch (RuntimeException e) {
      context.getLog().warn("token check failed", e);
      verdict = CompletableFuture.completedFuture(new Authenticator.Unavailable());
    }
    context.pipeToSelf(
        verdict,
        (v, failure) ->
            new SessionInternal.Verified(now, v == null ? new Authenticator.Unavailable() : v));
  }
}
