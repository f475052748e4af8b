package parley.push;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import parley.telemetry.OpenWork;

/**
 * One slot of {@link DeadLetters}. A request gets no answer if the stash is full or a write fails.
 * Then the sender asks again: a user repeats its letter until it is stored, and an operator sees a
 * failure.
 */
final class DeadLetterSlot
    extends EventSourcedBehavior<DeadLetters.Command, DeadLetterEvent, DeadLetterState> {
  private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);
  private static final int SNAPSHOT_EVERY = 200;

  private final int slot;
  private final ActorContext<DeadLetters.Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final Runnable onDropped;
  private final OpenWork.Part report;

  private DeadLetterSlot(
      String id,
      ActorContext<DeadLetters.Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      Runnable dropped,
      OpenWork.Part report) {
    super(PersistenceId.ofUniqueId("dead-letters|" + id));
    this.slot = Integer.parseInt(id);
    this.context = context;
    this.shard = shard;
    this.onDropped = dropped;
    this.report = report;
  }

  /**
   * Creates the behaviour of a slot.
   *
   * @param id the number of the slot
   * @param dropped called for each letter that is dropped because the slot is full
   * @param letters where the slot reports how many letters it has
   */
  static Behavior<DeadLetters.Command> create(
      String id, ActorRef<ClusterSharding.ShardCommand> shard, Runnable dropped, OpenWork letters) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE_TIMEOUT, new DeadLetters.Idle());
          return new DeadLetterSlot(id, context, shard, dropped, letters.part());
        });
  }

  @Override
  public DeadLetterState emptyState() {
    return new DeadLetterState();
  }

  @Override
  public EventHandler<DeadLetterState, DeadLetterEvent> eventHandler() {
    return DeadLetterState::apply;
  }

  @Override
  public SignalHandler<DeadLetterState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::report)
        .onSignal(PostStop.instance(), ended -> report.end())
        .build();
  }

  private void report(DeadLetterState state) {
    Map.Entry<Long, DeadLetter> oldest = state.letters().firstEntry();
    report.set(state.letters().size(), oldest == null ? 0 : oldest.getValue().at());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2).withDeleteEventsOnSnapshot();
  }

  @Override
  public SnapshotAdapter<DeadLetterState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(DeadLetterState state) {
        return state.snapshot();
      }

      @Override
      public DeadLetterState fromJournal(Object from) {
        return DeadLetterState.of((DeadLetterState.Snapshot) from);
      }
    };
  }

  @Override
  public CommandHandler<DeadLetters.Command, DeadLetterEvent, DeadLetterState> commandHandler() {
    return (state, command) ->
        switch (command) {
          case DeadLetters.Keep c -> keep(state, c);
          case DeadLetters.GetPage c -> {
            c.replyTo().tell(page(state, c));
            yield Effect().none();
          }
          case DeadLetters.Remove c -> remove(state, c);
          case DeadLetters.Idle c -> {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
            yield Effect().none();
          }
          case DeadLetters.Stop c -> Effect().stop();
        };
  }

  private Effect<DeadLetterEvent, DeadLetterState> keep(DeadLetterState state, DeadLetters.Keep c) {
    DeadLetters.Kept kept = new DeadLetters.Kept(c.reference());
    if (state.hasNewer(c.letter())) {
      c.replyTo().tell(kept);
      return Effect().none();
    }
    long before = state.dropped();
    return Effect()
        .persist(new DeadLetterEvent.Kept(state.nextNumber(), c.letter()))
        .thenRun(
            after -> {
              if (after.dropped() > before) {
                onDropped.run();
              }
              report(after);
              c.replyTo().tell(kept);
            });
  }

  private Effect<DeadLetterEvent, DeadLetterState> remove(
      DeadLetterState state, DeadLetters.Remove c) {
    List<Long> there = c.nrs().stream().distinct().filter(state.letters()::containsKey).toList();
    DeadLetters.Removed removed = new DeadLetters.Removed(there.size());
    if (there.isEmpty()) {
      c.replyTo().tell(removed);
      return Effect().none();
    }
    return Effect()
        .persist(new DeadLetterEvent.Removed(there))
        .thenRun(
            after -> {
              report(after);
              c.replyTo().tell(removed);
            });
  }

  private DeadLetters.Page page(DeadLetterState state, DeadLetters.GetPage c) {
    int limit = Math.clamp(c.limit(), 1, DeadLetters.PAGE);
    List<DeadLetters.Letter> page = new ArrayList<>();
    boolean more = false;
    for (Map.Entry<Long, DeadLetter> one : state.letters().tailMap(c.after(), false).entrySet()) {
      if (c.user() != null && !c.user().equals(one.getValue().userId())) {
        continue;
      }
      if (page.size() == limit) {
        more = true;
        break;
      }
      page.add(new DeadLetters.Letter(slot, one.getKey(), one.getValue()));
    }
    return new DeadLetters.Page(page, more, state.nextNumber() - 1, state.dropped());
  }
}
