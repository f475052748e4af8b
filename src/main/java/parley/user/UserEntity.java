package parley.user;

import java.util.Objects;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.SnapshotCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.bounds.AdmissionGuard;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;
import parley.snapshot.PiecedSnapshotStore;
import parley.snapshot.SnapshotRetention;

/**
 * The behaviour of a user entity: which command changes what, and what must be durable before which
 * recipient is told.
 *
 * <pre>
 *   Deliver --&gt; DeliveryResult --&gt; UnsavedChanges (memory) --&gt; sessions, at once
 *                                        | Flush, later (FlushSchedule), one event for everything
 *                                        v
 *                                    UserState (journal) --&gt; Dispatched to each conversation in the event
 * </pre>
 *
 * <p>A failed write stops the entity and does not restart it in place. A restart in place would
 * keep the actor reference that sessions watch but lose the sessions. After a stop, sessions notice
 * the end and close as {@code state_lost}. The next message makes sharding start the user again
 * from durable state.
 */
final class UserEntity extends EventSourcedBehavior<User.Command, UserEvent, UserState> {
  private static final Logger LOG = LoggerFactory.getLogger(UserEntity.class);

  private final UserId id;
  private final UserSettings settings;
  private final PushDependencies pushDependencies;
  private final AdmissionGuard<User.Command> guard;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final Function<UserState, UserLive> makeLive;
  private final SnapshotRetention retention;
  private final UserReport report;
  private final TimerScheduler<User.Command> timers;
  private final long startedAt = System.nanoTime();
  private @Nullable Handlers handlers;

  /** What handles commands; made once, when the recovery is complete. */
  private record Handlers(
      UserLive live,
      UserLifecycle lifecycle,
      ProfileHandler profile,
      DeliveryHandler deliveries,
      SessionHandler sessions,
      InboxHandler inbox,
      PushHandler pushes,
      UserInspector inspector,
      AdministrationHandler administration) {}

  private UserEntity(
      UserId id,
      UserDependencies dependencies,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers,
      AdmissionGuard<User.Command> guard) {
    super(PersistenceId.ofUniqueId("user|" + id));
    this.id = id;
    this.settings = dependencies.settings();
    this.pushDependencies = dependencies.pushing();
    this.guard = guard;
    this.shard = shard;
    this.timers = timers;
    this.report = new UserReport(id, dependencies.meters(), dependencies.samples());
    this.makeLive =
        state ->
            new UserLive(
                id,
                settings,
                dependencies.conversations(),
                dependencies.logins(),
                pushDependencies,
                report,
                context,
                timers,
                state,
                dependencies.clock(),
                dependencies.trail());
    this.retention =
        SnapshotRetention.of(
            context.getSystem(),
            persistenceId().id(),
            PiecedSnapshotStore.PLUGIN,
            dependencies.clock());
  }

