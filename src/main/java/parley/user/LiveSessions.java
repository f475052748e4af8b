package parley.user;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.Refusal;

/**
 * The live sessions of a user: at most one for each device. The user watches each of them.
 *
 * <p>A hello whose connection has already ended must not replace a live session of the same device.
 * Such hellos occur: a phone that changes networks sends two, and the first may arrive last. Death
 * watch alone detects the end too late. So if an attach would replace another session, the new
 * session is asked first whether it is alive, and only a live session answers. Pekko's {@code
 * Identify} does not work here, because the reference of a session is a message adapter, and
 * adapters do not answer it.
 */
final class LiveSessions {
  /**
   * The most new sessions that are being asked; beyond that the one that has waited longest is
   * refused.
   */
  private static final int MAX_PROBED = 64;

  /** An attached session. */
  static final class LiveSession {
    private final Newcomer newcomer;
    private long sentCount;
    private long ackedCount;
    private final boolean isLocal;
    private final List<Delivery.Numbered> gathered = new ArrayList<>(2);

    LiveSession(Newcomer newcomer) {
      this.newcomer = newcomer;
      this.isLocal = newcomer.attach().session().path().address().hasLocalScope();
    }

    DeviceId device() {
      return newcomer.attach().deviceId();
    }

    String sessionId() {
      return newcomer.attach().sessionId();
    }

    /** The login of the session's token, or null. */
    @Nullable String sid() {
      return newcomer.attach().sid();
    }

    String client() {
      return newcomer.attach().client();
    }

    /** The order of the hello; a later hello has a higher one. */
    long order() {
      return newcomer.order();
    }

    ActorRef<Delivery> ref() {
      return newcomer.attach().session();
    }

    private void tell(Delivery.Vital delivery, boolean gather) {
      sentCount++;
      Delivery.Numbered numbered = new Delivery.Numbered(sentCount, delivery);
      if (gather && isLocal) {
        gathered.add(numbered);
      } else {
        ref().tell(numbered);
      }
    }

    private void tellGathered() {
      if (gathered.size() == 1) {
        ref().tell(gathered.getFirst());
      } else if (!gathered.isEmpty()) {
        ref().tell(new Delivery.Together(List.copyOf(gathered)));
      }
      gathered.clear();
    }

    private void checked(User.Check check) {
      boolean all = ackedCount == check.acked();
      ackedCount = check.acked();
      ref().tell(new Delivery.Checked(sentCount, all));
    }
  }

  /** A session that attaches. A later hello has a higher order. */
  record Newcomer(User.Attach attach, long order) {}

  private final ActorContext<User.Command> context;
  private final Map<DeviceId, LiveSession> live = new HashMap<>();

  // The last session of each device that has none now. Death watch may be faster than the session's
  // last acknowledgements, so these are accepted after its end.
  private final Map<DeviceId, String> lastSessions = new HashMap<>();
  private final LinkedHashMap<Long, Newcomer> probed = new LinkedHashMap<>();
  private long lastOrder;

  /** Whether deliveries are gathered until the end of {@link #together}. */
  private boolean gathering;

  LiveSessions(ActorContext<User.Command> context) {
    this.context = context;
  }

  boolean isEmpty() {
    return live.isEmpty();
  }

  @Nullable LiveSession of(DeviceId device) {
    return live.get(device);
  }

  Collection<LiveSession> all() {
    return live.values();
  }

  /** Sends a delivery that must not be missed to every session. */
  void tellAll(Delivery.Vital delivery) {
    live.values().forEach(session -> session.tell(delivery, gathering));
  }

  /**
   * Runs what tells sessions several deliveries. Each session on this node gets them as one message
   * at the end. If it throws, the entity stops, and the sessions attach again.
   */
  void together(Runnable tells) {
    gathering = true;
    tells.run();
    gathering = false;
    live.values().forEach(LiveSession::tellGathered);
  }

  /** Sends a delivery that must not be missed to one device's session. */
  void tell(DeviceId device, Delivery.Vital delivery) {
    LiveSession session = live.get(device);
    if (session != null) {
      session.tell(delivery, gathering);
    }
  }

  /** Sends a delivery that may be lost to every session. */
  void tellAllUnnumbered(Delivery delivery) {
    live.values().forEach(session -> session.ref().tell(delivery));
  }

