package parley.session;

import java.time.Duration;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Refusal;
import parley.protocol.ClientFrame;
import parley.protocol.FrameReader;
import parley.protocol.ServerFrame;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.SocketSignal;
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
 * <p>The socket delivers one frame, and the next one only after {@link SocketFlow.Ready}. The
 * session withholds that signal until it is attached, while it verifies a token, while too many
 * requests are unanswered, and while the client does not read its answers. A client that floods is
 * thus slowed by the flow control of its own TCP connection.
 *
 * <p>A live session whose user entity is gone (the node died, the shard moved, a write failed)
 * stays open and attaches again. A load balancer has put connections where they are, and a third of
 * a cluster's clients should not have to reconnect because one node died. Posts continue meanwhile;
 * acknowledgements wait.
 *
 * <p>{@link #afterCommand} runs after every command. All decisions that depend on the fill level of
 * the outbound buffer are made there.
 */
public final class Session extends AbstractBehavior<Session.Command> {
  static final int BAD_FRAMES = 20;
  private static final int QUESTIONS = 4;
  private static final int ACK_BATCH = 64;
  private static final long RETRY_MILLIS = 1_000;
  private static final Duration SLOW_CUT = Duration.ofSeconds(1);

  /**
   * Longest timer for the expiry of a token, in milliseconds. A token that lives longer is checked
   * again then.
   */
  private static final long TOKEN_CHECK_MILLIS = 3_600_000;

  /** Messages to a session. */
  public sealed interface Command permits Drain, Close, SessionInternal {}

  /**
   * The server shuts down. The client is told, and the connection closes when its slot comes.
   *
   * @param reconnectAfterMillis time until this connection's slot, from now
   * @param deadlineMillis time until all connections will have been closed, from now
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
  private final OutgoingFrames out;
  private final ClientIdentity clientIdentity;
  private final FrameBudget budget = new FrameBudget();

  private Phase phase = Phase.HELLO;
  private @Nullable WelcomeAssembly welcomeAssembly;
  private @Nullable AttachedSession attached;
  private @Nullable ActorRef<User.Command> user;
  private boolean resuming;
  private long resumingSince;
  private long lastReceivedAt;
  private long slowSince;
  private long postTimerDue;
  private int badFrames;
  private boolean readyWithheld = true;
  private boolean stopped;

  /**
   * The behaviour of one connection.
   *
   * @param socket passes frames to the client
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
    out = new OutgoingFrames(socket, settings, deps.meters());
    clientIdentity = new ClientIdentity(context, deps);
    lastReceivedAt = deps.ticker().nanos();
    start(Timer.HELLO, settings.helloTimeout());
    start(Timer.IDLE, settings.idleTimeout());
    deps.meters().opened();
    // The socket reports its own end once it knows this session; the watch covers the time before.
    context.watchWith(socket, SocketSignal.GONE);
    socket.tell(new SocketFlow.Opened(context.getSelf()));
    afterCommand();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onAnyMessage(this::on)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> on(Command command) {
    if (phase != Phase.CLOSING && deps.ticker().pausedTooLong()) {
      // Other nodes may have taken over during the pause. Even an answer that has already arrived
      // must not reach the client: its author may no longer have been in charge.
      close(CloseCode.STATE_LOST, "this server was away for too long", 0);
    }
    switch (command) {
      case Drain drain -> onDrain(drain);
      case Close close -> close(close.code(), close.reason(), 0);
      case SessionInternal.Received frame -> onText(frame.text());
      case SocketSignal said -> onSocket(said);
      case Timer timer -> onTimer(timer);
      case SessionInternal.Verified verified -> onVerified(verified);
      case SessionInternal.DeliveryReceived deliveryReceived ->
          onDelivery(deliveryReceived.delivery());
      case SessionInternal.UserGone gone -> onUserGone(gone);
      case SessionInternal.PostAnswered a ->
          liveSession().clientRequests.onPostAnswer(a.alone(), a.reply());
      case SessionInternal.ReplayAnswered replayAnswered ->
          liveSession().onReplayAnswer(replayAnswered.conversationId(), replayAnswered.reply());
      case SessionInternal.RequestAnswered requestAnswered ->
          liveSession().clientRequests.onRequestAnswer(requestAnswered.frame());
      case SessionInternal.NoAction noAction -> {}
    }
    afterCommand();
    return stopped ? Behaviors.stopped() : this;
  }

  private AttachedSession liveSession() {
    return Objects.requireNonNull(attached);
  }

  // ---- frames

  private void onText(String text) {
    if (phase != Phase.HELLO && phase != Phase.LIVE) {
      return;
    }
    onFrameArrived();
    switch (FrameReader.read(text)) {
      case FrameReader.Good good -> {
        if (phase == Phase.LIVE) {
          onFrame(good.frame());
        } else {
          onFirst(good.frame());
        }
      }
      case FrameReader.Bad bad -> refuseBad(bad.id(), bad.code(), bad.message());
    }
  }

  private void onFirst(ClientFrame frame) {
    if (!(frame instanceof ClientFrame.Hello first)) {
      refuseBad(frame.id(), ErrorCode.HELLO_REQUIRED, "the first frame is hello");
      return;
    }
    badFrames = 0;
    phase = Phase.VERIFYING;
    timers.cancel(Timer.HELLO);
    start(Timer.ANSWER, settings.answerTimeout());
    clientIdentity.hello(first);
  }

  private void onFrame(ClientFrame frame) {
    String wrong = violation(frame);
    if (wrong != null) {
      refuseBad(frame.id(), ErrorCode.BAD_FRAME, wrong);
      return;
    }
    badFrames = 0;
    if (takesFromFrameBudget(frame) && tooManyFrames(frame.id())) {
      return;
    }
    ClientRequests clientRequests = liveSession().clientRequests;
    switch (frame) {
      case ClientFrame.Hello f -> {} // refused above
      case ClientFrame.Auth f -> {
        start(Timer.ANSWER, settings.answerTimeout());
        clientIdentity.renew(f);
      }
      case ClientFrame.Ping f -> {
        // A pong confirms earlier acknowledgements: they count at the client's next hello.
        flushAcks();
        out.send(new ServerFrame.Pong(f.id()));
      }
      case ClientFrame.Post f -> clientRequests.post(f);
      case ClientFrame.Ack f -> liveSession().deliveryTracker.ack(f.conversationId(), f.seq());
      case ClientFrame.Read f -> clientRequests.read(f);
      case ClientFrame.Typing f -> clientRequests.typing(f);
      case ClientFrame.Watch f -> {
        clientRequests.watch(f);
        if (clientRequests.watchesAny()) {
          start(Timer.WATCH, settings.watchRenewal());
        }
      }
      case ClientFrame.Inbox f -> clientRequests.inbox(f);
      case ClientFrame.History f -> clientRequests.history(f);
    }
  }

  // Returns why a well-formed frame is a bad frame in this session, or null.
  private @Nullable String violation(ClientFrame frame) {
    if (frame instanceof ClientFrame.Hello) {
      return "op: hello has been said";
    }
    if (frame instanceof ClientFrame.Post post && clientIdentity.me().equals(post.to())) {
      return "to must be another user";
    }
    return null;
  }

  /**
   * Whether the frame takes from the budget of frames. Posts have a budget of their own;
   * acknowledgements, pings and tokens are free, because a connection cannot live without them.
   */
  private static boolean takesFromFrameBudget(ClientFrame frame) {
    return switch (frame) {
      case ClientFrame.Post f -> false;
      case ClientFrame.Ack f -> false;
      case ClientFrame.Ping f -> false;
      case ClientFrame.Auth f -> false;
      case ClientFrame.Hello f -> true;
      case ClientFrame.Read f -> true;
      case ClientFrame.Typing f -> true;
      case ClientFrame.Watch f -> true;
      case ClientFrame.Inbox f -> true;
      case ClientFrame.History f -> true;
    };
  }

  /**
   * Takes a frame from the budget. If the budget is used up, refuses the frame and returns true.
   */
  private boolean tooManyFrames(@Nullable Long id) {
    long nanos = deps.ticker().nanos();
    long wait = budget.tryTake(nanos);
    if (wait > 0) {
      budget.refused(nanos, wait);
      deps.meters().limited(FrameBudget.FRAMES);
      out.refuse(id, Refusal.rateLimited("too many frames", wait));
    }
    return wait > 0;
  }

  private void refuseBad(@Nullable Long id, ErrorCode code, String message) {
    if (!tooManyFrames(id)) {
      out.refuse(id, Refusal.of(code, message));
    }
    if (code == ErrorCode.BAD_FRAME && ++badFrames >= BAD_FRAMES) {
      close(CloseCode.PROTOCOL, "too many bad frames in a row", 0);
    }
  }

  private void onFrameArrived() {
    lastReceivedAt = deps.ticker().nanos();
    readyWithheld = true;
    deps.meters().frameIn();
  }

  private void onSocket(SocketSignal said) {
    switch (said) {
      case BINARY -> {
        if (phase == Phase.HELLO || phase == Phase.LIVE) {
          onFrameArrived();
          refuseBad(null, ErrorCode.BAD_FRAME, "frame must be text");
        }
      }
      case PONG -> {
        lastReceivedAt = deps.ticker().nanos();
        readyWithheld = true;
      }
      case TOO_LARGE ->
          close(CloseCode.PROTOCOL, "a frame has at most " + Limits.FRAME_BYTES + " bytes", 0);
      case WANTS_MORE -> {
        out.socketWantsMore();
        if (phase == Phase.LIVE) {
          liveSession().deliveryTracker.requestPages();
        }
      }
      case GONE -> stopped = true;
    }
  }

  // ---- identity and token

  private void onVerified(SessionInternal.Verified verified) {
    if (phase == Phase.CLOSING || !clientIdentity.isAwaited(verified)) {
      return;
    }
    timers.cancel(Timer.ANSWER);
    if (clientIdentity.renewing()) {
      renewed(verified.verdict());
      return;
    }
    switch (verified.verdict()) {
      case Authenticator.Accepted accepted -> {
        phase = Phase.ATTACHING;
        start(Timer.ANSWER, settings.answerTimeout());
        clientIdentity.attach(accepted);
      }
      case Authenticator.Rejected rejected -> {
        out.refuse(clientIdentity.helloId(), ClientIdentity.badToken());
        close(CloseCode.UNAUTHENTICATED, "the token is not good", 0);
      }
      case Authenticator.Unavailable unavailable -> failHandshake("tokens cannot be judged now");
    }
  }

  private void renewed(Authenticator.Verdict verdict) {
    ServerFrame answer = clientIdentity.onRenewalVerdict(verdict);
    if (answer == null) {
      start(Timer.ANSWER, settings.answerTimeout());
      resume();
    } else {
      out.send(answer);
      checkToken();
    }
  }

  private void renewed(ServerFrame answer) {
    timers.cancel(Timer.ANSWER);
    out.send(answer);
    checkToken();
  }

  // The handshake got no answer. The client is not at fault and may try again.
  private void failHandshake(String why) {
    out.refuse(clientIdentity.helloId(), Refusal.unavailable(why));
    close(CloseCode.STATE_LOST, why, RETRY_MILLIS);
  }

  private void checkToken() {
    long left = clientIdentity.tokenLeft();
    if (left <= 0) {
      close(CloseCode.UNAUTHENTICATED, "the token has ended", 0);
    } else {
      start(Timer.TOKEN, Duration.ofMillis(Math.min(left, TOKEN_CHECK_MILLIS)));
    }
  }

  // ---- deliveries of the user entity

  private void onDelivery(User.Delivery delivery) {
    if (phase == Phase.CLOSING) {
      return;
    }
    if (delivery instanceof User.Ended ended) {
      onEnded(ended);
    } else if (delivery instanceof User.Knock knock) {
      knock.user().tell(new User.Living(knock.order()));
    } else if (phase == Phase.ATTACHING
        || resuming
        || welcomeAssembly != null
        || delivery instanceof User.Attached) {
      // This includes a second answer to a repeated attach: the user entity restarts its numbering
      // after each one.
      onWelcome(delivery);
    } else if (phase == Phase.LIVE && !liveSession().onDelivery(delivery)) {
      resume();
    }
  }

  // The answer to an attach, in one or more parts. A numbered delivery before the last part means
  // that a part was lost, so the session attaches again. Deliveries before the first part belong to
  // an earlier attach and are ignored.
  private void onWelcome(User.Delivery delivery) {
    if (delivery instanceof User.Attached answer) {
      welcomeAssembly = new WelcomeAssembly(answer);
    } else if (delivery instanceof User.MoreLagging more && welcomeAssembly != null) {
      welcomeAssembly.add(more);
    } else if (delivery instanceof User.Numbered && welcomeAssembly != null) {
      welcomeAssembly = null;
      clientIdentity.resume();
      return;
    }
    WelcomeAssembly w = welcomeAssembly;
    if (w != null && w.isComplete()) {
      welcomeAssembly = null;
      onAttached(w);
    }
  }

  private void onAttached(WelcomeAssembly answer) {
    if (phase == Phase.LIVE) {
      onResumed(answer);
      return;
    }
    timers.cancel(Timer.ANSWER);
    phase = Phase.LIVE;
    watchUser(answer.user());
    AttachedSession attachedSession =
        new AttachedSession(getContext(), deps, out, clientIdentity, budget);
    attached = attachedSession;
    out.send(clientIdentity.welcome());
    attachedSession.deliveryTracker.attached(answer.lagging());
    checkToken();
    start(Timer.CHECK, settings.checkEvery());
  }

  private void onCheck() {
    // Proxies and the server's own idle timeout close a connection that is silent for longer than
    // two check intervals.
    if (deps.ticker().nanos() - lastReceivedAt >= settings.checkEvery().toNanos()) {
      out.ping();
    }
    if (!resuming && !liveSession().userHandshake.check()) {
      resume();
    }
    start(Timer.CHECK, settings.checkEvery());
  }

  private void watchUser(ActorRef<User.Command> now) {
    if (user != null && !user.equals(now)) {
      getContext().unwatch(user);
    }
    if (!now.equals(user)) {
      user = now;
      getContext().watchWith(now, new SessionInternal.UserGone(now));
    }
  }

  private void onUserGone(SessionInternal.UserGone gone) {
    if (phase == Phase.LIVE && gone.user().equals(user)) {
      user = null;
      resume();
    }
  }

  // Attaches to the user entity again, on whatever node it runs now. Repeats this until the entity
  // answers or the patience is used up; then the connection closes.
  private void resume() {
    long now = deps.ticker().nanos();
    if (!resuming) {
      resuming = true;
      resumingSince = now;
    } else if (now - resumingSince > settings.resumePatience().toNanos()) {
      close(CloseCode.STATE_LOST, "the server lost track of this session", RETRY_MILLIS);
      return;
    }
    welcomeAssembly = null;
    clientIdentity.resume();
    start(Timer.RESUME, settings.resumeEvery());
  }

  private void onResumed(WelcomeAssembly answer) {
    watchUser(answer.user());
    liveSession().userHandshake.restart();
    if (clientIdentity.isExpectedLogin(answer.sid())) {
      timers.cancel(Timer.RESUME);
      resuming = false;
      if (clientIdentity.loginPending()) {
        renewed(clientIdentity.loginAccepted());
      }
    } else if (!resuming) {
      // The user entity holds this session under another login, so the end of its own login would
      // not end it.
      resume();
    }
    if (!liveSession().deliveryTracker.resumed(answer.lagging())) {
      close(CloseCode.STATE_LOST, "the server lost track of this session", 0);
    }
  }

  private void onEnded(User.Ended ended) {
    boolean finalWord =
        ended.why() == User.End.REMOVED
            || (ended.why() == User.End.REFUSED && !ended.refusal().code().retryable());
    if (clientIdentity.loginPending() && finalWord) {
      // The refusal may concern only the new token's login: attach again with the login that the
      // session had.
      renewed(clientIdentity.loginRefused());
      resume();
      return;
    }
    switch (ended.why()) {
      case REPLACED -> close(CloseCode.REPLACED, "this device is connected elsewhere", 0);
      case REMOVED -> close(CloseCode.REMOVED, ended.refusal().message(), 0);
      case LOST -> resume();
      case REFUSED -> {
        Refusal refusal = ended.refusal();
        if (resuming && refusal.code().retryable()) {
          return; // The timer attaches again soon.
        }
        out.refuse(clientIdentity.helloId(), refusal);
        if (refusal.code().retryable()) {
          long wait = Math.max(refusal.retryAfterMillis(), RETRY_MILLIS);
          close(CloseCode.STATE_LOST, refusal.message(), wait);
        } else if (refusal.code() == ErrorCode.FORBIDDEN) {
          // The token is valid: neither another token nor another attempt would help.
          close(CloseCode.REMOVED, refusal.message(), 0);
        } else {
          close(CloseCode.UNAUTHENTICATED, refusal.message(), 0);
        }
      }
    }
  }

  // ---- timers and closing

  private void onTimer(Timer timer) {
    switch (timer) {
      case HELLO -> close(CloseCode.NO_HELLO, "no hello came", 0);
      case ANSWER -> onNoAnswer();
      case IDLE -> onIdle();
      case RESUME -> resume();
      case TOKEN -> checkToken();
      case ACKS -> {
        flushAcks();
        liveSession().deliveryTracker.requestPages();
      }
      case CHECK -> onCheck();
      case POSTS -> liveSession().clientRequests.expirePosts();
      case PAGE_RETRY -> liveSession().deliveryTracker.waitTick();
      case SLOW -> close(CloseCode.TOO_SLOW, "the connection is not read", 0);
      case CLOSE_SOCKET -> {
        out.cut();
        stopped = true;
      }
      case WATCH -> {
        liveSession().clientRequests.renewWatch();
        if (liveSession().clientRequests.watchesAny()) {
          start(Timer.WATCH, settings.watchRenewal());
        }
      }
      case SLOT -> close(CloseCode.GOING_AWAY, "the server is going to end", 0);
    }
  }

  private void onNoAnswer() {
    clientIdentity.abandonVerification();
    if (clientIdentity.loginPending()) {
      // The user entity may hold the session under the new login or the old one, and the session
      // cannot know which. The end of either login must end it, so it closes now.
      out.send(clientIdentity.loginUndecided());
      close(CloseCode.STATE_LOST, "the change of login was not settled in time", RETRY_MILLIS);
    } else if (clientIdentity.renewing()) {
      renewed(new Authenticator.Unavailable());
    } else {
      failHandshake("no answer in time");
    }
  }

  private void onIdle() {
    Duration left = settings.idleTimeout().minusNanos(deps.ticker().nanos() - lastReceivedAt);
    if (left.isPositive()) {
      start(Timer.IDLE, left);
    } else if (readyWithheld) {
      // The session has not asked for the next frame, because the client does not read its answers.
      // Frames may wait in the socket, so the client is slow, not idle.
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
    // A slow client gets the unsent frames at its next connection: only the last frame is kept
    // here.
    boolean slow = out.overfull();
    out.finish(
        new ServerFrame.Closing(code, reason, retryAfterMillis > 0 ? retryAfterMillis : null),
        slow);
    start(Timer.CLOSE_SOCKET, slow ? SLOW_CUT : settings.closePatience());
  }

  private Behavior<Command> onStop() {
    flushAcks();
    if (attached != null) {
      attached.clientRequests.unwatch();
    }
    deps.meters().closed();
    return this;
  }

  private void flushAcks() {
    timers.cancel(Timer.ACKS);
    // The user entity ignores acknowledgements of a session that it does not know yet.
    if (phase == Phase.LIVE && !resuming) {
      liveSession().flushAcks();
    }
  }

  private void start(Timer timer, Duration after) {
    timers.startSingleTimer(timer, timer, after);
  }

  private void afterCommand() {
    if (phase == Phase.CLOSING) {
      out.flush();
      return;
    }
    long away = budget.exhausted();
    if (away > 0) {
      close(CloseCode.RATE_LIMITED, "too many frames for too long", away);
      out.flush();
      return;
    }
    if (out.becomesSlow()) {
      slowSince = deps.ticker().nanos();
      start(Timer.SLOW, settings.slowPatience());
    }
    out.flush();
    if (out.recovers()) {
      timers.cancel(Timer.SLOW);
      long slowFor = deps.ticker().nanos() - slowSince;
      if (phase == Phase.LIVE) {
        liveSession().deliveryTracker.drained(slowFor > settings.slowGrace().toNanos());
      }
    } else if (out.missedTooMuch()) {
      close(CloseCode.TOO_SLOW, "the connection is not read", 0);
    }
    if (phase == Phase.LIVE) {
      afterLiveCommand();
    }
    boolean listens =
        phase == Phase.HELLO
            || (phase == Phase.LIVE
                && !clientIdentity.renewing()
                && liveSession().clientRequests.openRequests() < QUESTIONS);
    if (readyWithheld && listens && out.bytes() <= settings.drainedBytes()) {
      readyWithheld = false;
      out.ready();
    }
    out.flush();
  }

  private void afterLiveCommand() {
    DeliveryTracker deliveryTracker = liveSession().deliveryTracker;
    if (deliveryTracker.ackCount() >= ACK_BATCH) {
      flushAcks();
      deliveryTracker.requestPages();
    } else if (deliveryTracker.ackCount() > 0 && !timers.isTimerActive(Timer.ACKS)) {
      start(Timer.ACKS, settings.ackDelay());
    }
    if (deliveryTracker.hasWaiting() && !timers.isTimerActive(Timer.PAGE_RETRY)) {
      start(Timer.PAGE_RETRY, settings.pageRest());
    }
    Duration left =
        liveSession().clientRequests.hasPendingPosts()
            ? liveSession().clientRequests.expirePosts()
            : null;
    if (left != null) {
      long due = deps.ticker().nanos() + left.toNanos();
      if (!timers.isTimerActive(Timer.POSTS) || due < postTimerDue) {
        postTimerDue = due;
        start(Timer.POSTS, left.isPositive() ? left : Duration.ofMillis(1));
      }
    }
  }
}
