package parley.conversation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.Recovery;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.IdRules;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Gives a {@link ConversationReminder} to each conversation that the version before reminders had
 * in memory: once in the life of a store, by one node of the cluster at a time.
 *
 * <pre>
 *   done? ── yes ──▶ end                                     (one read at each start of a cluster)
 *     │ no
 *     ▼
 *   list of shards ──▶ list of entities of one shard ──Adopt──▶ its reminders ──Wake──▶ conversations
 *                            ▲       │ all have answered
 *                            └───────┘ the next shard
 *                                    │ no more
 *                                    ▼
 *                                   Done
 * </pre>
 *
 * <p>That version had sharding remember every conversation in memory. One that was cut off (a kill,
 * a power failure) before it had told everybody stands on no other list; nobody would wake it, and
 * its members would hear of the message only when somebody uses the conversation. A reminder that
 * was adopted is durable before it answers, and wakes its conversation a second later, which asks
 * for it to stay or says that it owes nothing. So whatever ends in the middle is begun again, by
 * the next node, and changes nothing for those that were adopted before.
 *
 * <p><b>Bounds.</b> Lists are read one after another, {@value #AT_ONCE} reminders are asked at the
 * same time and {@value #PER_TICK} new ones each {@link #TICK}; who does not answer is asked again
 * after {@value #AGAIN} ticks. A list that cannot be read is tried {@value #TRIES} times over two
 * minutes, then left, with a line in the log. The old lists stay where they are: they are small.
 */
final class ReminderAdoption
    extends EventSourcedBehavior<ReminderAdoption.Command, AdoptionEvent, ReminderAdoption.State> {
  /** Where it notes that it is done. */
  static final String PERSISTENCE_ID = "adoption|conversations";

  /** Reminders that are asked at the same time. */
  static final int AT_ONCE = 32;

  /** Reminders that are asked for the first time with each tick: 50 a second. */
  static final int PER_TICK = 5;

  /** Ticks until a reminder that has not answered is asked again. */
  static final int AGAIN = 50;

  /** How often a list is tried that cannot be read; after 1, 2, 4 … s. */
  static final int TRIES = 8;

  private static final int SECOND = 10;
  private static final Duration TICK = Duration.ofMillis(1000 / SECOND);

  /** Ticks between two lines of the log about what it is at. */
  private static final int REPORT = 60 * SECOND;

  /** What can be told to it. */
  sealed interface Command extends Wire permits Tick, Read, Told {}

  /** It is time. */
  enum Tick implements Command, Local {
    TICK
  }

  /** A list was read. */
  private record Read(RememberedEntitiesLog.Found found) implements Command, Local {}

  /** A reminder is there. */
  private record Told(ConversationReminder.Adopted adopted) implements Command, Local {}

  /** Whether it is done. */
  static final class State {
    boolean done;
  }

  /** The way to the lists. */
  @FunctionalInterface
  interface Lists {
    /** Reads one, without blocking. Answers always. */
    void read(ActorContext<?> context, String id, ActorRef<RememberedEntitiesLog.Found> replyTo);
  }

  /** A list to be read, and when. */
  private record Due(String id, int tried, long tick) {}

  private final ActorContext<Command> context;
  private final ConversationReminder.Port reminders;
  private final Lists lists;
  private final ActorRef<RememberedEntitiesLog.Found> read;
  private final ActorRef<ConversationReminder.Adopted> told;
  private final Deque<Due> due = new ArrayDeque<>();
  private final Deque<ConversationId> waiting = new ArrayDeque<>();
  private final Map<ConversationId, Long> asked = new HashMap<>();
  private @Nullable Due reading;
  private long adopted;
  private long tick;

  private ReminderAdoption(
      ActorContext<Command> context, ConversationReminder.Port reminders, Lists lists) {
    super(
        PersistenceId.ofUniqueId(PERSISTENCE_ID),
        SupervisorStrategy.restartWithBackoff(Duration.ofSeconds(1), Duration.ofMinutes(1), 0.2));
    this.context = context;
    this.reminders = reminders;
    this.lists = lists;
    this.read = context.messageAdapter(RememberedEntitiesLog.Found.class, Read::new);
    this.told = context.messageAdapter(ConversationReminder.Adopted.class, Told::new);
    due.add(new Due(RememberedEntitiesLog.shards(Conversation.KEY.name()), 0, 0));
  }

  /** Sees to it that it is done some time: on the oldest node, and after that on the next one. */
  static void init(ActorSystem<?> system, ConversationReminder.Port reminders) {
    var unused =
        ClusterSingleton.get(system)
            .init(
                SingletonActor.of(
                    create(reminders, RememberedEntitiesLog::read, TICK), "conversation-adoption"));
  }

  /** The behaviour; all its times are counted in ticks. */
  static Behavior<Command> create(
      ConversationReminder.Port reminders, Lists lists, Duration every) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, every);
                  return new ReminderAdoption(context, reminders, lists);
                }));
  }

  @Override
  public State emptyState() {
    return new State();
  }

  /** There are no snapshots: it has one event. */
  @Override
  public Recovery recovery() {
    return Recovery.withSnapshotSelectionCriteria(SnapshotSelectionCriteria.none());
  }

  @Override
  public EventHandler<State, AdoptionEvent> eventHandler() {
    return (state, event) -> {
      state.done = true;
      return state;
    };
  }

  @Override
  public CommandHandler<Command, AdoptionEvent, State> commandHandler() {
    return (state, command) -> {
      if (state.done) {
        return Effect().stop();
      }
      return switch (command) {
        case Tick now -> tick();
        case Read list -> read(list.found());
        case Told one -> {
          if (asked.remove(one.adopted().id()) != null) {
            adopted++;
          }
          yield Effect().none();
        }
      };
    };
  }

  private Effect<AdoptionEvent, State> tick() {
    tick++;
    ask();
    if (tick % REPORT == 0) {
      context
          .getLog()
          .info(
              "{} conversations of the version before have reminders, {} have not answered yet, {}"
                  + " lists are to be read",
              adopted,
              waiting.size() + asked.size(),
              due.size());
    }
    if (reading != null || !waiting.isEmpty() || !asked.isEmpty()) {
      return Effect().none();
    }
    Due next = due.peek();
    if (next == null) {
      return Effect()
          .persist((AdoptionEvent) new AdoptionEvent.Done(adopted))
          .thenRun(done -> said())
          .thenStop();
    }
    if (next.tick() <= tick) {
      reading = due.remove();
      lists.read(context, next.id(), read);
    }
    return Effect().none();
  }

  private void said() {
    if (adopted > 0) {
      context.getLog().info("All {} conversations of the version before have reminders", adopted);
    }
  }

  private void ask() {
    asked.replaceAll(
        (id, at) -> {
          if (tick - at < AGAIN) {
            return at;
          }
          tell(id);
          return tick;
        });
    for (int i = 0; i < PER_TICK && asked.size() < AT_ONCE && !waiting.isEmpty(); i++) {
      ConversationId id = waiting.remove();
      asked.put(id, tick);
      tell(id);
    }
  }

  private void tell(ConversationId id) {
    reminders.tell(id, new ConversationReminder.Adopt(told));
  }

  private Effect<AdoptionEvent, State> read(RememberedEntitiesLog.Found found) {
    Due list = reading;
    reading = null;
    if (list == null) {
      return Effect().none();
    }
    Set<String> names = found.names();
    if (names == null) {
      unreadable(list);
    } else if (found.id().equals(RememberedEntitiesLog.shards(Conversation.KEY.name()))) {
      for (String shard : names) {
        due.add(new Due(RememberedEntitiesLog.entities(Conversation.KEY.name(), shard), 0, 0));
      }
    } else {
      names.stream().filter(IdRules::isId).map(ConversationId::new).forEach(waiting::add);
    }
    return Effect().none();
  }

  /** Others come first. */
  private void unreadable(Due list) {
    int tried = list.tried() + 1;
    if (tried < TRIES) {
      due.add(new Due(list.id(), tried, tick + (long) SECOND * (1L << (tried - 1))));
    } else {
      context
          .getLog()
          .error(
              "{} cannot be read; conversations on it that owe their members something tell it when"
                  + " they are used again",
              list.id());
    }
  }
}
