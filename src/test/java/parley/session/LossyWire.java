package parley.session;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import parley.conversation.Conversation;
import parley.user.User;

/**
 * A transport between nodes that loses messages. Messages from one sender to one receiver arrive in
 * order or not at all. Messages between conversations and users may also arrive twice, as after a
 * shard has moved.
 */
final class LossyWire {
  private final ActorTestKit kit;
  private final Random random;
  private final double loss;
  private final Map<ActorRef<?>, ActorRef<?>> ways = new ConcurrentHashMap<>();
  final AtomicInteger lost = new AtomicInteger();
  final AtomicInteger resumed = new AtomicInteger();
  final AtomicInteger carried = new AtomicInteger();

  LossyWire(ActorTestKit kit, long seed, double loss) {
    this.kit = kit;
    this.random = new Random(seed);
    this.loss = loss;
  }

  private double draw() {
    synchronized (random) {
      return random.nextDouble();
    }
  }

  boolean loses() {
    carried.incrementAndGet();
    boolean gone = draw() < loss;
    if (gone) {
      lost.incrementAndGet();
    }
    return gone;
  }

  /** Carries a message between entities: not at all, once or twice. */
  <T> void carry(ActorRef<T> to, T message) {
    if (!loses()) {
      to.tell(message);
      if (draw() < loss) {
        to.tell(message);
      }
    }
  }

  /** A reference to an actor on another node: one for all senders; it ends with the actor. */
  @SuppressWarnings("unchecked")
  <T> ActorRef<T> way(ActorRef<T> to) {
    return (ActorRef<T>) ways.computeIfAbsent(to, k -> kit.spawn(forwarder(to)));
  }

  private <T> Behavior<T> forwarder(ActorRef<T> to) {
    return Behaviors.setup(
        context -> {
          context.watch(to);
          return Behaviors.<T>receive(
              (c, message) -> {
                if (!loses()) {
                  to.tell(message);
                }
                return Behaviors.same();
              },
              (c, signal) -> signal instanceof Terminated ? Behaviors.stopped() : Behaviors.same());
        });
  }

  /** The user, as sessions on other nodes reach it. */
  Behavior<User.Command> user(ActorRef<User.Command> user) {
    return Behaviors.receiveMessage(
        message -> {
          if (message instanceof User.Attach attach && attach.resume()) {
            resumed.incrementAndGet();
          }
          if (!loses()) {
            user.tell(
                switch (message) {
                  case User.Attach a ->
                      new User.Attach(
                          a.userId(),
                          a.deviceId(),
                          a.client(),
                          a.sessionId(),
                          a.fresh(),
                          a.resume(),
                          way(a.session()));
                  case User.Check c ->
                      new User.Check(c.deviceId(), c.sessionId(), c.acked(), way(c.session()));
                  default -> message;
                });
          }
          return Behaviors.same();
        });
  }

  /** The conversation, as sessions on other nodes reach it. */
  Behavior<Conversation.Command> conversation(ActorRef<Conversation.Command> conversation) {
    return Behaviors.receiveMessage(
        message -> {
          if (!loses()) {
            conversation.tell(
                message instanceof Conversation.Post p
                    ? new Conversation.Post(
                        p.author(),
                        p.clientMsgId(),
                        p.intent(),
                        p.openWith(),
                        way(p.replyTo()),
                        p.retryAfterMillis(),
                        p.fromDevice())
                    : message);
          }
          return Behaviors.same();
        });
  }
}
