package parley.control;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import parley.bounds.BoundedMap;
import parley.snapshot.PiecedSnapshotStore;

/**
 * The behaviour of {@link SettingStore}. A request gets no answer if the stash is full or a write
 * fails. It stays in memory: every node asks it each few seconds.
 */
final class SettingStoreEntity
    extends EventSourcedBehavior<SettingStore.Command, SettingEvent, SettingStoreState> {
  /** Events between two snapshots. The events before the older snapshot are removed. */
  private static final int SNAPSHOT_EVERY = 200;

  private final InstantSource clock;

  /** The nodes that have asked lately. A node that is gone costs a message for each change. */
  private final BoundedMap<ActorRef<SettingStore.ToNode>, Boolean> nodes =
      BoundedMap.byAge(SettingStore.NODES);

  private SettingStoreEntity(InstantSource clock) {
    super(PersistenceId.ofUniqueId("runtime-settings|" + SettingStore.ID));
    this.clock = clock;
  }

  /** Creates the behaviour of the store. */
  static Behavior<SettingStore.Command> create(InstantSource clock) {
    return Behaviors.setup(context -> new SettingStoreEntity(clock));
  }

  @Override
  public SettingStoreState emptyState() {
    return new SettingStoreState();
  }

  @Override
  public EventHandler<SettingStoreState, SettingEvent> eventHandler() {
    return SettingStoreState::apply;
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
  public SnapshotAdapter<SettingStoreState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(SettingStoreState state) {
        return state.toSnapshot();
      }

      @Override
      public SettingStoreState fromJournal(Object from) {
        return SettingStoreState.of((SettingStoreState.Snapshot) from);
      }
    };
  }

  @Override
  public CommandHandler<SettingStore.Command, SettingEvent, SettingStoreState> commandHandler() {
    return (state, command) ->
        switch (command) {
          case SettingStore.Put c -> put(state, c);
          case SettingStore.Remove c -> remove(state, c);
          case SettingStore.Get c -> {
            nodes.putLast(c.node(), true);
            c.node()
                .tell(
                    c.known() == state.version()
                        ? new SettingStore.Page(state.version(), true, c.after(), List.of(), false)
                        : state.page(c.after(), clock.millis()));
            yield Effect().none();
          }
          case SettingStore.Stop c -> Effect().stop();
        };
  }

  private Effect<SettingEvent, SettingStoreState> put(SettingStoreState state, SettingStore.Put c) {
    long now = clock.millis();
    if (!state.hasRoom(c.name(), SettingCatalog.familyOf(c.name()), now)) {
      c.replyTo().tell(new SettingStore.Full());
      return Effect().none();
    }
    long until = c.minutes() == 0 ? 0 : now + Duration.ofMinutes(c.minutes()).toMillis();
    return write(
        new SettingEvent.SettingChanged(now, c.name(), c.value(), c.who(), until), c.replyTo());
  }

  private Effect<SettingEvent, SettingStoreState> remove(
      SettingStoreState state, SettingStore.Remove c) {
    if (!state.contains(c.name())) {
      c.replyTo().tell(new SettingStore.Changed(state.version()));
      return Effect().none();
    }
    return write(new SettingEvent.SettingRemoved(clock.millis(), c.name()), c.replyTo());
  }

  private Effect<SettingEvent, SettingStoreState> write(
      SettingEvent event, ActorRef<SettingStore.Reply> replyTo) {
    return Effect()
        .persist(event)
        .thenRun(
            after -> {
              replyTo.tell(new SettingStore.Changed(after.version()));
              SettingStore.News news = new SettingStore.News(after.version());
              nodes.keySet().forEach(node -> node.tell(news));
            });
  }
}
