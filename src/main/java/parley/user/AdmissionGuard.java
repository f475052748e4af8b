package parley.user;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before an event-sourced behaviour and refuses what it would silently lose. While a write
 * is on its way such a behaviour stashes commands, 4,096 of them, and drops the next without a
 * word; and those in the stash when it ends (a write failed) are gone without a word too. Here they
 * are remembered on their way in until, by {@link #handled}, a handler takes them up; beyond the
 * bound, and at the end, the sender is told instead.
 *
 * <p>One guard serves one actor: both calls come from that actor's thread.
 *
 * @param <C> the behaviour's commands
 */
public final class AdmissionGuard<C> {
  /** Most commands waiting: half the stash, so that a few of the actor's own always fit. */
  public static final int BOUND = 2_048;

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionGuard.class);

  private final Class<C> type;
  private final int bound;
  private final Predicate<C> always;
  private final Consumer<C> refuse;
  private final Set<C> waiting = Collections.newSetFromMap(new IdentityHashMap<>());
  private long refused;

  /**
   * A guard for one actor.
   *
   * @param type the class of commands; other messages (the journal's answers) pass unseen
   * @param bound most commands waiting
   * @param always which ones are never refused: few by nature, such as timers
   * @param refuse tells the sender, if there is somebody to tell
   */
  public AdmissionGuard(Class<C> type, int bound, Predicate<C> always, Consumer<C> refuse) {
    this.type = type;
    this.bound = bound;
    this.always = always;
    this.refuse = refuse;
  }

  /** To be called first of all by the behaviour's command handler. */
  public void handled(C command) {
    waiting.remove(command);
  }

  /** How many commands are waiting to be handled. */
  public int waiting() {
    return waiting.size();
  }

  /** The behaviour, guarded. */
  public Behavior<C> guard(Behavior<C> behavior) {
    return Behaviors.intercept(Interceptor::new, behavior);
  }

  private final class Interceptor extends BehaviorInterceptor<C, C> {
    Interceptor() {
      super(type);
    }

    @Override
    public Behavior<C> aroundReceive(
        TypedActorContext<C> context, C message, ReceiveTarget<C> target) {
      if (waiting.size() >= bound && !always.test(message)) {
        if (refused++ % 1_000 == 0) {
          LOG.warn(
              "{} commands are waiting for a write in {}: refusing more, {} so far",
              waiting.size(),
              context.asJava().getSelf().path(),
              refused);
        }
        refuse.accept(message);
        return Behaviors.same();
      }
      waiting.add(message);
      return target.apply(context, message);
    }

    @Override
    public Behavior<C> aroundSignal(
        TypedActorContext<C> context, Signal signal, SignalTarget<C> target) {
      if (signal instanceof PostStop || signal instanceof PreRestart) {
        List<C> unheard = List.copyOf(waiting);
        waiting.clear();
        unheard.stream().filter(always.negate()).forEach(refuse);
      }
      return target.apply(context, signal);
    }
  }
}
