package parley.session;

import java.time.Duration;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Refusal;
import parley.protocol.ClientFrame;
import parley.protocol.FrameReader;
import parley.protocol.ServerFrame;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.SocketSignal;
import parley.session.SessionInternal.Timer;
import parley.session.SessionLifecycle.Phase;

/**
 * One connection of one device.
 *
 * <pre>
 *   HELLO --hello--&gt; VERIFYING --good token--&gt; ATTACHING --Attached--&gt; LIVE
 *      \________________\______________________\________________________\___&gt; CLOSING --&gt; gone
 * </pre>
 *
 * <p>The socket delivers one frame, and the next one only after {@link ToSocket.Ready}. The session
 * withholds that signal until it is attached, while it verifies a token, while too many requests
 * are unanswered, and while the client does not read its answers. A client that floods is thus
 * slowed by the flow control of its own TCP connection.
 *
 * <p>A live session whose user entity is gone (the node died, the shard moved, a write failed)
 * stays open and attaches again. A load balancer has put connections where they are, and a third of
 * a cluster's clients should not have to reconnect because one node died. Posts continue meanwhile;
 * acknowledgements wait.
 *
 * <p>This class dispatches messages and holds back a client that asks too much. {@link
 * FrameAdmission} decides which frames are carried out, {@link UserAttachment} keeps the tie to the
 * user entity, {@link TokenExpiry} ends a session without a valid token, and {@link
 * SessionLifecycle} has the phase, the timers and the end.
 *
 * <p>{@link #afterCommand} runs after every command. All decisions that depend on the fill level of
 * the outbound buffer are made there.
 */
final class SessionBehavior extends AbstractBehavior<Session.Command> {
  private static final int MAX_OPEN_REQUESTS = 4;
  private static final int ACK_BATCH = 64;

  private final SessionDependencies dependencies;
  private final SessionSettings settings;
  private final OutgoingFrames out;
  private final ClientLogin clientLogin;
  private final FrameBudget budget = new FrameBudget();
  private final SessionLifecycle lifecycle;
  private final FrameAdmission frameAdmission;
  private final TokenExpiry tokenExpiry;
  private final UserAttachment userAttachment;

  private long lastReceivedAt;
  private long slowSince;
  private long postTimerDue;
  private boolean readyWithheld = true;
  private boolean stopped;