  /**
   * An acknowledgement has arrived. Returns whether it counts: it does if it comes from the
   * device's session, or from the device's last session while there is none.
   */
  boolean acked(User.Acked message) {
    LiveSession session = live.get(message.deviceId());
    if (session == null) {
      return message.sessionId().equals(lastSessions.get(message.deviceId()));
    }
    if (!session.sessionId().equals(message.sessionId())) {
      return false;
    }
    session.ackedCount++;
    return true;
  }

  /**
   * Answers a session that asks whether it has missed anything.
   *
   * @param known whether the user has this device
   */
  void check(User.Check check, boolean known) {
    LiveSession session = live.get(check.deviceId());
    if (session != null && session.sessionId().equals(check.sessionId())) {
      session.checked(check);
    } else if (session != null) {
      end(check.session(), Delivery.End.REPLACED, replaced());
    } else if (known) {
      end(check.session(), Delivery.End.LOST, Refusal.unavailable("this session is not known"));
    } else {
      end(check.session(), Delivery.End.REMOVED, deviceRemovedRefusal());
    }
  }

  /**
   * Returns the newcomer if it may attach now. Returns null if it would replace another session;
   * then it is asked first whether it is alive, and {@link User.SessionAlive} or its end follows.
   * Also returns null if it is refused.
   */
  @Nullable Newcomer admit(User.Attach attach) {
    Newcomer newcomer = new Newcomer(attach, ++lastOrder);
    LiveSession old = live.get(attach.deviceId());
    if (old == null || old.sessionId().equals(attach.sessionId())) {
      return newcomer;
    }
    boolean oldSaidHello = !old.newcomer.attach().resume();
    if (attach.resume() && (oldSaidHello || attach.sessionId().compareTo(old.sessionId()) < 0)) {
      // The device has said hello elsewhere since, and this session has not learned of it yet.
      end(attach.session(), Delivery.End.REPLACED, replaced());
      return null;
    }
    if (probed.size() >= MAX_PROBED) {
      Long first = probed.keySet().iterator().next();
      Newcomer refused = probed.remove(first);
      if (refused != null) {
        context.unwatch(refused.attach().session());
        refuse(refused.attach(), Refusal.unavailable("too many sessions of one device at once"));
      }
    }
    probed.put(newcomer.order(), newcomer);
    watch(attach);
    attach.session().tell(new Delivery.ProbeSession(newcomer.order(), context.getSelf()));
    return null;
  }

  /** Returns the newcomer that has answered and may attach now, or null. */
  @Nullable Newcomer probeAnswered(User.SessionAlive answer) {
    Newcomer newcomer = probed.remove(answer.order());
    if (newcomer == null) {
      return null;
    }
    LiveSession now = live.get(newcomer.attach().deviceId());
    if (now != null && now.order() > newcomer.order()) {
      context.unwatch(newcomer.attach().session());
      end(newcomer.attach().session(), Delivery.End.REPLACED, replaced());
      return null;
    }
    return newcomer;
  }

  /**
   * Makes the newcomer the device's session.
   *
   * @param devices the user's current devices; ended sessions of other devices are dropped
   */
  void attach(Newcomer newcomer, Set<DeviceId> devices) {
    User.Attach attach = newcomer.attach();
    LiveSession old = live.get(attach.deviceId());
    if (old != null) {
      context.unwatch(old.ref());
      if (!old.sessionId().equals(attach.sessionId())) {
        end(old.ref(), Delivery.End.REPLACED, replaced());
      }
    }
    watch(attach);
    lastSessions.remove(attach.deviceId());
    lastSessions.keySet().retainAll(devices);
    live.put(attach.deviceId(), new LiveSession(newcomer));
  }

  private void watch(User.Attach attach) {
    context.watchWith(
        attach.session(), new UserInternal.SessionEnded(attach.deviceId(), attach.session()));
  }

  /** A session has ended. Returns it if it was the device's session, otherwise null. */
  @Nullable LiveSession sessionEnded(UserInternal.SessionEnded end) {
    probed.values().removeIf(newcomer -> newcomer.attach().session().equals(end.session()));
    LiveSession session = live.get(end.deviceId());
    if (session == null || !session.ref().equals(end.session())) {
      return null;
    }
    live.remove(end.deviceId());
    lastSessions.put(end.deviceId(), session.sessionId());
    return session;
  }

  /** Ends the device's session, if there is one. */
  void remove(DeviceId device) {
    lastSessions.remove(device);
    LiveSession session = live.remove(device);
    if (session != null) {
      context.unwatch(session.ref());
      end(session.ref(), Delivery.End.REMOVED, deviceRemovedRefusal());
    }
  }