  static Behavior<User.Command> create(
      UserId id, UserDependencies dependencies, ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(dependencies.settings().idle(), new UserInternal.Idle());
          AdmissionGuard<User.Command> guard =
              new AdmissionGuard<>(
                  User.Command.class,
                  AdmissionGuard.MAX_WAITING,
                  command ->
                      command instanceof UserInternal || command instanceof User.SessionAlive,
                  UserRefusals::overloaded,
                  id.value());
          return guard.guard(
              Behaviors.withTimers(
                  timers -> new UserEntity(id, dependencies, shard, context, timers, guard)));
        });
  }

  @Override
  public UserState emptyState() {
    return new UserState(id);
  }

  @Override
  public EventHandler<UserState, UserEvent> eventHandler() {
    return (state, event) -> {
      if (state.profile() == null && !(event instanceof UserEvent.Created)) {
        // A user without its beginning must not look like one that was never created.
        throw new IllegalStateException(
            id + ": the events begin after the user's creation, and no snapshot covers it");
      }
      return state.apply(event);
    };
  }

  @Override
  public CommandHandler<User.Command, UserEvent, UserState> commandHandler() {
    return (state, command) -> {
      Effect<UserEvent, UserState> effect = handle(state, command);
      if (handlers != null) {
        report.report(handlers.live());
      }
      return effect;
    };
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  @Override
  public boolean shouldSnapshot(UserState after, UserEvent event, long number) {
    boolean due = settings.snapshots().isDue(number, after::snapshotBytes);
    if (due) {
      retention.begin(number);
    }
    return due;
  }

  @Override
  public SnapshotAdapter<UserState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(UserState state) {
        return state.toSnapshot().withRemoval(retention.plan());
      }

      @Override
      public UserState fromJournal(Object from) {
        UserSnapshot snapshot = (UserSnapshot) from;
        retention.recovered(snapshot.removal());
        return UserState.of(id, snapshot);
      }
    };
  }

  @Override
  public SignalHandler<UserState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::recovered)
        .onSignal(
            SnapshotCompleted.class,
            (state, stored) -> retention.completed(stored.getSnapshotMetadata().sequenceNr()))
        .onSignal(PreRestart.instance(), ended -> end())
        .onSignal(PostStop.instance(), ended -> end())
        .build();
  }

  /** The entity has stopped, or failed: callers that wait ask its next incarnation. */
  private void end() {
    if (handlers != null) {
      handlers.live().staleRows.refuseAll();
    }
    report.end();
  }

  private void recovered(UserState state) {
    UserLive live = makeLive.apply(state);
    UserLifecycle lifecycle = new UserLifecycle(live, Effect(), shard);
    handlers =
        new Handlers(
            live,
            lifecycle,
            new ProfileHandler(live, Effect()),
            new DeliveryHandler(live),
            new SessionHandler(live, Effect()),
            new InboxHandler(live, Effect()),
            new PushHandler(id, live, Effect(), lifecycle),
            new UserInspector(live),
            new AdministrationHandler(live, Effect(), timers));
    live.recovered(state);
    report.recovered(System.nanoTime() - startedAt);
    report.report(live);
  }

  private Effect<UserEvent, UserState> handle(UserState state, User.Command command) {
    guard.handled(command);
    Handlers to = Objects.requireNonNull(handlers, "commands come after the recovery");
    if (state.profile() == null && !(command instanceof User.Ensure)) {
      return handleUnknownUser(to, command);
    }
    UserLive live = to.live();
    return switch (command) {
      case User.Ensure c -> to.profile().ensure(state, c);
      case User.GetProfile c -> to.profile().get(state, c);
      case User.ChangeProfile c -> to.profile().changeProfile(state, c);
      case User.SetStatus c -> to.sessions().setStatus(c);
      case User.Watch c -> to.sessions().watch(c);
      case User.GetDevices c -> to.sessions().devices(state, c);
      case User.RemoveDevice c -> to.sessions().removeDevice(state, c);
      case User.EndLogin c -> to.sessions().endLogin(state, c);
      case User.Attach c -> to.sessions().attach(state, c);
      case User.SessionAlive c -> to.sessions().sessionAlive(state, c);
      case User.Check c ->
          run(() -> live.liveSessions.check(c, state.devices().containsKey(c.deviceId())));
      case User.LosePushToken c -> to.pushes().persistStep(live.tokens.lose(state, c));
      case User.SetPushToken c -> to.pushes().persistStep(live.tokens.set(state, c, live.now()));
      case UserPush.Again c -> to.pushes().repeatPush(state, c);
      case UserPush.Woken c -> to.pushes().woken(state);
      case UserPush.Reminded c -> to.pushes().reminded(state, c);
      case User.GetInbox c -> to.inbox().getInbox(c);
      case User.SetRowFlags c -> to.inbox().setRowFlags(state, c);
      case User.BeginGroup c -> to.inbox().beginGroup(state, c);
      case User.Typing c -> to.inbox().typing(c);
      case User.Acked c -> run(() -> live.acked(state, c, live.now()));
      case User.Spent c -> run(() -> live.messageAllowance.spent(c, live.now()));
      case User.Deliver c ->
          run(
              () ->
                  live.liveSessions.together(() -> to.deliveries().deliver(state, c, live.now())));
      case UserInspection c -> run(() -> to.inspector().answer(state, c));
      case UserAdministration c -> to.administration().handle(state, c);
      case UserInternal c -> internal(to, state, c);
    };
  }

  private Effect<UserEvent, UserState> internal(
      Handlers to, UserState state, UserInternal command) {
    UserLive live = to.live();
    return switch (command) {
      case UserInternal.Flush c -> to.lifecycle().flush(state);
      case UserInternal.Idle c -> to.lifecycle().idle(state);
      case UserInternal.Stop c -> to.lifecycle().stop(state);
      case UserInternal.NoticesDue c -> to.profile().sendNotices(state);
      case UserInternal.SessionEnded c ->
          run(
              () -> {
                live.sessionEnded(state, c, live.now());
                to.administration().sessionEnded(c.session());
              });
      case UserInternal.EndedSessionsDue c -> run(to.administration()::repeat);
      case UserInternal.LoginTold c -> to.sessions().loginTold(state, c);
      case UserInternal.LoginEndNoticesDue c -> run(() -> live.loginEndNotices.tell(state));
      case UserInternal.AskForRows c -> run(() -> live.staleRows.tick(state));
      case UserInternal.PushDue c -> run(() -> live.push(state, live.now()));
      case UserInternal.PushSent c -> to.pushes().pushSent(state, c);
      case UserInternal.LetterKept c -> to.pushes().letterKept(state, c);
      case UserInternal.TokenClaimed c ->
          to.pushes().persistStep(live.tokens.claimed(state, c, live.now()));
      case UserInternal.TokenReclaimed c ->
          to.pushes().persistStep(live.tokens.reclaimed(state, c));
      case UserInternal.TokenReleased c -> to.pushes().persistStep(live.tokens.released(state, c));
      case UserInternal.TokensDue c -> run(() -> live.tokens.sendDue(state));
    };
  }

  private Effect<UserEvent, UserState> run(Runnable action) {
    action.run();
    return Effect().none();
  }

  /**
   * Handles a command to a user that does not exist. No command but {@code Ensure} creates a user,
   * and the entity does not stay in memory. It does not ask to be passivated while other commands
   * wait: the last of them asks, unless one of them creates the user.
   */
  private Effect<UserEvent, UserState> handleUnknownUser(Handlers to, User.Command command) {
    switch (command) {
      case User.GetProfile c -> c.replyTo().tell(new User.NoSuchUser(id));
      case User.Deliver c ->
          LOG.warn(
              "{}: delivery from {} ignored, the user was never created", id, c.conversationId());
      // The account is registered but the user was never created, so there is no login to end here.
      case User.EndLogin c -> c.replyTo().tell(new User.Done());
      case User.LosePushToken c -> c.replyTo().tell(new User.Done());
      case UserInternal.Stop c -> {
        return Effect().stop();
      }
      case UserPush.Woken c -> pushDependencies.reminders().tell(id, new UserReminder.Release());
      case UserInternal c -> {}
      default -> UserRefusals.refuse(command, Refusal.of(ErrorCode.NOT_FOUND, "no such user"));
    }
    if (guard.waiting() <= 0 || command instanceof UserInternal.Idle) {
      to.lifecycle().passivate();
    }
    return Effect().none();
  }
}
