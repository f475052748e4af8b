package parley.audit;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import parley.snapshot.PiecedSnapshotStore;

/**
 * The behaviour of {@link AuditLog}. A request gets no answer if the stash is full or a write
 * fails. Then its sender refuses the change.
 */
final class AuditLogEntity extends EventSourcedBehavior<AuditLog.Command, AuditEvent, AuditState> {
  private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

  /** Events between two snapshots. The events before the older snapshot are removed. */
  private static final int SNAPSHOT_EVERY = 500;

  private final ActorContext<AuditLog.Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final InstantSource clock;

  private AuditLogEntity(
      ActorContext<AuditLog.Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      InstantSource clock) {
    super(PersistenceId.ofUniqueId("audit|" + AuditLog.ID));
    this.context = context;
    this.shard = shard;
    this.clock = clock;
  }

  /** Creates the behaviour of the log. */
  static Behavior<AuditLog.Command> create(
      ActorRef<ClusterSharding.ShardCommand> shard, InstantSource clock) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE_TIMEOUT, new AuditLog.Idle());
          return new AuditLogEntity(context, shard, clock);
        });
  }

  @Override
  public AuditState emptyState() {
    return new AuditState();
  }

  @Override
  public EventHandler<AuditState, AuditEvent> eventHandler() {
    return AuditState::apply;
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 2).withDeleteEventsOnSnapshot();
  }

  @Override
  public SnapshotAdapter<AuditState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(AuditState state) {
        return state.toSnapshot();
      }

      @Override
      public AuditState fromJournal(Object from) {
        return AuditState.of((AuditState.Snapshot) from);
      }
    };
  }

  @Override
  public CommandHandler<AuditLog.Command, AuditEvent, AuditState> commandHandler() {
    return (state, command) ->
        switch (command) {
          case AuditLog.Start c -> start(state, c);
          case AuditLog.Finish c -> finish(state, c);
          case AuditLog.GetPage c -> {
            c.replyTo().tell(state.page(c.after(), c.limit(), clock.millis()));
            yield Effect().none();
          }
          case AuditLog.Idle c -> {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
            yield Effect().none();
          }
          case AuditLog.Stop c -> Effect().stop();
        };
  }

  private Effect<AuditEvent, AuditState> start(AuditState state, AuditLog.Start c) {
    long nr = state.nextNumber();
    return Effect()
        .persist(
            new AuditEvent.ChangeStarted(
                nr,
                clock.millis(),
                cut(c.who(), AuditLog.WHO_LENGTH),
                cut(c.address(), AuditLog.ADDRESS_LENGTH),
                cut(c.action(), AuditLog.ACTION_LENGTH),
                cut(c.target(), AuditLog.TARGET_LENGTH),
                cutBytes(c.detail(), AuditLog.DETAIL_BYTES)))
        .thenRun(after -> c.replyTo().tell(new AuditLog.Started(nr)));
  }

  private Effect<AuditEvent, AuditState> finish(AuditState state, AuditLog.Finish c) {
    AuditLog.Finished finished = new AuditLog.Finished(c.nr());
    if (!state.contains(c.nr())) {
      c.replyTo().tell(finished);
      return Effect().none();
    }
    return Effect()
        .persist(new AuditEvent.ChangeFinished(c.nr(), clock.millis(), c.status()))
        .thenRun(after -> c.replyTo().tell(finished));
  }

  /** At most so many bytes of UTF-8: a body may hold any characters. */
  private static String cutBytes(String text, int most) {
    int end = Math.min(text.length(), most);
    while (text.substring(0, end).getBytes(StandardCharsets.UTF_8).length > most) {
      end--;
    }
    return end == text.length() ? text : cut(text, Math.max(2, end - 1));
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    // Half of a character cannot be stored.
    int end = Character.isHighSurrogate(text.charAt(most - 2)) ? most - 2 : most - 1;
    return text.substring(0, end) + "…";
  }
}
