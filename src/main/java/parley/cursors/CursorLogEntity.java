package parley.cursors;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import parley.bounds.AdmissionGuard;
import parley.model.ConversationId;
import parley.model.UserId;
import parley.snapshot.PiecedSnapshotStore;
import parley.telemetry.Telemetry;

/**
 * The event-sourced behaviour of the cursor log. It gathers the cursors of many conversations and
 * writes them as one event, when they fill an item of {@value #FLUSH_BYTES} bytes, when somebody
 * waits for the answer, or when {@link #GATHER} has passed. What arrives during a write goes into
 * the next event.
 */
final class CursorLogEntity
    extends EventSourcedBehavior<CursorLog.Command, CursorLogEvent, CursorLogState> {
  /** How long cursors are gathered. A member sees another's cursor move this much later. */
  static final Duration GATHER = Duration.ofSeconds(2);

  /**
   * The approximate size at which an event is written at once: a little below a kilobyte, the unit
   * that DynamoDB bills.
   */
  static final int FLUSH_BYTES = 800;

  /** The approximate size beyond which nothing more is gathered. An item holds 400 KB. */
  private static final int MAX_BYTES = 100 * 1024;

  /** The most requests that one event answers. */
  private static final int MAX_CALLERS = 1_000;

  private static final int BYTES_OF_A_CONVERSATION = 40;
  private static final int BYTES_OF_A_MEMBER = 50;

  /** Events between two snapshots. The older events are removed. */
  static final int SNAPSHOT_EVERY = 1_000;

  private enum Message implements CursorLog.Internal {
    /**
     * Write an empty event, so that an earlier incarnation on another node can no longer write. See
     * {@link #ready}.
     */
    TAKE_OVER,
    /** Write what was gathered. */
    FLUSH,
    /** The stop message of sharding. */
    STOP
  }

  /** A caller whose cursors are gathered. */
  private record Caller(long nr, ActorRef<CursorLog.Reply> replyTo) {}

  private final Duration gather;
  private final int snapshotEvery;
  private final InstantSource clock;
  private final Telemetry telemetry;
  private final ActorContext<CursorLog.Command> context;
  private final TimerScheduler<CursorLog.Command> timers;
  private final AdmissionGuard<CursorLog.Command> guard;
  private final Map<ConversationId, Map<UserId, MemberCursors>> gathered = new LinkedHashMap<>();
  private final List<Caller> callers = new ArrayList<>();
  private int bytes;
  private final long startedAt = System.nanoTime();
  private boolean flushAsked;

  /**
   * Whether this incarnation has written. Until then, an earlier incarnation on a node that was
   * removed unnoticed may still be writing.
   */
  private boolean ready;

  /** The behaviour of the cursor log. */
  static Behavior<CursorLog.Command> create(
      Duration gather, int snapshotEvery, InstantSource clock, Telemetry telemetry) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  AdmissionGuard<CursorLog.Command> guard =
                      new AdmissionGuard<>(
                          CursorLog.Command.class,
                          AdmissionGuard.MAX_WAITING,
                          CursorLog.Internal.class::isInstance,
                          CursorLogEntity::refuse,
                          "the cursor log");
                  return guard.guard(
                      new CursorLogEntity(
                          gather, snapshotEvery, clock, telemetry, context, timers, guard));
                }));
  }

  /** The stop message of the log. */
  static CursorLog.Command stop() {
    return Message.STOP;
  }

  private CursorLogEntity(
      Duration gather,
      int snapshotEvery,
      InstantSource clock,
      Telemetry telemetry,
      ActorContext<CursorLog.Command> context,
      TimerScheduler<CursorLog.Command> timers,
      AdmissionGuard<CursorLog.Command> guard) {
    super(PersistenceId.ofUniqueId("cursor-log|" + CursorLog.ID));
    this.gather = gather;
    this.snapshotEvery = snapshotEvery;
    this.clock = clock;
    this.telemetry = telemetry;
    this.context = context;
    this.timers = timers;
    this.guard = guard;
  }

  /** A refused {@link CursorLog.Find} is repeated by its conversation. */
  private static void refuse(CursorLog.Command command) {
    if (command instanceof CursorLog.Keep keep) {
      keep.replyTo().tell(new CursorLog.NotKept(keep.nr()));
    }
  }

  @Override
  public CursorLogState emptyState() {
    return new CursorLogState();
  }

  @Override
  public EventHandler<CursorLogState, CursorLogEvent> eventHandler() {
    return CursorLogState::apply;
  }

  @Override
  public SnapshotAdapter<CursorLogState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(CursorLogState state) {
        return state.toSnapshot();
      }

      @Override
      public CursorLogState fromJournal(Object stored) {
        return CursorLogState.of((CursorLogSnapshot) stored);
      }
    };
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(snapshotEvery, 2).withDeleteEventsOnSnapshot();
  }

  @Override
  public SignalHandler<CursorLogState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(
            RecoveryCompleted.instance(),
            state -> {
              telemetry.entities().recovered("cursor_log", System.nanoTime() - startedAt);
              context.getSelf().tell(Message.TAKE_OVER);
            })
        .build();
  }

  @Override
  public CommandHandler<CursorLog.Command, CursorLogEvent, CursorLogState> commandHandler() {
    return (state, command) -> {
      if (!ready && !(command instanceof CursorLog.Internal)) {
        return Effect().stash();
      }
      guard.handled(command);
      return switch (command) {
        case CursorLog.Keep keep -> keep(state, keep);
        case CursorLog.Find find -> {
          find.replyTo().tell(new CursorLog.Found(state.of(find.id())));
          yield Effect().none();
        }
        case Message message ->
            switch (message) {
              case TAKE_OVER -> {
                ready = true;
                yield Effect()
                    .persist((CursorLogEvent) new CursorLogEvent.CursorsKept(clock.millis(), null))
                    .thenUnstashAll();
              }
              case FLUSH -> flush();
              case STOP -> stopInOrder();
            };
        default -> throw new IllegalStateException("unknown message " + command);
      };
    };
  }

  private Effect<CursorLogEvent, CursorLogState> keep(CursorLogState state, CursorLog.Keep keep) {
    if (!state.hasRoomFor(keep.id(), keep.members())) {
      telemetry.limited("cursor_log");
      refuse(keep);
      return Effect().none();
    }
    Map<UserId, MemberCursors> members = gathered.get(keep.id());
    if (members == null) {
      members = new LinkedHashMap<>();
      gathered.put(keep.id(), members);
      bytes += BYTES_OF_A_CONVERSATION;
    }
    int before = members.size();
    for (MemberCursors one : keep.members()) {
      members.merge(one.userId(), one, MemberCursors::with);
    }
    bytes += (members.size() - before) * BYTES_OF_A_MEMBER;
    callers.add(new Caller(keep.nr(), keep.replyTo()));
    if (bytes >= MAX_BYTES || callers.size() >= MAX_CALLERS) {
      return flush();
    }
    if (bytes >= FLUSH_BYTES || keep.urgent()) {
      flushNext();
    } else if (callers.size() == 1) {
      timers.startSingleTimer(Message.FLUSH, gather);
    }
    return Effect().none();
  }

  /** Writes after the commands that are in the mailbox now, so that one event holds them all. */
  private void flushNext() {
    if (!flushAsked) {
      flushAsked = true;
      timers.cancel(Message.FLUSH);
      context.getSelf().tell(Message.FLUSH);
    }
  }

  private Effect<CursorLogEvent, CursorLogState> flush() {
    flushAsked = false;
    timers.cancel(Message.FLUSH);
    if (callers.isEmpty()) {
      return Effect().none();
    }
    List<CursorLogEvent.ConversationCursors> kept = new ArrayList<>(gathered.size());
    gathered.forEach(
        (id, members) ->
            kept.add(new CursorLogEvent.ConversationCursors(id, List.copyOf(members.values()))));
    List<Caller> waiting = List.copyOf(callers);
    gathered.clear();
    callers.clear();
    bytes = 0;
    long since = System.nanoTime();
    return Effect()
        .persist((CursorLogEvent) new CursorLogEvent.CursorsKept(clock.millis(), kept))
        .thenRun(
            state -> {
              telemetry.persisted("cursor_log", System.nanoTime() - since);
              waiting.forEach(one -> one.replyTo().tell(new CursorLog.Kept(one.nr())));
            });
  }

  /** Refuses what was gathered. Each conversation then writes its cursors to its own journal. */
  private Effect<CursorLogEvent, CursorLogState> stopInOrder() {
    callers.forEach(one -> one.replyTo().tell(new CursorLog.NotKept(one.nr())));
    callers.clear();
    gathered.clear();
    return Effect().stop();
  }
}
