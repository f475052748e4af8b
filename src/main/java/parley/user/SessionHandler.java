package parley.user;

import java.util.List;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Refusal;

/**
 * The sessions, devices and logins of a user: who attaches, who is shown as present, what ends with
 * a device.
 */
final class SessionHandler {
  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;
  private final DeviceEviction deviceEviction;

  SessionHandler(UserLive live, EffectFactories<UserEvent, UserState> effects) {
    this.live = live;
    this.effects = effects;
    this.deviceEviction = new DeviceEviction(live.activity, live.liveSessions);
  }

  Effect<UserEvent, UserState> attach(UserState state, User.Attach c) {
    Refusal banned = state.banRefusal(live.now());
    if (banned != null) {
      LiveSessions.banned(c, banned);
      return effects.none();
    }
    if (state.hasLoginEnded(c.sid())) {
      LiveSessions.loginEnded(c);
      return effects.none();
    }
    LiveSessions.Newcomer newcomer = live.liveSessions.admit(c);
    return newcomer == null ? effects.none() : admit(state, newcomer);
  }

  Effect<UserEvent, UserState> sessionAlive(UserState state, User.SessionAlive c) {
    LiveSessions.Newcomer newcomer = live.liveSessions.probeAnswered(c);
    return newcomer == null ? effects.none() : admit(state, newcomer);
  }

  /**
   * Lets a session in. A new device is made durable before its session receives anything. If a
   * crash lost the device, it would be unknown again, would start at the heads of that time, and
   * would miss the entries that were pending for it. A login that is not the one that the device
   * used last is made durable too. If a crash lost it, the removal of the device would not end that
   * login, or the end of the login before would stop the device's pushes.
   */
  Effect<UserEvent, UserState> admit(UserState state, LiveSessions.Newcomer newcomer) {
    User.Attach hello = newcomer.attach();
    // The user may have been banned, or the login may have ended, while the session was asked
    // whether
    // it is alive.
    Refusal banned = state.banRefusal(live.now());
    if (banned != null) {
      LiveSessions.banned(hello, banned);
      return effects.none();
    }
    if (state.hasLoginEnded(hello.sid())) {
      LiveSessions.loginEnded(hello);
      return effects.none();
    }
    live.countReconnect(state, hello, live.now());
    Device device = state.devices().get(hello.deviceId());
    boolean known = device != null;
    String dropped = device == null ? null : device.loginDroppedFor(hello.sid());
    if (device != null && !hello.fresh()) {
      return device.usedLast(hello.sid())
          ? run(() -> live.attach(state, newcomer, live.now()))
          : effects
              .persist(loginUsed(hello, dropped))
              .thenRun(after -> attach(after, newcomer, dropped));
    }
    if (!known && hello.resume()) {
      LiveSessions.removed(hello);
      return effects.none();
    }
    DeviceId evicted = null;
    if (!known && deviceEviction.mustEvict(state)) {
      evicted = deviceEviction.evictable(state, live.now());
      if (evicted == null) {
        LiveSessions.refuse(
            hello,
            Refusal.of(
                ErrorCode.FORBIDDEN,
                "device_id: " + Limits.DEVICES + " devices of this user are connected"));
        return effects.none();
      }
    }
    UserEvent added =
        new UserEvent.DeviceAdded(
            hello.deviceId(), state.nextDevice(), hello.client(), live.now(), evicted, hello.sid());
    return effects
        .persist(dropped == null ? List.of(added) : List.of(loginUsed(hello, dropped), added))
        .thenRun(after -> attach(after, newcomer, dropped));
  }

  /** The device uses the login; the login that it drops for it ends. */
  private UserEvent.Flushed loginUsed(User.Attach hello, @Nullable String dropped) {
    return UserEvent.Flushed.logins(
        dropped == null ? List.of() : List.of(new EndedLogin(dropped, live.now(), false)),
        List.of(
            new UserEvent.DeviceSeen(
                hello.deviceId(), hello.client(), live.now(), hello.sid(), true)));
  }

  private void attach(UserState after, LiveSessions.Newcomer newcomer, @Nullable String dropped) {
    live.attach(after, newcomer, live.now());
    if (dropped != null) {
      live.loginEnded(after, dropped, live.now());
      live.loginEndNotices.tell(after);
    }
    live.devicesChanged(after, live.now());
  }

  Effect<UserEvent, UserState> setStatus(User.SetStatus c) {
    if (!live.liveSessions.isEmpty()) {
      live.presenceTracker.setStatus(c.status(), live.now());
      live.presenceTracker.changed(live.presence(live.now()), live.now());
    }
    return effects.reply(c.replyTo(), new User.Done());
  }

  Effect<UserEvent, UserState> watch(User.Watch c) {
    if (c.on()) {
      live.presenceTracker.watch(c.watcher(), live.presence(live.now()), live.now());
    } else {
      live.presenceTracker.unwatch(c.watcher());
    }
    return effects.none();
  }

  Effect<UserEvent, UserState> devices(UserState state, User.GetDevices c) {
    return effects.reply(c.replyTo(), new User.Devices(live.activity.devices(state, live.now())));
  }

  Effect<UserEvent, UserState> removeDevice(UserState state, User.RemoveDevice c) {
    if (!state.devices().containsKey(c.deviceId())) {
      return effects.reply(
          c.replyTo(), new User.Refused(Refusal.of(ErrorCode.NOT_FOUND, "no such device")));
    }
    List<EndedLogin> ended =
        live.activity.loginsOf(state, state.devices().get(c.deviceId()), live.now());
    return effects
        .persist(new UserEvent.DeviceRemoved(c.deviceId(), ended))
        .thenRun(
            after -> {
              live.deviceRemoved(c.deviceId(), live.now());
              ended.forEach(login -> live.loginEnded(after, login.sid(), live.now()));
              live.devicesChanged(after, live.now());
              live.loginEndNotices.tell(after);
              live.loginEndNotices.whenTold(ended, () -> c.replyTo().tell(new User.Done()));
            });
  }

  Effect<UserEvent, UserState> endLogin(UserState state, User.EndLogin c) {
    if (state.hasLoginEnded(c.sid())) {
      return effects.reply(c.replyTo(), new User.Done());
    }
    // Also writes the unsaved last-seen data, which says which devices used the login.
    UserEvent.Flushed event =
        UserEvent.Flushed.logins(
            List.of(new EndedLogin(c.sid(), live.now(), true)), live.unsavedChanges.seen());
    return effects
        .persist(event)
        .thenRun(
            after -> {
              live.loginEnded(after, c.sid(), live.now());
              live.devicesChanged(after, live.now());
              c.replyTo().tell(new User.Done());
            });
  }

  Effect<UserEvent, UserState> loginTold(UserState state, UserInternal.LoginTold c) {
    live.loginEndNotices.told(c);
    EndedLogin login = state.endedLogin(c.sid());
    return c.known() && login != null && !login.confirmed()
        ? effects.persist(UserEvent.Flushed.logins(List.of(login.confirm()), List.of()))
        : effects.none();
  }

  private Effect<UserEvent, UserState> run(Runnable action) {
    action.run();
    return effects.none();
  }
}