  /** Ends the sessions of a login. Returns their devices. */
  List<DeviceId> endLogin(String sid) {
    List<LiveSession> those = live.values().stream().filter(one -> sid.equals(one.sid())).toList();
    for (LiveSession session : those) {
      live.remove(session.device());
      // The session's last acknowledgements may still arrive.
      lastSessions.put(session.device(), session.sessionId());
      context.unwatch(session.ref());
      end(session.ref(), Delivery.End.REMOVED, loginEnded());
    }
    return those.stream().map(LiveSession::device).toList();
  }

  /** What a session is told that an operator ends. */
  static Delivery.Ended endedByOperator() {
    return new Delivery.Ended(Delivery.End.REMOVED, sessionEndedRefusal());
  }

  /** Ends these sessions for an operator. Their ends are still reported. */
  List<LiveSession> endForOperator(Predicate<LiveSession> which) {
    List<LiveSession> ended = live.values().stream().filter(which).toList();
    for (LiveSession session : ended) {
      live.remove(session.device());
      lastSessions.put(session.device(), session.sessionId());
      session.ref().tell(endedByOperator());
    }
    return ended;
  }

  /**
   * The sessions that are being asked whether they are alive.
   *
   * @param sessionId the session; null for all
   */
  List<User.Attach> attaching(@Nullable String sessionId) {
    return probed.values().stream()
        .map(Newcomer::attach)
        .filter(attach -> sessionId == null || attach.sessionId().equals(sessionId))
        .toList();
  }

  /** Refuses the sessions of {@link #attaching}. */
  void refuseAttaching(@Nullable String sessionId) {
    for (User.Attach attach : attaching(sessionId)) {
      context.unwatch(attach.session());
      if (attach.sid() == null) {
        attach.session().tell(endedByOperator());
      } else {
        loginEnded(attach);
      }
    }
    probed
        .values()
        .removeIf(one -> sessionId == null || one.attach().sessionId().equals(sessionId));
  }

  /**
   * Ends all sessions, and those that are being asked whether they are alive, because the user is
   * banned. Their ends are still reported.
   */
  List<LiveSession> ban(Refusal refusal) {
    List<LiveSession> ended = List.copyOf(live.values());
    for (LiveSession session : ended) {
      lastSessions.put(session.device(), session.sessionId());
      session.ref().tell(banned(Delivery.End.REMOVED, refusal));
    }
    live.clear();
    for (Newcomer newcomer : probed.values()) {
      context.unwatch(newcomer.attach().session());
      banned(newcomer.attach(), refusal);
    }
    probed.clear();
    return ended;
  }

  /** Ends or refuses a newcomer whose user is banned. */
  static void banned(User.Attach attach, Refusal refusal) {
    attach
        .session()
        .tell(banned(attach.resume() ? Delivery.End.REMOVED : Delivery.End.REFUSED, refusal));
  }

  /** What a session of a banned user is told. */
  static Delivery.Ended banned(Delivery.End why, Refusal refusal) {
    return new Delivery.Ended(why, refusal, true);
  }

  /** Ends or refuses a newcomer whose login has ended. */
  static void loginEnded(User.Attach attach) {
    if (attach.resume()) {
      end(attach.session(), Delivery.End.REMOVED, loginEnded());
    } else {
      refuse(
          attach,
          Refusal.of(ErrorCode.UNAUTHENTICATED, "token: its login has ended; log in again"));
    }
  }

  /** Ends a session whose device was removed while the session looked for its user. */
  static void removed(User.Attach attach) {
    end(attach.session(), Delivery.End.REMOVED, deviceRemovedRefusal());
  }

  static void refuse(User.Attach attach, Refusal refusal) {
    end(attach.session(), Delivery.End.REFUSED, refusal);
  }

  private static void end(ActorRef<Delivery> session, Delivery.End why, Refusal refusal) {
    session.tell(new Delivery.Ended(why, refusal));
  }

  private static Refusal deviceRemovedRefusal() {
    return Refusal.of(ErrorCode.FORBIDDEN, "this device was removed");
  }

  private static Refusal loginEnded() {
    return Refusal.of(ErrorCode.FORBIDDEN, "this login has ended");
  }

  private static Refusal sessionEndedRefusal() {
    return Refusal.of(ErrorCode.FORBIDDEN, "an operator has ended this session");
  }

  private static Refusal replaced() {
    return Refusal.of(ErrorCode.FORBIDDEN, "the same device connected again");
  }
}
