package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Tells the account which logins have ended with a device, until the account confirms it. The
 * journal holds the logins that are not confirmed. This class holds the requests in flight and the
 * callers that wait for them.
 */
final class LoginEndNotices {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private record Waiting(Set<String> sids, Runnable answer) {}

  private final AccountLogins logins;
  private final ActorContext<User.Command> context;
  private final TimerScheduler<User.Command> timers;
  private final Set<String> inFlight = new HashSet<>(0);
  // At most one for each device that is removed, and a user has few devices.
  private final List<Waiting> waiting = new ArrayList<>(0);

  LoginEndNotices(
      AccountLogins logins,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers) {
    this.logins = logins;
    this.context = context;
    this.timers = timers;
  }

  /** Tells the account of every login that is not confirmed and not in flight. */
  void tell(UserState state) {
    for (EndedLogin login : state.unconfirmedLogins()) {
      if (inFlight.add(login.sid())) {
        String username = Objects.requireNonNull(state.profile()).username();
        context.pipeToSelf(
            logins.end(username, login.sid()),
            (done, failure) -> new UserInternal.LoginTold(login.sid(), failure == null));
      }
    }
  }

  /**
   * Runs the action when the account has been told of these logins, or when telling it has failed;
   * it is then told again later.
   */
  void whenTold(List<EndedLogin> ended, Runnable answer) {
    Set<String> sids = new HashSet<>(ended.stream().map(EndedLogin::sid).toList());
    sids.retainAll(inFlight);
    if (sids.isEmpty()) {
      answer.run();
    } else {
      waiting.add(new Waiting(sids, answer));
    }
  }

  /** The account has been told, or telling it has failed. */
  void told(UserInternal.LoginTold told) {
    inFlight.remove(told.sid());
    for (Iterator<Waiting> all = waiting.iterator(); all.hasNext(); ) {
      Waiting one = all.next();
      one.sids().remove(told.sid());
      if (one.sids().isEmpty()) {
        all.remove();
        one.answer().run();
      }
    }
    if (!told.known()) {
      timers.startSingleTimer(
          UserInternal.LoginEndNoticesDue.class,
          new UserInternal.LoginEndNoticesDue(),
          RETRY_AFTER);
    }
  }
}
