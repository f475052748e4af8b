package parley.session;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.Timer;
import parley.session.SessionLifecycle.Phase;
import parley.user.Delivery;
import parley.user.User;

/**
 * The tie of a session to its user entity: takes the answer to an attach, watches the entity,
 * attaches again when the entity or a message is lost, and ends the session when the entity says
 * so.
 */
final class UserAttachment {
  private final ActorContext<Session.Command> context;
  private final SessionDependencies dependencies;
  private final OutgoingFrames out;
  private final ClientLogin clientLogin;
  private final FrameBudget budget;
  private final SessionLifecycle lifecycle;
  private final TokenExpiry tokenExpiry;

  private @Nullable AttachAnswerParts attachAnswerParts;
  private @Nullable ActorRef<User.Command> user;
  private long resumingSince;

  UserAttachment(
      ActorContext<Session.Command> context,
      SessionDependencies dependencies,
      OutgoingFrames out,
      ClientLogin clientLogin,
      FrameBudget budget,
      SessionLifecycle lifecycle,
      TokenExpiry tokenExpiry) {
    this.context = context;
    this.dependencies = dependencies;
    this.out = out;
    this.clientLogin = clientLogin;
    this.budget = budget;
    this.lifecycle = lifecycle;
    this.tokenExpiry = tokenExpiry;
  }

  /** Handles a delivery of the user entity, or of a watched user. */
  void onDelivery(Delivery delivery) {
    if (lifecycle.isIn(Phase.CLOSING)) {
      return;
    }
    if (delivery instanceof Delivery.Together several) {
      several.deliveries().forEach(this::onDelivery);
    } else if (delivery instanceof Delivery.Ended ended) {
      onEnded(ended);
    } else if (delivery instanceof Delivery.ProbeSession probe) {
      probe.user().tell(new User.SessionAlive(probe.order()));
    } else if (lifecycle.isIn(Phase.ATTACHING)
        || lifecycle.resuming()
        || attachAnswerParts != null
        || delivery instanceof Delivery.Attached) {
      // This includes a second answer to a repeated attach: the user entity restarts its numbering
      // after each one.
      onWelcome(delivery);
    } else if (lifecycle.isIn(Phase.LIVE) && !lifecycle.attached().onDelivery(delivery)) {
      resume();
    }
  }

  // The answer to an attach, in one or more parts. A numbered delivery before the last part means
  // that a part was lost, so the session attaches again. Deliveries before the first part belong to
  // an earlier attach and are ignored.
  private void onWelcome(Delivery delivery) {
    if (delivery instanceof Delivery.Attached answer) {
      attachAnswerParts = new AttachAnswerParts(answer);
    } else if (delivery instanceof Delivery.MoreLagging more && attachAnswerParts != null) {
      attachAnswerParts.add(more);
    } else if (delivery instanceof Delivery.Numbered && attachAnswerParts != null) {
      attachAnswerParts = null;
      clientLogin.resume();
      return;
    }
    AttachAnswerParts w = attachAnswerParts;
    if (w != null && w.isComplete()) {
      attachAnswerParts = null;
      onAttached(w);
    }
  }

  private void onAttached(AttachAnswerParts answer) {
    if (lifecycle.isIn(Phase.LIVE)) {
      onResumed(answer);
      return;
    }
    lifecycle.cancel(Timer.ANSWER);
    watchUser(answer.user());
    AttachedSession attachedSession =
        new AttachedSession(context, dependencies, out, clientLogin, budget);
    lifecycle.enterLive(attachedSession);
    out.send(clientLogin.welcome());
    attachedSession.deliveryTracker.attached(answer.lagging());
    tokenExpiry.check();
    lifecycle.start(Timer.CHECK, dependencies.settings().checkEvery());
  }

  private void watchUser(ActorRef<User.Command> now) {
    if (user != null && !user.equals(now)) {
      context.unwatch(user);
    }
    if (!now.equals(user)) {
      user = now;
      context.watchWith(now, new SessionInternal.UserGone(now));
    }
  }

  /** A user entity has stopped: attaches again if it is the one that the session watches. */
  void onUserGone(SessionInternal.UserGone gone) {
    if (lifecycle.isIn(Phase.LIVE) && gone.user().equals(user)) {
      user = null;
      resume();
    }
  }

  /**
   * Attaches to the user entity again, on whatever node it runs now. Repeats this until the entity
   * answers or the patience is used up; then the connection closes.
   */
  void resume() {
    long now = dependencies.ticker().nanos();
    if (!lifecycle.resuming()) {
      lifecycle.setResuming(true);
      resumingSince = now;
    } else if (now - resumingSince > dependencies.settings().resumePatience().toNanos()) {
      lifecycle.close(
          CloseCode.STATE_LOST,
          "the server lost track of this session",
          SessionLifecycle.RETRY_MILLIS);
      return;
    }
    attachAnswerParts = null;
    clientLogin.resume();
    lifecycle.start(Timer.RESUME, dependencies.settings().resumeEvery());
  }

  private void onResumed(AttachAnswerParts answer) {
    watchUser(answer.user());
    lifecycle.attached().userLossCheck.restart();
    if (clientLogin.isExpectedLogin(answer.sid())) {
      lifecycle.cancel(Timer.RESUME);
      lifecycle.setResuming(false);
      if (clientLogin.loginPending()) {
        tokenExpiry.onRenewalAnswered(clientLogin.loginAccepted());
      }
    } else if (!lifecycle.resuming()) {
      // The user entity holds this session under another login, so the end of its own login would
      // not end it.
      resume();
    }
    if (!lifecycle.attached().deliveryTracker.resumed(answer.lagging())) {
      lifecycle.close(CloseCode.STATE_LOST, "the server lost track of this session", 0);
    }
  }

  private void onEnded(Delivery.Ended ended) {
    if (ended.banned()) {
      // The ban is of the user: no other token would help.
      if (!lifecycle.isIn(Phase.LIVE)) {
        out.refuse(clientLogin.helloId(), ended.refusal());
      }
      lifecycle.close(
          CloseCode.BANNED, ended.refusal().message(), ended.refusal().retryAfterMillis());
      return;
    }
    boolean finalWord =
        ended.why() == Delivery.End.REMOVED
            || (ended.why() == Delivery.End.REFUSED && !ended.refusal().code().retryable());
    if (clientLogin.loginPending() && finalWord) {
      // The refusal may concern only the new token's login: attach again with the login that the
      // session had.
      tokenExpiry.onRenewalAnswered(clientLogin.loginRefused());
      resume();
      return;
    }
    switch (ended.why()) {
      case REPLACED -> lifecycle.close(CloseCode.REPLACED, "this device is connected elsewhere", 0);
      case REMOVED -> lifecycle.close(CloseCode.REMOVED, ended.refusal().message(), 0);
      case LOST -> resume();
      case REFUSED -> {
        Refusal refusal = ended.refusal();
        if (lifecycle.resuming() && refusal.code().retryable()) {
          return; // The timer attaches again soon.
        }
        out.refuse(clientLogin.helloId(), refusal);
        if (refusal.code().retryable()) {
          long wait = Math.max(refusal.retryAfterMillis(), SessionLifecycle.RETRY_MILLIS);
          lifecycle.close(CloseCode.STATE_LOST, refusal.message(), wait);
        } else if (refusal.code() == ErrorCode.FORBIDDEN) {
          // The token is valid: neither another token nor another attempt would help.
          lifecycle.close(CloseCode.REMOVED, refusal.message(), 0);
        } else {
          lifecycle.close(CloseCode.UNAUTHENTICATED, refusal.message(), 0);
        }
      }
    }
  }
}
