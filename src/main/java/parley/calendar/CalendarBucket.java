package parley.calendar;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.serial.Local;
import parley.serial.Wire;
import parley.snapshot.PiecedSnapshotStore;

/**
 * The conversations to look at on one day whose ids fall into one of {@value #SLOTS} slots. It is
 * an event-sourced, sharded entity, in memory only while conversations register or the day has
 * come. It holds at most {@value #CAPACITY} ids; the next conversation is sent on to the day after.
 * An id stays until its conversation reports that it is done. A bucket whose day has come and that
 * is empty leaves nothing in the store.
 *
 * <p>Registrations that arrive while an event is being stored go into the next event. If more
 * arrive than the stash holds, they are dropped: conversations repeat what was not answered.
 *
 * <p><b>Scale.</b> 100 million conversations of which a third is written in each month are 1.1
 * million registrations a day, 13 a second over all nodes: 2,100 a bucket. About twice as many
 * buckets are in memory as there are slots (those of today, and those a {@code PARLEY_HOT_DAYS}
 * ahead). The maximum is {@value #SLOTS} times {@value #CAPACITY} conversations a day, 4 million.
 */
public final class CalendarBucket
    extends EventSourcedBehavior<CalendarBucket.Command, CalendarBucketEvent, Set<ConversationId>> {
  /** The sharding key of buckets. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "archive-day");

  /** Slots of a day. The number never changes. */
  static final int SLOTS = 512;

  /** Maximum number of ids in a bucket. */
  static final int CAPACITY = 8_192;

  /** Maximum number of changes in one event, far below the limit of any store. */
  private static final int MAX_CHANGES_PER_EVENT = 1_024;

  private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

  /** The messages of a bucket. */
  public sealed interface Command extends Wire permits Register, Ask, Finished, Internal {}

  /** Registers a conversation. Answered when it is durable. May be repeated. */
  public record Register(ConversationId id, ActorRef<Answer> replyTo) implements Command {}

  /** The answer to {@link Register}. */
  public sealed interface Answer extends Wire permits Registered, NotThatDay {
    /** The registered conversation. */
    ConversationId id();

    /** The requested day. */
    long day();
  }

  /** The registration is durable. */
  public record Registered(ConversationId id, long day) implements Answer {}

  /**
   * The day is over, or its bucket is full. The caller has to ask for {@code earliest} or a later
   * day.
   */
  public record NotThatDay(ConversationId id, long day, long earliest) implements Answer {}

  /** The clock asks for conversations that are not done yet, {@code most} at most. */
  record Ask(int most, ActorRef<Waiting> replyTo) implements Command {}

  /** Some of the conversations that are not done yet; empty if there are none. */
  record Waiting(long day, int slot, List<ConversationId> ids) implements Wire {}

  /** This conversation is done. */
  record Finished(ConversationId id) implements Command {}

  private enum Internal implements Command, Local {
    FLUSH,
    IDLE,
    STOP
  }

  private final long day;
  private final int slot;
  private final InstantSource clock;
  private final ActorContext<Command> context;
  private final @Nullable ActorRef<ClusterSharding.ShardCommand> shard;
  private final Map<ConversationId, List<ActorRef<Answer>>> pendingRegistrations =
      new LinkedHashMap<>();
  private final Set<ConversationId> finished = new LinkedHashSet<>();
  private boolean flushScheduled;
  private boolean wiped;

  /** The behaviour of the bucket with that name, see {@link #name}. */
  static Behavior<Command> create(
      String name, InstantSource clock, @Nullable ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE_TIMEOUT, Internal.IDLE);
          return new CalendarBucket(name, clock, context, shard);
        });
  }

  /** The stop message of a bucket. */
  static Command stop() {
    return Internal.STOP;
  }

  /** The entity id of a bucket. */
  static String name(long day, int slot) {
    return day + "-" + slot;
  }

  /** The slot of a conversation. It never changes. */
  static int slot(ConversationId id) {
    return Math.floorMod(id.value().hashCode(), SLOTS);
  }

  private CalendarBucket(
      String name,
      InstantSource clock,
      ActorContext<Command> context,
      @Nullable ActorRef<ClusterSharding.ShardCommand> shard) {
    super(PersistenceId.ofUniqueId("archive-day|" + name));
    int dash = name.lastIndexOf('-');
    this.day = Long.parseLong(name.substring(0, dash));
    this.slot = Integer.parseInt(name.substring(dash + 1));
    this.clock = clock;
    this.context = context;
    this.shard = shard;
  }

  @Override
  public Set<ConversationId> emptyState() {
    return new LinkedHashSet<>();
  }

  @Override
  public EventHandler<Set<ConversationId>, CalendarBucketEvent> eventHandler() {
    return (ids, event) -> {
      if (event.added() != null) {
        ids.addAll(event.added());
      }
      if (event.removed() != null) {
        event.removed().forEach(ids::remove);
      }
      return ids;
    };
  }

  @Override
  public SnapshotAdapter<Set<ConversationId>> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(Set<ConversationId> ids) {
        return new CalendarBucketSnapshot(List.copyOf(ids));
      }

      @Override
      public Set<ConversationId> fromJournal(Object stored) {
        List<ConversationId> ids = ((CalendarBucketSnapshot) stored).ids();
        return ids == null ? new LinkedHashSet<>() : new LinkedHashSet<>(ids);
      }
    };
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(200, 2).withDeleteEventsOnSnapshot();
  }

  @Override
  public CommandHandler<Command, CalendarBucketEvent, Set<ConversationId>> commandHandler() {
    return (ids, command) ->
        switch (command) {
          case Register register -> register(ids, register);
          case Ask ask -> ask(ids, ask);
          case Finished done -> finished(ids, done);
          case Internal internal ->
              switch (internal) {
                case FLUSH -> flush();
                case IDLE -> {
                  if (shard != null) {
                    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
                  }
                  yield Effect().none();
                }
                case STOP -> Effect().stop();
              };
        };
  }

  private long today() {
    return Calendar.day(clock.millis());
  }

  private Effect<CalendarBucketEvent, Set<ConversationId>> register(
      Set<ConversationId> ids, Register register) {
    if (day <= today()) {
      register.replyTo().tell(new NotThatDay(register.id(), day, today() + 1));
    } else if (ids.contains(register.id()) && !finished.contains(register.id())) {
      register.replyTo().tell(new Registered(register.id(), day));
    } else if (ids.size() + pendingRegistrations.size() >= CAPACITY) {
      register.replyTo().tell(new NotThatDay(register.id(), day, day + 1));
    } else {
      pendingRegistrations
          .computeIfAbsent(register.id(), id -> new ArrayList<>(1))
          .add(register.replyTo());
      return flushSoon();
    }
    return Effect().none();
  }

  private Effect<CalendarBucketEvent, Set<ConversationId>> finished(
      Set<ConversationId> ids, Finished done) {
    if (ids.contains(done.id())) {
      finished.add(done.id());
      return flushSoon();
    }
    return Effect().none();
  }

  /**
   * Stores the changes after the messages that are in the mailbox now, so that one event holds them
   * all. At {@value #MAX_CHANGES_PER_EVENT} changes, stores them at once.
   */
  private Effect<CalendarBucketEvent, Set<ConversationId>> flushSoon() {
    if (pendingRegistrations.size() + finished.size() >= MAX_CHANGES_PER_EVENT) {
      return flush();
    }
    if (!flushScheduled) {
      flushScheduled = true;
      context.getSelf().tell(Internal.FLUSH);
    }
    return Effect().none();
  }

  private Effect<CalendarBucketEvent, Set<ConversationId>> flush() {
    flushScheduled = false;
    if (pendingRegistrations.isEmpty() && finished.isEmpty()) {
      return Effect().none();
    }
    CalendarBucketEvent event =
        new CalendarBucketEvent.Changed(
            pendingRegistrations.isEmpty() ? null : List.copyOf(pendingRegistrations.keySet()),
            finished.isEmpty() ? null : List.copyOf(finished));
    Map<ConversationId, List<ActorRef<Answer>>> asked = new LinkedHashMap<>(pendingRegistrations);
    pendingRegistrations.clear();
    finished.clear();
    wiped = false;
    return Effect()
        .persist(event)
        .thenRun(
            after ->
                asked.forEach(
                    (id, those) -> those.forEach(one -> one.tell(new Registered(id, day)))));
  }

  private Effect<CalendarBucketEvent, Set<ConversationId>> ask(Set<ConversationId> ids, Ask ask) {
    List<ConversationId> some =
        ids.stream().filter(id -> !finished.contains(id)).limit(ask.most()).toList();
    ask.replyTo().tell(new Waiting(day, slot, some));
    if (ids.isEmpty() && pendingRegistrations.isEmpty() && day <= today() && !wiped) {
      wiped = true;
      EntityWipe.deleteAll(context, persistenceId().id(), lastSequenceNumber(context));
    }
    return Effect().none();
  }
}
