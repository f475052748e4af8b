package parley.bounds;

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
 * Refuses commands that an event-sourced behaviour would silently lose. During a write such a
 * behaviour stashes up to 4,096 commands and silently drops further ones. When it stops, for
 * example after a failed write, the stashed commands are silently lost too. The guard remembers
 * each command on its way in until its handler calls {@link #handled}. It refuses commands beyond
 * the bound, and at the end those that were not handled, and tells their senders.
 *
 * <p>One guard serves one actor; all calls come from that actor's thread.
 *
 * @param <C> the behaviour's commands
 */
public final class AdmissionGuard<C> {
  /**
   * The most waiting commands: half of the stash, so that a few of the actor's own messages always
   * fit.
   */
  public static final int MAX_WAITING = 2_048;

  private static final Logger LOG = LoggerFactory.getLogger(AdmissionGuard.class);

  private final Class<C> type;
  private final int bound;
  private final Predicate<C> neverRefused;
  private final Consumer<C> refuse;
  private final String owner;
  private final Set<C> waiting = Collections.newSetFromMap(new IdentityHashMap<>());
  private long refused;

  /**
   * Creates a guard for one actor.
   *
   * @param type the class of the commands; other messages (answers of the journal) are not counted
   * @param bound the most waiting commands
   * @param neverRefused selects commands that pass beyond the bound: few by nature, such as timers
   * @param refuse sends a refusal to the command's sender, if it has one
   * @param owner names the actor in a log line. Its path is not logged: the name of an account is
   *     in it, and people type passwords into the wrong field
   */
  public AdmissionGuard(
      Class<C> type, int bound, Predicate<C> neverRefused, Consumer<C> refuse, String owner) {
    this.type = type;
    this.bound = bound;
    this.neverRefused = neverRefused;
    this.refuse = refuse;
    this.owner = owner;
  }

  /** The behaviour's command handler must call this first. */
  public void handled(C command) {
    waiting.remove(command);
  }

  /** The number of commands that wait to be handled. */
  public int waiting() {
    return waiting.size();
  }

  /** Wraps the behaviour. */
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
      if (waiting.size() >= bound && !neverRefused.test(message)) {
        if (refused++ % 1_000 == 0) {
          LOG.warn(
              "{} commands are waiting for a write in {}: refusing more, {} so far",
              waiting.size(),
              owner,
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
        List<C> unhandled = List.copyOf(waiting);
        waiting.clear();
        unhandled.stream().filter(neverRefused.negate()).forEach(refuse);
      }
      return target.apply(context, signal);
    }
  }
}