  /**
   * The behaviour of one connection.
   *
   * @param socket passes frames to the client
   */
  static Behavior<Session.Command> create(
      SessionDependencies dependencies, ActorRef<ToSocket> socket) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new SessionBehavior(context, timers, dependencies, socket)));
  }

  private SessionBehavior(
      ActorContext<Session.Command> context,
      TimerScheduler<Session.Command> timers,
      SessionDependencies dependencies,
      ActorRef<ToSocket> socket) {
    super(context);
    this.dependencies = dependencies;
    settings = dependencies.settings();
    out = new OutgoingFrames(socket, settings, dependencies.meters());
    clientLogin = new ClientLogin(context, dependencies);
    lifecycle = new SessionLifecycle(timers, settings, out);
    frameAdmission = new FrameAdmission(dependencies, out, clientLogin, budget, lifecycle);
    tokenExpiry = new TokenExpiry(clientLogin, out, lifecycle);
    userAttachment =
        new UserAttachment(context, dependencies, out, clientLogin, budget, lifecycle, tokenExpiry);
    lastReceivedAt = dependencies.ticker().nanos();
    lifecycle.start(Timer.HELLO, settings.helloTimeout());
    lifecycle.start(Timer.IDLE, settings.idleTimeout());
    dependencies.meters().opened();
    // The socket reports its own end once it knows this session; the watch covers the time before.
    context.watchWith(socket, SocketSignal.GONE);
    socket.tell(new ToSocket.Opened(context.getSelf()));
    afterCommand();
  }

  @Override
  public Receive<Session.Command> createReceive() {
    return newReceiveBuilder()
        .onAnyMessage(this::on)
        .onSignal(PostStop.class, stop -> onStop())
        .build();
  }

  private Behavior<Session.Command> on(Session.Command command) {
    if (!lifecycle.isIn(Phase.CLOSING) && dependencies.ticker().pausedTooLong()) {
      // Other nodes may have taken over during the pause. Even an answer that has already arrived
      // must not reach the client: its author may no longer have been in charge.
      lifecycle.close(CloseCode.STATE_LOST, "this server was away for too long", 0);
    }
    switch (command) {
      case Session.Drain drain -> onDrain(drain);
      case Session.Close close -> lifecycle.close(close.code(), close.reason(), 0);
      case SessionInternal.Received frame -> onText(frame.text());
      case SocketSignal said -> onSocket(said);
      case Timer timer -> onTimer(timer);
      case SessionInternal.Verified verified -> onVerified(verified);
      case SessionInternal.DeliveryReceived deliveryReceived ->
          userAttachment.onDelivery(deliveryReceived.delivery());
      case SessionInternal.UserGone gone -> userAttachment.onUserGone(gone);
      case SessionInternal.PostAnswered a ->
          lifecycle.attached().clientRequests.onPostAnswer(a.alone(), a.reply());
      case SessionInternal.ReplayAnswered replayAnswered ->
          lifecycle
              .attached()
              .onReplayAnswer(replayAnswered.conversationId(), replayAnswered.reply());
      case SessionInternal.RequestAnswered requestAnswered ->
          lifecycle.attached().clientRequests.onRequestAnswer(requestAnswered.frame());
      case SessionInternal.NoAction noAction -> {}
    }
    afterCommand();
    return stopped ? Behaviors.stopped() : this;
  }

  // ---- frames

  private void onText(String text) {
    if (!lifecycle.isIn(Phase.HELLO) && !lifecycle.isIn(Phase.LIVE)) {
      return;
    }
    onFrameArrived();
    switch (FrameReader.read(text)) {
      case FrameReader.Good good -> {
        if (lifecycle.isIn(Phase.LIVE)) {
          onFrame(good.frame());
        } else {
          onFirst(good.frame());
        }
      }
      case FrameReader.Bad bad -> frameAdmission.refuseBad(bad.id(), bad.code(), bad.message());
    }
  }

  private void onFirst(ClientFrame frame) {
    ClientFrame.Hello first = frameAdmission.admitFirst(frame);
    if (first == null) {
      return;
    }
    lifecycle.enter(Phase.VERIFYING);
    lifecycle.cancel(Timer.HELLO);
    lifecycle.start(Timer.ANSWER, settings.answerTimeout());
    clientLogin.hello(first);
  }

  private void onFrame(ClientFrame frame) {
    if (!frameAdmission.admits(frame)) {
      return;
    }
    ClientRequests clientRequests = lifecycle.attached().clientRequests;
    switch (frame) {
      case ClientFrame.Hello f -> {} // refused above
      case ClientFrame.Auth f -> {
        lifecycle.start(Timer.ANSWER, settings.answerTimeout());
        clientLogin.renew(f);
      }
      case ClientFrame.Ping f -> {
        // A pong confirms earlier acknowledgements: they count at the client's next hello.
        lifecycle.flushAcks();
        out.send(new ServerFrame.Pong(f.id()));
      }
      case ClientFrame.Post f -> clientRequests.post(f);
      case ClientFrame.Ack f ->
          lifecycle.attached().deliveryTracker.ack(f.conversationId(), f.seq());
      case ClientFrame.Read f -> clientRequests.read(f);
      case ClientFrame.Typing f -> clientRequests.typing(f);
      case ClientFrame.Watch f -> {
        clientRequests.watch(f);
        if (clientRequests.watchesAny()) {
          lifecycle.start(Timer.WATCH, settings.watchRenewal());
        }
      }
      case ClientFrame.Inbox f -> clientRequests.inbox(f);
      case ClientFrame.History f -> clientRequests.history(f);
    }
  }

  private void onFrameArrived() {
    lastReceivedAt = dependencies.ticker().nanos();
    readyWithheld = true;
    dependencies.meters().frameIn();
  }

  private void onSocket(SocketSignal said) {
    switch (said) {
      case BINARY -> {
        if (lifecycle.isIn(Phase.HELLO) || lifecycle.isIn(Phase.LIVE)) {
          onFrameArrived();
          frameAdmission.refuseBad(null, ErrorCode.BAD_FRAME, "frame must be text");
        }
      }
      case PONG -> {
        lastReceivedAt = dependencies.ticker().nanos();
        readyWithheld = true;
      }
      case TOO_LARGE ->
          lifecycle.close(
              CloseCode.PROTOCOL, "a frame has at most " + Limits.FRAME_BYTES + " bytes", 0);
      case WANTS_MORE -> {
        out.socketWantsMore();
        if (lifecycle.isIn(Phase.LIVE)) {
          lifecycle.attached().deliveryTracker.requestPages();
        }
      }
      case GONE -> stopped = true;
    }
  }

  // ---- identity and token

  private void onVerified(SessionInternal.Verified verified) {
    if (lifecycle.isIn(Phase.CLOSING) || !clientLogin.isAwaited(verified)) {
      return;
    }
    lifecycle.cancel(Timer.ANSWER);
    if (clientLogin.renewing()) {
      renewed(verified.verdict());
      return;
    }
    switch (verified.verdict()) {
      case Authenticator.Accepted accepted -> {
        lifecycle.enter(Phase.ATTACHING);
        lifecycle.start(Timer.ANSWER, settings.answerTimeout());
        clientLogin.attach(accepted);
      }
      case Authenticator.Rejected rejected -> {
        out.refuse(clientLogin.helloId(), ClientLogin.badToken());
        lifecycle.close(CloseCode.UNAUTHENTICATED, "token: invalid or expired; get a new one", 0);
      }
      case Authenticator.Unavailable unavailable ->
          failHandshake("token: it cannot be checked now; connect again");
    }
  }

  private void renewed(Authenticator.Verdict verdict) {
    ServerFrame answer = clientLogin.onRenewalVerdict(verdict);
    if (answer == null) {
      lifecycle.start(Timer.ANSWER, settings.answerTimeout());
      userAttachment.resume();
    } else {
      out.send(answer);
      tokenExpiry.check();
    }
  }

  // The handshake got no answer. The client is not at fault and may try again.
  private void failHandshake(String why) {
    out.refuse(clientLogin.helloId(), Refusal.unavailable(why));
    lifecycle.close(CloseCode.STATE_LOST, why, SessionLifecycle.RETRY_MILLIS);
  }

  // ---- lost messages

  private void onCheck() {
    // Proxies and the server's own idle timeout close a connection that is silent for longer than
    // two check intervals.
    if (dependencies.ticker().nanos() - lastReceivedAt >= settings.checkEvery().toNanos()) {
      out.ping();
    }
    if (!lifecycle.resuming() && !lifecycle.attached().userLossCheck.check()) {
      userAttachment.resume();
    }
    lifecycle.start(Timer.CHECK, settings.checkEvery());
  }

  // ---- timers and closing

  private void onTimer(Timer timer) {
    switch (timer) {
      case HELLO -> lifecycle.close(CloseCode.NO_HELLO, "no hello came", 0);
      case ANSWER -> onNoAnswer();
      case IDLE -> onIdle();
      case RESUME -> userAttachment.resume();
      case TOKEN -> tokenExpiry.check();
      case ACKS -> {
        lifecycle.flushAcks();
        lifecycle.attached().deliveryTracker.requestPages();
      }
      case CHECK -> onCheck();
      case POSTS -> lifecycle.attached().clientRequests.expirePosts();
      case PAGE_RETRY -> lifecycle.attached().deliveryTracker.waitTick();
      case SLOW -> lifecycle.close(CloseCode.TOO_SLOW, "the connection is not read", 0);
      case CLOSE_SOCKET -> {
        out.cut();
        stopped = true;
      }
      case WATCH -> {
        lifecycle.attached().clientRequests.renewWatch();
        if (lifecycle.attached().clientRequests.watchesAny()) {
          lifecycle.start(Timer.WATCH, settings.watchRenewal());
        }
      }
      case SLOT -> lifecycle.close(CloseCode.GOING_AWAY, "the server is going to end", 0);
    }
  }

  private void onNoAnswer() {
    clientLogin.abandonVerification();
    if (clientLogin.loginPending()) {
      // The user entity may hold the session under the new login or the old one, and the session
      // cannot know which. The end of either login must end it, so it closes now.
      out.send(clientLogin.loginUndecided());
      lifecycle.close(
          CloseCode.STATE_LOST,
          "the change of login was not settled in time",
          SessionLifecycle.RETRY_MILLIS);
    } else if (clientLogin.renewing()) {
      renewed(new Authenticator.Unavailable());
    } else {
      failHandshake("no answer in time");
    }
  }

  private void onIdle() {
    Duration left =
        settings.idleTimeout().minusNanos(dependencies.ticker().nanos() - lastReceivedAt);
    if (left.isPositive()) {
      lifecycle.start(Timer.IDLE, left);
    } else if (readyWithheld) {
      // The session has not asked for the next frame, because the client does not read its answers.
      // Frames may wait in the socket, so the client is slow, not idle.
      lifecycle.close(CloseCode.TOO_SLOW, "the connection is not read", 0);
    } else {
      lifecycle.close(CloseCode.IDLE, "nothing came for too long", 0);
    }
  }

  private void onDrain(Session.Drain drain) {
    if (lifecycle.isIn(Phase.CLOSING)) {
      return;
    }
    out.send(
        new ServerFrame.ServerMaintenance(
            drain.reconnectAfterMillis(), drain.deadlineMillis(), drain.reason()));
    if (drain.reconnectAfterMillis() <= 0) {
      lifecycle.close(CloseCode.GOING_AWAY, drain.reason(), 0);
    } else {
      lifecycle.start(Timer.SLOT, Duration.ofMillis(drain.reconnectAfterMillis()));
    }
  }

  private Behavior<Session.Command> onStop() {
    lifecycle.flushAcks();
    AttachedSession attached = lifecycle.attachedOrNull();
    if (attached != null) {
      attached.clientRequests.unwatch();
    }
    dependencies.meters().closed();
    if (!out.closes()) {
      dependencies.meters().closedByClient();
    }
    return this;
  }

  private void afterCommand() {
    if (lifecycle.isIn(Phase.CLOSING)) {
      out.flush();
      return;
    }
    long away = budget.exhausted();
    if (away > 0) {
      lifecycle.close(CloseCode.RATE_LIMITED, "too many frames for too long", away);
      out.flush();
      return;
    }
    if (out.becomesSlow()) {
      slowSince = dependencies.ticker().nanos();
      lifecycle.start(Timer.SLOW, settings.slowPatience());
    }
    out.flush();
    if (out.recovers()) {
      lifecycle.cancel(Timer.SLOW);
      long slowFor = dependencies.ticker().nanos() - slowSince;
      if (lifecycle.isIn(Phase.LIVE)) {
        lifecycle.attached().deliveryTracker.drained(slowFor > settings.slowGrace().toNanos());
      }
    } else if (out.missedTooMuch()) {
      lifecycle.close(CloseCode.TOO_SLOW, "the connection is not read", 0);
    }
    if (lifecycle.isIn(Phase.LIVE)) {
      afterLiveCommand();
    }
    boolean listens =
        lifecycle.isIn(Phase.HELLO)
            || (lifecycle.isIn(Phase.LIVE)
                && !clientLogin.renewing()
                && lifecycle.attached().clientRequests.openRequests() < MAX_OPEN_REQUESTS);
    if (readyWithheld && listens && out.bytes() <= settings.drainedBytes()) {
      readyWithheld = false;
      out.ready();
    }
    out.flush();
  }

  private void afterLiveCommand() {
    DeliveryTracker deliveryTracker = lifecycle.attached().deliveryTracker;
    if (deliveryTracker.ackCount() >= ACK_BATCH) {
      lifecycle.flushAcks();
      deliveryTracker.requestPages();
    } else if (deliveryTracker.ackCount() > 0 && !lifecycle.isActive(Timer.ACKS)) {
      lifecycle.start(Timer.ACKS, settings.ackDelay());
    }
    if (deliveryTracker.hasWaiting() && !lifecycle.isActive(Timer.PAGE_RETRY)) {
      lifecycle.start(Timer.PAGE_RETRY, settings.pageRest());
    }
    Duration left =
        lifecycle.attached().clientRequests.hasPendingPosts()
            ? lifecycle.attached().clientRequests.expirePosts()
            : null;
    if (left != null) {
      long due = dependencies.ticker().nanos() + left.toNanos();
      if (!lifecycle.isActive(Timer.POSTS) || due < postTimerDue) {
        postTimerDue = due;
        lifecycle.start(Timer.POSTS, left.isPositive() ? left : Duration.ofMillis(1));
      }
    }
  }
}
