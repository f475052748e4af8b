package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import parley.model.ErrorCode;
import parley.model.Refusal;

/**
 * Changes that operators make to the user: bans, and ended sessions.
 *
 * <p>A command is answered when its change is durable and the sessions that it concerns have ended,
 * on whatever nodes they are, so that nothing is accepted from them after the answer. That includes
 * the sessions that an earlier command is still ending. A message to another node can be lost. So
 * the sessions are told every {@link #REPEAT_AFTER}, and the answer does not wait longer than
 * {@value #ROUNDS} times that: by then the session has been told, its node is gone, or its client
 * does not read its last frame.
 *
 * <p>What the end of sessions holds against: a session that attaches at that moment, on any node,
 * with an ended login is refused, whether it waits to be asked or its message arrives later; a
 * refresh at that moment stays in its login, so its token opens nothing either, and the account
 * refuses the next one. The user does not know a login that no device has used yet. So the
 * management port ends all logins at the account before it ends all sessions. What the end of one
 * session does not hold against: another login to which its device changes at that very moment.
 */
final class AdministrationHandler {
  static final Duration REPEAT_AFTER = Duration.ofMillis(500);
  static final int ROUNDS = 4;

  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;
  private final TimerScheduler<User.Command> timers;

  /** An operator who waits for sessions to end. */
  private static final class Waiting {
    final Map<ActorRef<Delivery>, Delivery.Ended> sessions;
    final Runnable answer;
    int rounds;

    Waiting(Map<ActorRef<Delivery>, Delivery.Ended> sessions, Runnable answer) {
      this.sessions = sessions;
      this.answer = answer;
    }
  }

  /** As many as operators wait at the same time; each leaves after {@link #ROUNDS}. */
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
            after ->
                awaitEnd(live.banned(after, live.now()), () -> c.replyTo().tell(new User.Done())));
  }

  /** Answers when these sessions have ended, and those that an earlier command is ending. */
  private void awaitEnd(Map<ActorRef<Delivery>, Delivery.Ended> told, Runnable answer) {
    Map<ActorRef<Delivery>, Delivery.Ended> sessions = new LinkedHashMap<>(told);
    waiting.forEach(earlier -> earlier.sessions.forEach(sessions::putIfAbsent));
    if (sessions.isEmpty()) {
      answer.run();
    } else {
      waiting.add(new Waiting(sessions, answer));
      scheduleRepetition();
    }
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
            one.answer.run();
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
    List<User.Attach> attaching = live.liveSessions.attaching(c.sessionId());
    if (sessions.isEmpty() && attaching.isEmpty() && c.sessionId() != null) {
      return effects.reply(
          c.replyTo(), new User.Refused(Refusal.of(ErrorCode.NOT_FOUND, "no such session")));
    }
    long now = live.now();
    Map<String, EndedLogin> logins = new LinkedHashMap<>();
    Stream.concat(
            sessions.stream().map(LiveSessions.LiveSession::sid),
            attaching.stream().map(User.Attach::sid))
        .filter(sid -> sid != null && !state.hasLoginEnded(sid))
        .forEach(sid -> logins.put(sid, new EndedLogin(sid, now, false)));
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
    if (ended.isEmpty()) {
      end(state, c, ended, logins.keySet());
      return effects.none();
    }
    // Also writes the unsaved last-seen data, which says which devices used the logins.
    return effects
        .persist(UserEvent.Flushed.logins(ended, live.unsavedChanges.seen()))
        .thenRun(after -> end(after, c, ended, logins.keySet()));
  }

  /** Ends the sessions of the command, and all others of their logins, which have ended. */
  private void end(
      UserState state,
      UserAdministration.EndSessions c,
      List<EndedLogin> ended,
      Set<String> logins) {
    live.liveSessions.refuseAttaching(c.sessionId());
    Map<ActorRef<Delivery>, Delivery.Ended> told =
        live.endSessions(
            state,
            session ->
                c.sessionId() == null
                    || c.sessionId().equals(session.sessionId())
                    || (session.sid() != null && logins.contains(session.sid())),
            live.now());
    ended.forEach(login -> live.loginEnded(state, login.sid(), live.now()));
    live.devicesChanged(state, live.now());
    live.loginEndNotices.tell(state);
    awaitEnd(
        told, () -> live.loginEndNotices.whenTold(ended, () -> c.replyTo().tell(new User.Done())));
  }
}
