package parley.session;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.Entry;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.ClientFrame;
import parley.protocol.FrameReader;
import parley.protocol.ServerFrame;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.Socket;
import parley.session.SessionInternal.Timer;
import parley.user.User;

/**
 * One connection of one device.
 *
 * <pre>
 *   HELLO --hello--&gt; VERIFYING --good token--&gt; ATTACHING --Attached--&gt; LIVE
 *      \________________\______________________\________________________\___&gt; CLOSING --&gt; gone
 * </pre>
 *
 * <p>The socket brings one frame at a time and the next only when it is told {@link
 * SocketFlow.Ready}: not before the session is attached, while a token is being judged, while the
 * client does not read its answers. So a client that floods waits in its own TCP connection.
 *
 * <p>Every command is followed by {@link #settle}: what follows from how full the buffer is, is
 * decided in that one place.
 */
public final class Session extends AbstractBehavior<Session.Command> {
  static final int BAD_FRAMES = 20;
  static final int LIMITED_FRAMES = 200;
  private static final int QUESTIONS = 4;
  private static final int ACK_BATCH = 64;
  private static final long RETRY_MILLIS = 1_000;
  private static final Duration SLOW_CUT = Duration.ofSeconds(1);

  /** The longest timer for a token; one that lives for years is looked at again. */
  private static final long TOKEN_LOOK_MILLIS = 3_600_000;

  /** What a session can be told. */
  public sealed interface Command permits Drain, Close, SessionInternal {}

  /**
   * The server is going to end. The client is told, and the connection closed when its slot comes.
   *
   * @param reconnectAfterMillis the slot, from now
   * @param deadlineMillis when all will have been closed, from now
   */
  public record Drain(long reconnectAfterMillis, long deadlineMillis, String reason)
      implements Command {}

  /** Close the connection now. */
  public record Close(CloseCode code, String reason) implements Command {}

  private enum Phase {
    HELLO,
    VERIFYING,
    ATTACHING,
    LIVE,
    CLOSING
  }

  private final SessionDeps deps;
  private final SessionSettings settings;
  private final TimerScheduler<Command> timers;
  private final Outgoing out;
  private final Deliveries deliveries;

  private Phase phase = Phase.HELLO;
  private ClientFrame.@Nullable Hello hello;
  private Authenticator.@Nullable Accepted principal;
  private @Nullable ActorRef<User.Delivery> self;
  private @Nullable Requests requests;
  private String sessionId = "";
  private @Nullable Long authId;
  private boolean renewing;
  private int round;
  private long heardAt;
  private long slowAt;
  private int badFrames;
  private boolean owesReady = true;
  private boolean stopped;

