package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import parley.model.ErrorCode;
import parley.model.Refusal;

/**
 * Changes that operators make to the user: bans, and ended sessions.
 *
 * <p>A ban is answered when the sessions of the user have ended, on whatever nodes they are, so
 * that nothing is accepted from them after the answer. A message to another node can be lost. So
 * the sessions are told every {@link #REPEAT_AFTER}, and the answer does not wait longer than
 * {@value #ROUNDS} times that: by then the session has been told, its node is gone, or its client
 * does not read its last frame.
 */
final class AdministrationHandler {
  static final Duration REPEAT_AFTER = Duration.ofMillis(500);
  static final int ROUNDS = 4;

  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;
  private final TimerScheduler<User.Command> timers;

  /** An operator who waits for sessions to end. */
  private static final class Waiting {
    final ActorRef<User.DoneReply> replyTo;
    final Map<ActorRef<Delivery>, Delivery.Ended> sessions;
    int rounds;

    Waiting(ActorRef<User.DoneReply> replyTo, Map<ActorRef<Delivery>, Delivery.Ended> sessions) {
      this.replyTo = replyTo;
      this.sessions = sessions;
    }
  }

  /** Each waits for sessions of its own, and the user has few. */
  private final List<Waiting> waiting = new ArrayList<>(0);

  AdministrationHandler(
      UserLive live,
      EffectFactories<UserEvent, UserState> effects,
      TimerScheduler<User.Command> timers) {
    this.live = live;
    this.effects = effects;
    this.timers = timers;
  }

  Effect<UserEvent, UserState> handle(UserState state, UserAdministration command) {
    return switch (command) {
      case UserAdministration.SetBan c -> ban(c);
      case UserAdministration.LiftBan c -> liftBan(state, c);
      case UserAdministration.EndSessions c -> endSessions(state, c);
    };
  }

  private Effect<UserEvent, UserState> ban(UserAdministration.SetBan c) {
    long now = live.now();
    long until = c.minutes() == 0 ? 0 : now + Duration.ofMinutes(c.minutes()).toMillis();
    return effects
        .persist(UserEvent.Flushed.ban(new Ban(now, until, c.reason(), false)))
        .thenRun(
            after -> {
              Map<ActorRef<Delivery>, Delivery.Ended> ended = live.banned(after, live.now());
              if (ended.isEmpty()) {
                c.replyTo().tell(new User.Done());
              } else {
                waiting.add(new Waiting(c.replyTo(), new LinkedHashMap<>(ended)));
                scheduleRepetition();
              }
            });
  }

  private void scheduleRepetition() {
    if (!timers.isTimerActive(UserInternal.EndedSessionsDue.class)) {
      timers.startSingleTimer(
          UserInternal.EndedSessionsDue.class, new UserInternal.EndedSessionsDue(), REPEAT_AFTER);
    }
  }

  /** A session has ended; an operator may have waited for it. */
  void sessionEnded(ActorRef<Delivery> session) {
    waiting.forEach(one -> one.sessions.remove(session));
    answer();
  }

  /** Tells the remaining sessions again, and answers those who have waited long enough. */
  void repeat() {
    for (Waiting one : waiting) {
      one.rounds++;
      one.sessions.forEach(ActorRef::tell);
      if (one.rounds >= ROUNDS) {
        one.sessions.clear();
      }
    }
    answer();
    if (!waiting.isEmpty()) {
      scheduleRepetition();
    }
  }

  private void answer() {
    waiting.removeIf(
        one -> {
          if (one.sessions.isEmpty()) {
            one.replyTo.tell(new User.Done());
          }
          return one.sessions.isEmpty();
        });
  }

  private Effect<UserEvent, UserState> liftBan(UserState state, UserAdministration.LiftBan c) {
    if (state.ban() == null) {
      return effects.reply(c.replyTo(), new User.Done());
    }
    return effects
        .persist(UserEvent.Flushed.ban(Ban.liftedAt(live.now())))
        .thenRun(after -> c.replyTo().tell(new User.Done()));
  }

  private Effect<UserEvent, UserState> endSessions(
      UserState state, UserAdministration.EndSessions c) {
    List<LiveSessions.LiveSession> sessions =
        live.liveSessions.all().stream()
            .filter(one -> c.sessionId() == null || one.sessionId().equals(c.sessionId()))
            .toList();
    if (sessions.isEmpty() && c.sessionId() != null) {
      return effects.reply(
          c.replyTo(), new User.Refused(Refusal.of(ErrorCode.NOT_FOUND, "no such session")));
    }
    long now = live.now();
    Map<String, EndedLogin> logins = new LinkedHashMap<>();
    for (LiveSessions.LiveSession session : sessions) {
      if (session.sid() != null && !state.hasLoginEnded(session.sid())) {
        logins.put(session.sid(), new EndedLogin(session.sid(), now, false));
      }
    }
    if (c.sessionId() == null) {
      state
          .devices()
          .values()
          .forEach(
              device ->
                  live.activity
                      .loginsOf(state, device, now)
                      .forEach(login -> logins.put(login.sid(), login)));
    }
    List<EndedLogin> ended = List.copyOf(logins.values());
    List<String> ids = sessions.stream().map(LiveSessions.LiveSession::sessionId).toList();
    if (ended.isEmpty()) {
      live.endSessions(state, ids, now);
      return effects.reply(c.replyTo(), new User.Done());
    }
    // Also writes the unsaved last-seen data, which says which devices used the logins.
    return effects
        .persist(UserEvent.Flushed.logins(ended, live.unsavedChanges.seen()))
        .thenRun(
            after -> {
              ended.forEach(login -> live.loginEnded(after, login.sid(), live.now()));
              live.endSessions(after, ids, live.now());
              live.devicesChanged(after, live.now());
              live.loginEndNotices.tell(after);
              live.loginEndNotices.whenTold(ended, () -> c.replyTo().tell(new User.Done()));
            });
  }
}
