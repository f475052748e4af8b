package parley.user;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.pekko.actor.ActorIdentity;
import org.apache.pekko.actor.Identify;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.Refusal;

/**
 * The live sessions: at most one per device, each watched.
 *
 * <p>A hello whose connection has already ended must not replace the living session of the same
 * device; such hellos are real (a phone that changes networks sends two, and the first may arrive
 * last). Death watch alone comes too late to know. So where there is somebody to replace, the
 * newcomer is asked first whether it lives, by Pekko's own {@link Identify}: every actor answers
 * it, and for a dead one its node does. A node that is gone answers nothing, which replaces nobody
 * either.
 */
final class Sessions {
  /** Most newcomers that are being asked; the longest waiting is refused beyond that. */
  private static final int KNOCKING = 64;

  /**
   * A session.
   *
   * @param order the later hello has the higher one
   */
  record Live(
      DeviceId device, String sessionId, String client, long order, ActorRef<User.Delivery> ref) {}

  /** A hello; the later one has the higher order. */
  record Newcomer(User.Attach attach, long order) {}

  private final ActorContext<User.Command> context;
  private final org.apache.pekko.actor.ActorRef identities;
  private final Map<DeviceId, Live> live = new HashMap<>();
  private final LinkedHashMap<Long, Newcomer> knocking = new LinkedHashMap<>();
  private long lastOrder;

  Sessions(ActorContext<User.Command> context) {
    this.context = context;
    this.identities =
        Adapter.toClassic(
            context.messageAdapter(
                ActorIdentity.class,
                identity ->
                    new UserInternal.Answered(
                        (Long) identity.correlationId(), identity.getActorRef().isPresent())));
  }

  boolean isEmpty() {
    return live.isEmpty();
  }

  @Nullable Live of(DeviceId device) {
    return live.get(device);
  }

  Collection<Live> all() {
    return live.values();
  }

  /** Tell every session. */
  void tellAll(User.Delivery delivery) {
    live.values().forEach(session -> session.ref().tell(delivery));
  }

  /**
   * The newcomer, who may come in now; or null where it would replace somebody and is asked first
   * whether it lives: then {@link UserInternal.Answered} comes of it, or nothing.
   */
  @Nullable Newcomer hello(User.Attach attach) {
    Newcomer newcomer = new Newcomer(attach, ++lastOrder);
    Live old = live.get(attach.deviceId());
    if (old == null || old.ref().equals(attach.session())) {
      return newcomer;
    }
    if (knocking.size() >= KNOCKING) {
      Long first = knocking.keySet().iterator().next();
      Newcomer refused = knocking.remove(first);
      if (refused != null) {
        refuse(refused.attach(), Refusal.unavailable("too many sessions of one device at once"));
      }
    }
    knocking.put(newcomer.order(), newcomer);
    Adapter.toClassic(attach.session()).tell(new Identify(newcomer.order()), identities);
    return null;
  }

  /** The newcomer that answered and may come in now, or null. */
  @Nullable Newcomer answered(UserInternal.Answered answer) {
    Newcomer knock = knocking.remove(answer.order());
    if (knock == null || !answer.alive()) {
      return null;
    }
    Live now = live.get(knock.attach().deviceId());
    if (now != null && now.order() > knock.order()) {
      end(knock.attach().session(), User.End.REPLACED, replaced());
      return null;
    }
    return knock;
  }

  /** The session is the device's from now on. */
  void enter(Newcomer newcomer) {
    User.Attach attach = newcomer.attach();
    Live old = live.get(attach.deviceId());
    if (old != null) {
      context.unwatch(old.ref());
      if (!old.ref().equals(attach.session())) {
        end(old.ref(), User.End.REPLACED, replaced());
      }
    }
    context.watchWith(
        attach.session(), new UserInternal.SessionEnded(attach.deviceId(), attach.session()));
    live.put(
        attach.deviceId(),
        new Live(
            attach.deviceId(),
            attach.sessionId(),
            attach.client(),
            newcomer.order(),
            attach.session()));
  }

  /** A session has ended; the one that was the device's, or null. */
  @Nullable Live left(UserInternal.SessionEnded ended) {
    Live session = live.get(ended.deviceId());
    if (session == null || !session.ref().equals(ended.session())) {
      return null;
    }
    live.remove(ended.deviceId());
    return session;
  }

  /** End the device's session, if there is one. */
  void remove(DeviceId device) {
    Live session = live.remove(device);
    if (session != null) {
      context.unwatch(session.ref());
      end(
          session.ref(),
          User.End.REMOVED,
          Refusal.of(ErrorCode.FORBIDDEN, "this device was removed"));
    }
  }

  static void refuse(User.Attach attach, Refusal refusal) {
    end(attach.session(), User.End.REFUSED, refusal);
  }

  private static void end(ActorRef<User.Delivery> session, User.End why, Refusal refusal) {
    session.tell(new User.Ended(why, refusal));
  }

  private static Refusal replaced() {
    return Refusal.of(ErrorCode.FORBIDDEN, "the same device connected again");
  }
}