  /**
   * A connection.
   *
   * @param socket what passes frames on
   */
  public static Behavior<Command> create(SessionDeps deps, ActorRef<SocketFlow.ToSocket> socket) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new Session(context, timers, deps, socket)));
  }

  private Session(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SessionDeps deps,
      ActorRef<SocketFlow.ToSocket> socket) {
    super(context);
    this.deps = deps;
    this.timers = timers;
    settings = deps.settings();
    out = new Outgoing(socket, settings, deps.meters());
    deliveries = new Deliveries(new DeliveryPort());
    heardAt = deps.ticker().nanos();
    start(Timer.HELLO, settings.helloTimeout());
    start(Timer.IDLE, settings.idleTimeout());
    deps.meters().opened();
    // It says so itself when it ends, but not before it knows whom to tell.
    context.watchWith(socket, Socket.GONE);
    socket.tell(new SocketFlow.Opened(context.getSelf()));
    settle();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onAnyMessage(this::on)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> on(Command command) {
    switch (command) {
      case Drain drain -> onDrain(drain);
      case Close close -> close(close.code(), close.reason(), 0);
      case SessionInternal.Received frame -> onText(frame.text());
      case Socket said -> onSocket(said);
      case Timer timer -> onTimer(timer);
      case SessionInternal.Verified verified -> onVerified(verified);
      case SessionInternal.Told told -> onTold(told.delivery());
      case SessionInternal.UserGone gone ->
          close(CloseCode.STATE_LOST, "the server lost track of this session", 0);
      case SessionInternal.PostAnswered a -> live().posted(a.alone(), a.reply());
      case SessionInternal.Paged paged -> onPage(paged.conversationId(), paged.reply());
      case SessionInternal.Answered answered -> live().answered(answered.frame());
      case SessionInternal.Noted noted -> {}
    }
    settle();
    return stopped ? Behaviors.stopped() : this;
  }

  private Requests live() {
    return Objects.requireNonNull(requests);
  }

  // ---- frames

  private void onText(String text) {
    if (phase != Phase.HELLO && phase != Phase.LIVE) {
      return;
    }
    heard();
    switch (FrameReader.read(text)) {
      case FrameReader.Good good -> {
        badFrames = good.frame() instanceof ClientFrame.Post ? badFrames : 0;
        if (phase == Phase.LIVE) {
          onFrame(good.frame());
        } else {
          onFirst(good.frame());
        }
      }
      case FrameReader.Bad bad -> bad(bad.id(), bad.code(), bad.message());
    }
  }

  private void onFirst(ClientFrame frame) {
    if (!(frame instanceof ClientFrame.Hello first)) {
      out.refuse(frame.id(), Refusal.of(ErrorCode.HELLO_REQUIRED, "the first frame is hello"));
      return;
    }
    // The token is not kept.
    hello = new ClientFrame.Hello(first.id(), "", first.deviceId(), first.client(), first.fresh());
    phase = Phase.VERIFYING;
    timers.cancel(Timer.HELLO);
    verify(first.token());
  }

  private void onFrame(ClientFrame frame) {
    Requests live = live();
    switch (frame) {
      case ClientFrame.Hello f -> bad(f.id(), ErrorCode.BAD_FRAME, "op: hello has been said");
      case ClientFrame.Auth f -> {
        authId = f.id();
        renewing = true;
        verify(f.token());
      }
      case ClientFrame.Ping f -> {
        // Whoever has a pong may count on what it acknowledged before, also at its next hello.
        flushAcks();
        out.send(new ServerFrame.Pong(f.id()));
      }
      case ClientFrame.Post f -> onPost(f);
      case ClientFrame.Ack f -> deliveries.ack(f.conversationId(), f.seq());
      case ClientFrame.Read f -> live.read(f);
      case ClientFrame.Typing f -> live.typing(f);
      case ClientFrame.Watch f -> {
        live.watch(f);
        if (live.watchesAny()) {
          start(Timer.WATCH, settings.watchRenewal());
        }
      }
      case ClientFrame.Inbox f -> live.inbox(f);
      case ClientFrame.History f -> live.history(f);
    }
  }

  private void onPost(ClientFrame.Post frame) {
    if (me().equals(frame.to())) {
      bad(frame.id(), ErrorCode.BAD_FRAME, "to must be another user");
      return;
    }
    badFrames = 0;
    long wait = live().post(frame);
    if (live().limited() >= LIMITED_FRAMES) {
      close(CloseCode.RATE_LIMITED, "too many messages for too long", wait);
    }
  }

  private void bad(@Nullable Long id, ErrorCode code, String message) {
    out.refuse(id, Refusal.of(code, message));
    badFrames = code == ErrorCode.BAD_FRAME ? badFrames + 1 : 0;
    if (badFrames >= BAD_FRAMES) {
      close(CloseCode.PROTOCOL, "too many bad frames in a row", 0);
    }
  }

  private void heard() {
    heardAt = deps.ticker().nanos();
    owesReady = true;
    deps.meters().frameIn();
  }

  private void onSocket(Socket said) {
    switch (said) {
      case BINARY -> {
        if (phase == Phase.HELLO || phase == Phase.LIVE) {
          heard();
          bad(null, ErrorCode.BAD_FRAME, "frame must be text");
        }
      }
      case TOO_LARGE ->
          close(CloseCode.PROTOCOL, "a frame has at most " + Limits.FRAME_BYTES + " bytes", 0);
      case WANTS -> {
        out.wanted();
        if (phase == Phase.LIVE) {
          deliveries.pump();
        }
      }
      case GONE -> stopped = true;
    }
  }

  // ---- who it is

  private void verify(String token) {
    int now = ++round;
    start(Timer.ANSWER, settings.answerTimeout());
    CompletableFuture<? extends Authenticator.Verdict> verdict;
    try {
      verdict = deps.authenticator().verify(token).toCompletableFuture();
    } catch (RuntimeException e) {
      getContext().getLog().warn("token check failed", e);
      verdict = CompletableFuture.completedFuture(new Authenticator.Unavailable());
    }
    getContext()
        .pipeToSelf(
            verdict,
            (v, failure) ->
                new SessionInternal.Verified(now, v == null ? new Authenticator.Unavailable() : v));
  }

  private void onVerified(SessionInternal.Verified verified) {
    if (verified.round() != round || phase == Phase.CLOSING) {
      return;
    }
    round++;
    timers.cancel(Timer.ANSWER);
    if (renewing) {
      renewing = false;
      renew(verified.verdict());
      return;
    }
    ClientFrame.Hello first = Objects.requireNonNull(hello);
    switch (verified.verdict()) {
      case Authenticator.Accepted accepted -> attach(first, accepted);
      case Authenticator.Rejected rejected -> {
        out.refuse(first.id(), badToken());
        close(CloseCode.UNAUTHENTICATED, "the token is not good", 0);
      }
      case Authenticator.Unavailable unavailable -> unanswered("tokens cannot be judged now");
    }
  }

  private void attach(ClientFrame.Hello first, Authenticator.Accepted accepted) {
    phase = Phase.ATTACHING;
    principal = accepted;
    sessionId = deps.sessionIds().get();
    self = getContext().messageAdapter(User.Delivery.class, SessionInternal.Told::new);
    UserId id = accepted.userId();
    var user = deps.entities().user(id);
    if (accepted.external()) {
      // Nobody registers such a user. Both messages take the same way, so this one comes first.
      String name = Objects.requireNonNullElse(accepted.username(), id.value());
      user.tell(
          new User.Ensure(
              name,
              displayName(name, id),
              getContext()
                  .messageAdapter(User.ProfileReply.class, r -> new SessionInternal.Noted())));
    }
    user.tell(
        new User.Attach(id, first.deviceId(), first.client(), sessionId, first.fresh(), self));
    start(Timer.ANSWER, settings.answerTimeout());
  }

  private static String displayName(String username, UserId id) {
    String name = username.isBlank() ? id.value() : username;
    return name.codePointCount(0, name.length()) <= Limits.NAME_CHARS
        ? name
        : name.substring(0, name.offsetByCodePoints(0, Limits.NAME_CHARS));
  }

  private void renew(Authenticator.Verdict verdict) {
    switch (verdict) {
      case Authenticator.Accepted accepted -> {
        if (accepted.userId().equals(me())) {
          principal = accepted;
          watchToken();
          out.send(new ServerFrame.Ok(authId));
        } else {
          out.refuse(authId, Refusal.of(ErrorCode.FORBIDDEN, "token is another user's"));
        }
      }
      case Authenticator.Rejected rejected -> out.refuse(authId, badToken());
      case Authenticator.Unavailable unavailable ->
          out.refuse(authId, Refusal.unavailable("tokens cannot be judged now"));
    }
  }

  private static Refusal badToken() {
    return Refusal.of(ErrorCode.UNAUTHENTICATED, "token is not good");
  }

  // The handshake got no answer: not the client's fault, and another try may do.
  private void unanswered(String why) {
    @Nullable Long id = hello == null ? null : hello.id();
    out.refuse(id, Refusal.unavailable(why));
    close(CloseCode.STATE_LOST, why, RETRY_MILLIS);
  }

  private UserId me() {
    return Objects.requireNonNull(principal).userId();
  }

  private DeviceId device() {
    return Objects.requireNonNull(hello).deviceId();
  }

  private void watchToken() {
    long left =
        Objects.requireNonNull(principal).expiresAt()
            + settings.tokenGrace().toMillis()
            - deps.ticker().millis();
    if (left <= 0) {
      close(CloseCode.UNAUTHENTICATED, "the token has ended", 0);
    } else {
      start(Timer.TOKEN, Duration.ofMillis(Math.min(left, TOKEN_LOOK_MILLIS)));
    }
  }

  // ---- what the user tells

  private void onTold(User.Delivery delivery) {
    if (phase == Phase.CLOSING) {
      return;
    }
    if (delivery instanceof User.Ended ended) {
      onEnded(ended);
    } else if (delivery instanceof User.Knock knock) {
      knock.user().tell(new User.Living(knock.order()));
    } else if (phase == Phase.ATTACHING && delivery instanceof User.Attached attached) {
      onAttached(attached);
    } else if (phase == Phase.LIVE) {
      onDelivery(delivery);
    }
  }

  private void onAttached(User.Attached attached) {
    timers.cancel(Timer.ANSWER);
    phase = Phase.LIVE;
    getContext().watchWith(attached.user(), new SessionInternal.UserGone());
    requests =
        new Requests(getContext(), deps, out, deliveries, me(), Objects.requireNonNull(self));
    out.send(
        new ServerFrame.Welcome(
            Objects.requireNonNull(hello).id(),
            me(),
            device(),
            sessionId,
            deps.ticker().millis(),
            deps.rate().perMinute(),
            Objects.requireNonNull(principal).expiresAt()));
    deliveries.attached(attached.lagging());
    watchToken();
  }

  private void onDelivery(User.Delivery delivery) {
    switch (delivery) {
      case User.Entries d -> deliveries.entries(d.conversationId(), d.entries());
      case User.RowChanged d -> out.row(d.row());
      case User.Receipts d -> {
        for (User.Receipt r : d.receipts()) {
          out.receipt(
              new ServerFrame.Receipt(d.conversationId(), r.userId(), r.delivered(), r.read()));
        }
      }
      case User.TypingSeen d ->
          out.sendLossy(new ServerFrame.Typing(d.conversationId(), d.userId(), d.active()));
      case User.PresenceSeen d -> {
        if (live().watches(d.presence().userId())) {
          out.sendLossy(new ServerFrame.PresenceChanged(d.presence()));
        }
      }
      case User.GapSeen d -> deliveries.gapSeen(d.conversationId(), d.from(), d.to(), d.reason());
      case User.Attached d -> {}
      case User.Knock d -> {}
      case User.Ended d -> {}
    }
  }

  private void onEnded(User.Ended ended) {
    switch (ended.why()) {
      case REPLACED -> close(CloseCode.REPLACED, "this device is connected elsewhere", 0);
      case REMOVED -> close(CloseCode.REMOVED, "this device was removed", 0);
      case REFUSED -> {
        Refusal refusal = ended.refusal();
        @Nullable Long id = hello == null ? null : hello.id();
        out.refuse(id, refusal);
        boolean later = refusal.code().retryable();
        close(
            later ? CloseCode.STATE_LOST : CloseCode.UNAUTHENTICATED,
            refusal.message(),
            later ? Math.max(refusal.retryAfterMillis(), RETRY_MILLIS) : 0);
      }
    }
  }

  private void onPage(ConversationId id, Conversation.@Nullable PageReply reply) {
    switch (reply) {
      case null -> deliveries.pageFailed(id);
      case Conversation.Page page -> deliveries.page(id, page.page().entries());
      case Conversation.Refused refused -> {
        if (refused.refusal().code().retryable()) {
          deliveries.pageFailed(id);
        } else {
          deliveries.pageRefused(id);
        }
      }
    }
  }

  private final class DeliveryPort implements Deliveries.Port {
    @Override
    public void message(ConversationId id, Entry entry, boolean live) {
      boolean own = entry.senderId().equals(me());
      if (live && !own) {
        deps.meters().delivered(deps.ticker().millis() - entry.at());
      }
      out.send(new ServerFrame.Message(id, entry, own));
    }

    @Override
    public void gap(ConversationId id, long from, long to, String reason) {
      out.send(new ServerFrame.Gap(id, from, to, reason));
    }

    @Override
    public void synced(long messages) {
      out.send(new ServerFrame.Synced(messages));
    }

    @Override
    public void ask(ConversationId id, long after, int limit) {
      live().replay(id, after, limit);
    }

    @Override
    public boolean claims(ConversationId id, Entry entry) {
      return live().claims(id, entry);
    }

    @Override
    public boolean replays() {
      return !out.slow() && out.bytes() < settings.replayBytes();
    }

    @Override
    public boolean slow() {
      return out.overfull();
    }
  }

  // ---- time and the end

  private void onTimer(Timer timer) {
    switch (timer) {
      case HELLO -> close(CloseCode.NO_HELLO, "no hello came", 0);
      case ANSWER -> {
        round++;
        if (renewing) {
          renewing = false;
          renew(new Authenticator.Unavailable());
        } else {
          unanswered("no answer in time");
        }
      }
      case IDLE -> onIdle();
      case TOKEN -> watchToken();
      case ACKS -> {
        flushAcks();
        deliveries.pump();
      }
      case POSTS -> live().expirePosts();
      case REST -> deliveries.rested();
      case SLOW -> close(CloseCode.TOO_SLOW, "the connection is not read", 0);
      case CUT -> {
        out.cut();
        stopped = true;
      }
      case WATCH -> {
        live().renewWatch();
        if (live().watchesAny()) {
          start(Timer.WATCH, settings.watchRenewal());
        }
      }
      case SLOT -> close(CloseCode.GOING_AWAY, "the server is going to end", 0);
    }
  }

  private void onIdle() {
    Duration left = settings.idleTimeout().minusNanos(deps.ticker().nanos() - heardAt);
    if (left.isPositive()) {
      start(Timer.IDLE, left);
    } else if (owesReady) {
      // Its frames may lie in the socket: it is we who do not read, because it does not.
      close(CloseCode.TOO_SLOW, "the connection is not read", 0);
    } else {
      close(CloseCode.IDLE, "nothing came for too long", 0);
    }
  }

  private void onDrain(Drain drain) {
    if (phase == Phase.CLOSING) {
      return;
    }
    out.send(
        new ServerFrame.ServerMaintenance(
            drain.reconnectAfterMillis(), drain.deadlineMillis(), drain.reason()));
    if (drain.reconnectAfterMillis() <= 0) {
      close(CloseCode.GOING_AWAY, drain.reason(), 0);
    } else {
      start(Timer.SLOT, Duration.ofMillis(drain.reconnectAfterMillis()));
    }
  }

  private void close(CloseCode code, String reason, long retryAfterMillis) {
    if (phase == Phase.CLOSING) {
      return;
    }
    flushAcks();
    phase = Phase.CLOSING;
    timers.cancelAll();
    // What a slow client has not got it gets at its next connection: only the last frame is left.
    boolean slow = out.overfull();
    out.finish(
        new ServerFrame.Closing(code, reason, retryAfterMillis > 0 ? retryAfterMillis : null),
        slow);
    start(Timer.CUT, slow ? SLOW_CUT : settings.closePatience());
  }

  private Behavior<Command> onStop() {
    flushAcks();
    if (requests != null) {
      requests.unwatch();
    }
    deps.meters().closed();
    return this;
  }

  private void flushAcks() {
    timers.cancel(Timer.ACKS);
    if (phase == Phase.LIVE && deliveries.ackCount() > 0) {
      List<User.Ack> acks = deliveries.takeAcks();
      deps.entities().user(me()).tell(new User.Acked(device(), sessionId, acks));
    }
  }

  private void start(Timer timer, Duration after) {
    timers.startSingleTimer(timer, timer, after);
  }

  private void settle() {
    if (phase == Phase.CLOSING) {
      out.flush();
      return;
    }
    if (out.slows()) {
      slowAt = deps.ticker().nanos();
      start(Timer.SLOW, settings.slowPatience());
    }
    out.flush();
    if (out.recovers()) {
      timers.cancel(Timer.SLOW);
      long slowFor = deps.ticker().nanos() - slowAt;
      deliveries.drained(slowFor > settings.slowGrace().toNanos());
    } else if (out.hopeless()) {
      close(CloseCode.TOO_SLOW, "the connection is not read", 0);
    }
    if (phase == Phase.LIVE) {
      settleLive();
    }
    boolean listens =
        phase == Phase.HELLO || (phase == Phase.LIVE && !renewing && live().asking() < QUESTIONS);
    if (owesReady && listens && out.bytes() <= settings.drainedBytes()) {
      owesReady = false;
      out.ready();
    }
    out.flush();
  }

  private void settleLive() {
    if (deliveries.ackCount() >= ACK_BATCH) {
      flushAcks();
      deliveries.pump();
    } else if (deliveries.ackCount() > 0 && !timers.isTimerActive(Timer.ACKS)) {
      start(Timer.ACKS, settings.ackDelay());
    }
    if (deliveries.rests() && !timers.isTimerActive(Timer.REST)) {
      start(Timer.REST, settings.pageRest());
    }
    if (live().waits() && !timers.isTimerActive(Timer.POSTS)) {
      Duration left = live().expirePosts();
      if (left != null) {
        start(Timer.POSTS, left.isPositive() ? left : Duration.ofMillis(1));
      }
    }
  }
}
