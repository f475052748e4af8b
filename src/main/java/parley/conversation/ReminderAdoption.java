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
 * Creates a {@link ConversationReminder} for each conversation that was in memory under the version
 * before reminders. This happens once in the life of a store, on one node of the cluster at a time.
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
 * <p>That version had sharding remember every conversation in memory. A conversation that was
 * killed before all its members had everything is on no other list. Without a reminder it would
 * start, and deliver the message, only when somebody uses the conversation again. A reminder is
 * durable before it answers {@code Adopt}. A second later it wakes its conversation, which keeps
 * the reminder or releases it. So if this process is interrupted, the next node starts it again
 * from the beginning. The repetition changes nothing for reminders that exist already.
 *
 * <p><b>Bounds.</b> Lists are read one after another, and the ids of one list are in memory at
 * once: as many as the old shard held. At most {@value #AT_ONCE} reminders are asked at the same
 * time, and {@value #PER_TICK} new ones in each {@link #TICK}. A reminder that does not answer is
 * asked again after {@value #RETRY_TICKS} ticks. A list that cannot be read is tried {@value
 * #TRIES} times over two minutes, and is then skipped with a line in the log. In that case nothing
 * is recorded, so the next start of the cluster does everything again. The old lists are not
 * deleted: they are small.
 */
final class ReminderAdoption
    extends EventSourcedBehavior<ReminderAdoption.Command, AdoptionEvent, ReminderAdoption.State> {
  /** The persistence id of the event that records the end. */
  static final String PERSISTENCE_ID = "adoption|conversations";

  /** Most reminders that are asked at the same time. */
  static final int AT_ONCE = 32;

  /** Most reminders that are asked for the first time in each tick: 50 a second. */
  static final int PER_TICK = 5;

  /** Ticks until a reminder that has not answered is asked again. */
  static final int RETRY_TICKS = 50;

  /** How often an unreadable list is tried. The pauses are 1, 2, 4 … s. */
  static final int TRIES = 8;

  private static final int TICKS_PER_SECOND = 10;
  private static final Duration TICK = Duration.ofMillis(1000 / TICKS_PER_SECOND);

  /** Ticks between two lines in the log about the progress. */
  private static final int REPORT = 60 * TICKS_PER_SECOND;

  /** The commands of this entity. */
  sealed interface Command extends Wire permits Tick, Read, ReminderAdopted {}

  /** One step of the timer. */
  enum Tick implements Command, Local {
    TICK
  }

  /** A list of shards or entities was read. */
  private record Read(RememberedEntitiesLog.Found found) implements Command, Local {}

  /** A reminder is durable. */
  private record ReminderAdopted(ConversationReminder.Adopted adopted) implements Command, Local {}

  /** The state: whether the adoption is complete. */
  static final class State {
    boolean done;
  }

  /** Reads the lists of remembered entities. */
  @FunctionalInterface
  interface Lists {
    /** Reads one list without blocking. Always answers. */
    void read(ActorContext<?> context, String id, ActorRef<RememberedEntitiesLog.Found> replyTo);
  }

  /**
   * A list to read.
   *
   * @param tried failed attempts so far
   * @param tick the earliest tick for the next attempt
   */
  private record PendingList(String id, int tried, long tick) {}

  private final ActorContext<Command> context;
  private final ConversationReminder.Sender reminders;
  private final Lists lists;
  private final ActorRef<RememberedEntitiesLog.Found> read;
  private final ActorRef<ConversationReminder.Adopted> adoptedAdapter;
  private final Deque<PendingList> listsToRead = new ArrayDeque<>();
  private final Deque<ConversationId> waiting = new ArrayDeque<>();
  private final Map<ConversationId, Long> askedAtTick = new HashMap<>();
  private @Nullable PendingList reading;
  private boolean listSkipped;
  private long adopted;
  private long tick;

  private ReminderAdoption(
      ActorContext<Command> context, ConversationReminder.Sender reminders, Lists lists) {
    super(
        PersistenceId.ofUniqueId(PERSISTENCE_ID),
        SupervisorStrategy.restartWithBackoff(Duration.ofSeconds(1), Duration.ofMinutes(1), 0.2));
    this.context = context;
    this.reminders = reminders;
    this.lists = lists;
    this.read = context.messageAdapter(RememberedEntitiesLog.Found.class, Read::new);
    this.adoptedAdapter =
        context.messageAdapter(ConversationReminder.Adopted.class, ReminderAdopted::new);
    listsToRead.add(
        new PendingList(RememberedEntitiesLog.shardListId(Conversation.KEY.name()), 0, 0));
  }

  /**
   * Starts the adoption as a cluster singleton: on the oldest node, and if that ends, on the next
   * one.
   */
  static void init(ActorSystem<?> system, ConversationReminder.Sender reminders) {
    var unused =
        ClusterSingleton.get(system)
            .init(
                SingletonActor.of(
                    create(reminders, RememberedEntitiesLog::read, TICK), "conversation-adoption"));
  }

  /**
   * The behaviour. All its times are counted in ticks.
   *
   * @param every the length of a tick
   */
  static Behavior<Command> create(
      ConversationReminder.Sender reminders, Lists lists, Duration every) {
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

  /** Loads no snapshot: there is at most one event. */
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
        case ReminderAdopted one -> {
          if (askedAtTick.remove(one.adopted().id()) != null) {
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
              "{} conversations of the previous version have reminders, {} have not answered yet,"
                  + " {} lists are to be read",
              adopted,
              waiting.size() + askedAtTick.size(),
              listsToRead.size());
    }
    if (reading != null || !waiting.isEmpty() || !askedAtTick.isEmpty()) {
      return Effect().none();
    }
    PendingList next = listsToRead.peek();
    if (next == null && listSkipped) {
      return Effect().stop();
    }
    if (next == null) {
      return Effect()
          .persist((AdoptionEvent) new AdoptionEvent.Done(adopted))
          .thenRun(done -> logCompletion())
          .thenStop();
    }
    if (next.tick() <= tick) {
      reading = listsToRead.remove();
      lists.read(context, next.id(), read);
    }
    return Effect().none();
  }

  private void logCompletion() {
    if (adopted > 0) {
      context.getLog().info("All {} conversations of the previous version have reminders", adopted);
    }
  }

  private void ask() {
    askedAtTick.replaceAll(
        (id, at) -> {
          if (tick - at < RETRY_TICKS) {
            return at;
          }
          tell(id);
          return tick;
        });
    for (int i = 0; i < PER_TICK && askedAtTick.size() < AT_ONCE && !waiting.isEmpty(); i++) {
      ConversationId id = waiting.remove();
      askedAtTick.put(id, tick);
      tell(id);
    }
  }

  private void tell(ConversationId id) {
    reminders.tell(id, new ConversationReminder.Adopt(adoptedAdapter));
  }

  private Effect<AdoptionEvent, State> read(RememberedEntitiesLog.Found found) {
    PendingList list = reading;
    reading = null;
    if (list == null) {
      return Effect().none();
    }
    Set<String> names = found.names();
    if (names == null) {
      retryLater(list);
    } else if (found.id().equals(RememberedEntitiesLog.shardListId(Conversation.KEY.name()))) {
      for (String shard : names) {
        listsToRead.add(
            new PendingList(
                RememberedEntitiesLog.entityListId(Conversation.KEY.name(), shard), 0, 0));
      }
    } else {
      names.stream().filter(IdRules::isId).map(ConversationId::new).forEach(waiting::add);
    }
    return Effect().none();
  }

  /** Puts a list that cannot be read behind the others, or gives it up after the last attempt. */
  private void retryLater(PendingList list) {
    int tried = list.tried() + 1;
    if (tried < TRIES) {
      listsToRead.add(
          new PendingList(list.id(), tried, tick + (long) TICKS_PER_SECOND * (1L << (tried - 1))));
    } else {
      listSkipped = true;
      context
          .getLog()
          .error(
              "{} cannot be read and is tried again at the next start of the cluster; until then"
                  + " conversations on it deliver what their members lack only when they are used",
              list.id());
    }
  }
}
