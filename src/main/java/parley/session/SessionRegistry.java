package parley.session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.protocol.ServerFrame.CloseCode;

/**
 * All sessions of this node: starts them, counts them, and closes them when the node shuts down.
 */
public final class SessionRegistry extends AbstractBehavior<SessionRegistry.Command> {
  /**
   * With fewer connections than this a drain is not spread over time: all clients may reconnect at
   * once.
   */
  static final int SPREAD_FROM = 50;

  /** Time that the last connection may take to close after its slot. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(6);

  /** Messages to the registry. */
  public sealed interface Command {}

  /** A socket needs a session. */
  record Open(ActorRef<ToSocket> socket) implements Command {}

  /** Answers the number of sessions. */
  public record Count(ActorRef<Integer> replyTo) implements Command {}

  /**
   * Closes all sessions, each in its own slot of the window, and accepts no more. A window of zero
   * ends the slots of an earlier drain; with another window the earlier one goes on. Answers {@link
   * Drained} when the last session has ended, or soon after the window.
   */
  public record Drain(Duration window, String reason, ActorRef<Drained> replyTo)
      implements Command {}

  /**
   * The drain is over.
   *
   * @param left sessions that did not end in time
   */
  public record Drained(int left) {}

  /** Accepts sessions again. Those that have a slot leave all the same. */
  public record Accept() implements Command {}

  private record SessionEnded(ActorRef<Session.Command> session) implements Command {}

  private record Deadline() implements Command {}

  private final SessionDependencies dependencies;
  private final int maxSessions;
  private final TimerScheduler<Command> timers;
  private final Set<ActorRef<Session.Command>> sessions = new LinkedHashSet<>();
  private final List<ActorRef<Drained>> waiting = new ArrayList<>();
  private @Nullable String draining;
  private boolean allClosing;

  /**
   * The behaviour of a node's registry.
   *
   * @param most largest number of sessions at a time; further sockets are refused at once
   */
  public static Behavior<Command> create(SessionDependencies dependencies, int most) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new SessionRegistry(context, timers, dependencies, most)));
  }

  private SessionRegistry(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SessionDependencies dependencies,
      int most) {
    super(context);
    this.timers = timers;
    this.dependencies = dependencies;
    this.maxSessions = most;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onAnyMessage(this::on).build();
  }

  private Behavior<Command> on(Command command) {
    switch (command) {
      case Open open -> onOpen(open.socket());
      case Count count -> count.replyTo().tell(sessions.size());
      case Drain drain -> onDrain(drain);
      case SessionEnded sessionEnded -> {
        sessions.remove(sessionEnded.session());
        checkDrained();
      }
      case Accept accept -> {
        draining = null;
        timers.cancel(new Deadline());
        answerDrains();
      }
      case Deadline deadline -> answerDrains();
    }
    return this;
  }

  private void onOpen(ActorRef<ToSocket> socket) {
    if (draining != null || sessions.size() >= maxSessions) {
      dependencies.meters().closing(CloseCode.GOING_AWAY);
      socket.tell(ToSocket.Refused.REFUSED);
      return;
    }
    var session = getContext().spawnAnonymous(SessionBehavior.create(dependencies, socket));
    getContext().watchWith(session, new SessionEnded(session));
    sessions.add(session);
  }

  private void onDrain(Drain drain) {
    waiting.add(drain.replyTo());
    if (draining == null) {
      draining = drain.reason();
      long window = drain.window().toMillis();
      int few = sessions.size() < SPREAD_FROM ? 0 : sessions.size();
      long slot = 0;
      for (var session : sessions) {
        long after = few == 0 ? 0 : Math.max(1, window * slot++ / few);
        session.tell(new Session.Drain(after, window, drain.reason()));
      }
      allClosing = few == 0;
      timers.startSingleTimer(
          new Deadline(), (few == 0 ? Duration.ZERO : drain.window()).plus(CLOSE_TIMEOUT));
    } else if (drain.window().isZero()) {
      allClosing = true;
      sessions.forEach(s -> s.tell(new Session.Close(CloseCode.GOING_AWAY, drain.reason())));
    }
    checkDrained();
  }

  private void checkDrained() {
    String reason = draining;
    if (reason == null) {
      return;
    }
    if (sessions.isEmpty()) {
      answerDrains();
    } else if (sessions.size() < SPREAD_FROM && !allClosing) {
      allClosing = true;
      sessions.forEach(s -> s.tell(new Session.Close(CloseCode.GOING_AWAY, reason)));
    }
  }

  private void answerDrains() {
    waiting.forEach(w -> w.tell(new Drained(sessions.size())));
    waiting.clear();
  }
}
