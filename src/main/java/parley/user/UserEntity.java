package parley.user;

import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.InboxPage;
import parley.model.Limits;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;
import parley.snapshot.PiecedSnapshotStore;

/**
 * The behaviour of a user entity: which command changes what, and what must be durable before which
 * recipient is told.
 *
 * <pre>
 *   Deliver --&gt; DeliveryHandler --&gt; UnsavedChanges (memory) --&gt; sessions, at once
 *                                        | Flush, a quarter of a second later, one event for everything
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
  private final User.Conversations conversations;
  private final User.Logins logins;
  private final InstantSource clock;
  private final PushDependencies pushDependencies;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final ActorContext<User.Command> context;
  private final TimerScheduler<User.Command> timers;
  private final AdmissionGuard<User.Command> guard;
  private @Nullable UserLive live;

  private UserEntity(
      UserId id,
      UserSettings settings,
      User.Conversations conversations,
      User.Logins logins,
      InstantSource clock,
      PushDependencies pushDependencies,
      ActorRef<ClusterSharding.ShardCommand> shard,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers,
      AdmissionGuard<User.Command> guard) {
    super(PersistenceId.ofUniqueId("user|" + id));
    this.id = id;
    this.settings = settings;
    this.conversations = conversations;
    this.logins = logins;
    this.clock = clock;
    this.pushDependencies = pushDependencies;
    this.shard = shard;
    this.context = context;
    this.timers = timers;
    this.guard = guard;
  }

  static Behavior<User.Command> create(
      UserId id,
      UserSettings settings,
      User.Conversations conversations,
      User.Logins logins,
      InstantSource clock,
      PushDependencies pushDependencies,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(settings.idle(), new UserInternal.Idle());
          AdmissionGuard<User.Command> guard =
              new AdmissionGuard<>(
                  User.Command.class,
                  AdmissionGuard.BOUND,
                  command -> command instanceof UserInternal || command instanceof User.Living,
                  UserRefusals::overloaded);
          return guard.guard(
              Behaviors.withTimers(
                  timers ->
                      new UserEntity(
                          id,
                          settings,
                          conversations,
                          logins,
                          clock,
                          pushDependencies,
                          shard,
                          context,
                          timers,
                          guard)));
        });
  }

  @Override
  public UserState emptyState() {
    return new UserState(id);
  }

  @Override
  public EventHandler<UserState, UserEvent> eventHandler() {
    return UserState::apply;
  }

  @Override
  public CommandHandler<User.Command, UserEvent, UserState> commandHandler() {
    return this::handle;
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(settings.snapshotEvery(), 2);
  }

  @Override
  public SnapshotAdapter<UserState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(UserState state) {
        return state.snapshot();
      }

      @Override
      public UserState fromJournal(Object from) {
        return UserState.of(id, (UserSnapshot) from);
      }
    };
  }

  @Override
  public SignalHandler<UserState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::recovered)
        .build();
  }

  private void recovered(UserState state) {
    live =
        new UserLive(
            id, settings, conversations, logins, pushDependencies, context, timers, state, now());
    live.loginEndNotices.tell(state);
    live.tokens.sendDue(state);
    live.push(state, now());
    if (!state.announced()) {
      live.announce(state, now());
    }
  }

  private long now() {
    return clock.millis();
  }

  private UserLive live() {
    return Objects.requireNonNull(live, "commands are handled after recovery");
  }

  private Effect<UserEvent, UserState> handle(UserState state, User.Command command) {
    guard.handled(command);
    if (state.profile() == null && !(command instanceof User.Ensure)) {
      return handleUnknownUser(command);
    }
    return switch (command) {
      case User.Ensure c -> ensure(state, c);
      case User.GetProfile c -> reply(c.replyTo(), found(state));
      case User.ChangeProfile c -> changeProfile(state, c);
      case User.SetStatus c -> setStatus(c);
      case User.Watch c -> watch(c);
      case User.GetDevices c -> reply(c.replyTo(), new User.Devices(live().devices(state, now())));
      case User.RemoveDevice c -> removeDevice(state, c);
      case User.EndLogin c -> endLogin(state, c);
      case User.LosePushToken c -> persistStep(live().tokens.lose(state, c));
      case User.SetPushToken c -> persistStep(live().tokens.set(state, c, now()));
      case User.GetInbox c -> getInbox(c);
      case User.SetRowFlags c -> setRowFlags(state, c);
      case User.BeginGroup c -> beginGroup(state, c);
      case User.Attach c -> attach(state, c);
      case User.Living c -> living(state, c);
      case User.Acked c -> run(() -> live().acked(state, c, now()));
      case User.Check c ->
          run(() -> live().liveSessions.check(c, state.devices().containsKey(c.deviceId())));
      case User.Spent c -> run(() -> live().messageAllowance.spent(c, now()));
      case User.Deliver c -> run(() -> live().deliver(state, c, now()));
      case User.Typing c -> typing(c);
      case UserPush.Again c -> repeatPush(state, c);
      case UserPush.Woken c -> woken(state);
      case UserPush.Reminded c -> reminded(state, c);
      case UserInternal c -> handleInternal(state, c);
    };
  }

  private Effect<UserEvent, UserState> handleInternal(UserState state, UserInternal command) {
    return switch (command) {
      case UserInternal.Flush c -> flush(state);
      case UserInternal.Tell c -> sendNotices(state);
      case UserInternal.SessionEnded c -> run(() -> live().sessionEnded(state, c, now()));
      case UserInternal.PushDue c -> run(() -> live().push(state, now()));
      case UserInternal.PushSent c -> pushSent(state, c);
      case UserInternal.LetterKept c ->
          run(
              () -> {
                live().pushSender.letterKept(c, now());
                live().push(state, now());
                context.getSelf().tell(new UserInternal.Flush());
              });
      case UserInternal.LoginTold c -> loginTold(state, c);
      case UserInternal.TokenClaimed c -> persistStep(live().tokens.claimed(state, c, now()));
      case UserInternal.TokenReclaimed c -> persistStep(live().tokens.reclaimed(state, c));
      case UserInternal.TokenReleased c -> persistStep(live().tokens.released(state, c));
      case UserInternal.TokensDue c -> run(() -> live().tokens.sendDue(state));
      case UserInternal.TellLogins c -> run(() -> live().loginEndNotices.tell(state));
      case UserInternal.Idle c -> idle(state);
      case UserInternal.Stop c -> stop(state);
      default -> Effect().unhandled();
    };
  }

  /**
   * Handles a command to a user that does not exist. No command but {@code Ensure} creates a user,
   * and the entity does not stay in memory. It does not ask to be passivated while other commands
   * wait: the last of them asks, unless one of them creates the user.
   */
  private Effect<UserEvent, UserState> handleUnknownUser(User.Command command) {
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
      passivate();
    }
    return Effect().none();
  }

  private Effect<UserEvent, UserState> run(Runnable action) {
    action.run();
    return Effect().none();
  }

  private <T> Effect<UserEvent, UserState> reply(ActorRef<? super T> to, T answer) {
    to.tell(answer);
    return Effect().none();
  }

  // ---- the profile

  private User.Found found(UserState state) {
    return new User.Found(Objects.requireNonNull(state.profile()));
  }

  private Effect<UserEvent, UserState> ensure(UserState state, User.Ensure c) {
    if (state.profile() != null) {
      return reply(c.replyTo(), found(state));
    }
    return Effect()
        .persist(new UserEvent.Created(c.username(), c.displayName(), now()))
        .thenRun(after -> c.replyTo().tell(found(after)));
  }

  private Effect<UserEvent, UserState> changeProfile(UserState state, User.ChangeProfile c) {
    Profile was = found(state).profile();
    String name = c.displayName() == null ? was.displayName() : c.displayName();
    String given = c.avatarUrl() == null ? was.avatarUrl() : c.avatarUrl();
    String avatar = given == null || given.isEmpty() ? null : given;
    if (name.equals(was.displayName()) && Objects.equals(avatar, was.avatarUrl())) {
      return reply(c.replyTo(), found(state));
    }
    return Effect()
        .persist(new UserEvent.ProfileChanged(name, avatar, state.revision() + 1))
        .thenRun(
            after -> {
              c.replyTo().tell(found(after));
              live().announce(after, now());
            });
  }

  private Effect<UserEvent, UserState> sendNotices(UserState state) {
    if (live().sendNotices(state, now())) {
      return Effect()
          .persist(new UserEvent.ProfileAnnounced(state.revision()))
          .thenRun(after -> live().scheduleNotices(after, now()));
    }
    return Effect().none();
  }

  // ---- presence and devices

  private Effect<UserEvent, UserState> setStatus(User.SetStatus c) {
    if (!live().liveSessions.isEmpty()) {
      live().presenceTracker.setStatus(c.status(), now());
      live().presenceTracker.changed(live().presence(now()), now());
    }
    return reply(c.replyTo(), new User.Done());
  }

  private Effect<UserEvent, UserState> watch(User.Watch c) {
    if (c.on()) {
      live().presenceTracker.watch(c.watcher(), live().presence(now()), now());
    } else {
      live().presenceTracker.unwatch(c.watcher());
    }
    return Effect().none();
  }

  private Effect<UserEvent, UserState> removeDevice(UserState state, User.RemoveDevice c) {
    if (!state.devices().containsKey(c.deviceId())) {
      return reply(c.replyTo(), noSuchDevice());
    }
    List<EndedLogin> ended = live().loginsOf(state, state.devices().get(c.deviceId()), now());
    return Effect()
        .persist(new UserEvent.DeviceRemoved(c.deviceId(), ended))
        .thenRun(
            after -> {
              live().deviceRemoved(c.deviceId(), now());
              ended.forEach(login -> live().loginEnded(after, login.sid(), now()));
              live().devicesChanged(after, now());
              live().loginEndNotices.tell(after);
              live().loginEndNotices.whenTold(ended, () -> c.replyTo().tell(new User.Done()));
            });
  }

  private Effect<UserEvent, UserState> endLogin(UserState state, User.EndLogin c) {
    if (state.hasLoginEnded(c.sid())) {
      return reply(c.replyTo(), new User.Done());
    }
    // Also writes the unsaved last-seen data, which says which devices used the login.
    UserEvent.Flushed event =
        UserEvent.Flushed.logins(
            List.of(new EndedLogin(c.sid(), now(), true)), live().unsavedChanges.seen());
    return Effect()
        .persist(event)
        .thenRun(
            after -> {
              live().loginEnded(after, c.sid(), now());
              live().devicesChanged(after, now());
              c.replyTo().tell(new User.Done());
            });
  }

  private Effect<UserEvent, UserState> loginTold(UserState state, UserInternal.LoginTold c) {
    live().loginEndNotices.told(c);
    EndedLogin login = state.endedLogin(c.sid());
    return c.known() && login != null && !login.told()
        ? Effect().persist(UserEvent.Flushed.logins(List.of(login.known()), List.of()))
        : Effect().none();
  }

  /**
   * Applies a change of push token ownership. It also changes which pushes are pending for devices.
   */
  private Effect<UserEvent, UserState> persistStep(TokenClaims.Step step) {
    if (step.event() == null) {
      return run(step.then());
    }
    return Effect()
        .persist(step.event())
        .thenRun(
            after -> {
              live().devicesChanged(after, now());
              step.then().run();
            });
  }

  // ---- pushes

  private Effect<UserEvent, UserState> pushSent(UserState state, UserInternal.PushSent c) {
    DeviceId gone = live().pushSender.sent(state, c, now());
    if (gone != null) {
      LOG.info("{}: push token of {} removed, its provider reports it as gone", id, gone);
      return persistStep(
          new TokenClaims.Step(new UserEvent.PushTokenSet(gone, null, null, 0), () -> {}));
    }
    live().push(state, now());
    context.getSelf().tell(new UserInternal.Flush());
    return Effect().none();
  }

  private Effect<UserEvent, UserState> woken(UserState state) {
    if (!live().pushSender.release(state)) {
      live().push(state, now());
    }
    return Effect().none();
  }

  private Effect<UserEvent, UserState> reminded(UserState state, UserPush.Reminded c) {
    live().pushSender.reminded(c);
    live().push(state, now());
    return Effect().none();
  }

  private Effect<UserEvent, UserState> repeatPush(UserState state, UserPush.Again c) {
    Device device = state.devices().get(c.deviceId());
    long number = device == null ? 0 : device.number();
    PendingPush one = new PendingPush(c.conversationId(), number, c.seq(), now(), 0, 0, null);
    UserPush.Need need = live().pushSchedule.need(one, live().unsavedChanges.get(one.id()), device);
    if (need == UserPush.Need.WAITS
        && !c.dryRun()
        && !(live().pushSender.hasRoom() && live().pushSchedule.plan(one, now()))) {
      need = UserPush.Need.FULL;
    }
    if (need != UserPush.Need.WAITS || c.dryRun()) {
      return reply(c.replyTo(), new UserPush.Answer(need));
    }
    return flush(state)
        .thenRun(
            after -> {
              UserPush.Answer owed = new UserPush.Answer(UserPush.Need.WAITS);
              live().pushSender.whenCrashSafe(after, () -> c.replyTo().tell(owed));
            });
  }

  private static User.Refused noSuchDevice() {
    return new User.Refused(Refusal.of(ErrorCode.NOT_FOUND, "no such device"));
  }

  // ---- the inbox

  private Effect<UserEvent, UserState> getInbox(User.GetInbox c) {
    InboxPage page = InboxPages.page(live().unsavedChanges.rows(), c.limit(), c.cursor());
    return reply(
        c.replyTo(),
        page == null
            ? new User.Refused(Refusal.of(ErrorCode.BAD_REQUEST, "cursor: not one of ours"))
            : new User.Inbox(page));
  }

  private Effect<UserEvent, UserState> setRowFlags(UserState state, User.SetRowFlags c) {
    if (!(live().unsavedChanges.get(c.conversationId()) instanceof VisibleRow visibleRow)) {
      return reply(c.replyTo(), new User.Refused(Refusal.notFound()));
    }
    VisibleRow changed = visibleRow.withFlags(c.muted(), c.pinned(), c.archived());
    if (changed.equals(visibleRow)) {
      return reply(c.replyTo(), new User.Done());
    }
    live().unsavedChanges.put(changed);
    UserEvent.Flushed event = live().eventOf(state, c.conversationId(), now());
    return Effect()
        .persist(event)
        .thenRun(
            after -> {
              c.replyTo().tell(new User.Done());
              live().rowChanged(changed.toInboxRow());
              live().settle(after, event, now());
            });
  }

  private Effect<UserEvent, UserState> typing(User.Typing c) {
    if (live().unsavedChanges.get(c.conversationId()) instanceof VisibleRow) {
      live()
          .liveSessions
          .tellAllUnnumbered(new User.TypingSeen(c.conversationId(), c.from(), c.active()));
    }
    return Effect().none();
  }

  // ---- groups

  private Effect<UserEvent, UserState> beginGroup(UserState state, User.BeginGroup c) {
    long now = now();
    String ref = c.clientRef();
    ConversationId known = ref == null ? null : state.groups().find(ref, now);
    if (known != null) {
      return reply(c.replyTo(), new User.GroupBegun(known));
    }
    if (c.retryAfterMillis() > 0) {
      return reply(
          c.replyTo(),
          new User.Refused(Refusal.rateLimited("too many messages", c.retryAfterMillis())));
    }
    long wait = state.groups().retryAfter(c.perDay(), now);
    if (wait > 0) {
      return reply(
          c.replyTo(), new User.Refused(Refusal.rateLimited("too many new groups in a day", wait)));
    }
    return Effect()
        .persist(new UserEvent.GroupBegun(new StartedGroups.Begun(c.id(), ref, now)))
        .thenRun(after -> c.replyTo().tell(new User.GroupBegun(c.id())));
  }

  // ---- sessions

  private Effect<UserEvent, UserState> attach(UserState state, User.Attach c) {
    if (state.hasLoginEnded(c.sid())) {
      LiveSessions.loginEnded(c);
      return Effect().none();
    }
    LiveSessions.Newcomer newcomer = live().liveSessions.admit(c);
    return newcomer == null ? Effect().none() : admit(state, newcomer);
  }

  private Effect<UserEvent, UserState> living(UserState state, User.Living c) {
    LiveSessions.Newcomer newcomer = live().liveSessions.probeAnswered(c);
    return newcomer == null ? Effect().none() : admit(state, newcomer);
  }

  /**
   * Lets a session in. A new device is made durable before its session receives anything. If a
   * crash lost the device, it would be unknown again, would start at the heads of that time, and
   * would miss the entries that were pending for it.
   */
  private Effect<UserEvent, UserState> admit(UserState state, LiveSessions.Newcomer newcomer) {
    User.Attach hello = newcomer.attach();
    // The login may have ended while the session was asked whether it is alive.
    if (state.hasLoginEnded(hello.sid())) {
      LiveSessions.loginEnded(hello);
      return Effect().none();
    }
    boolean known = state.devices().containsKey(hello.deviceId());
    if (known && !hello.fresh()) {
      return run(() -> live().attach(state, newcomer, now()));
    }
    if (!known && hello.resume()) {
      LiveSessions.removed(hello);
      return Effect().none();
    }
    DeviceId evicted = null;
    if (!known && state.devices().size() >= Limits.DEVICES) {
      evicted = live().evictable(state, now());
      if (evicted == null) {
        LiveSessions.refuse(
            hello,
            Refusal.of(
                ErrorCode.FORBIDDEN,
                "device_id: " + Limits.DEVICES + " devices of this user are connected"));
        return Effect().none();
      }
    }
    return Effect()
        .persist(
            new UserEvent.DeviceAdded(
                hello.deviceId(), state.nextDevice(), hello.client(), now(), evicted, hello.sid()))
        .thenRun(
            after -> {
              live().attach(after, newcomer, now());
              live().devicesChanged(after, now());
            });
  }

  // ---- flush and passivation

  private EffectBuilder<UserEvent, UserState> flush(UserState state) {
    live().refreshLastSeen(state, now());
    live().pushSender.sweep(state, now());
    if (live().isClean()) {
      return Effect().none();
    }
    UserEvent.Flushed event = live().nextEvent(state, now());
    return Effect().persist(event).thenRun(after -> live().settle(after, event, now()));
  }

  private Effect<UserEvent, UserState> idle(UserState state) {
    if (live().canPassivate(state, now())) {
      if (live().pushSender.hasReminder()) {
        live().pushSender.release(state);
      }
      passivate();
    }
    return Effect().none();
  }

  /**
   * Asks the shard for passivation. The shard answers with {@code Stop}, and buffers later messages
   * for the next incarnation.
   */
  private void passivate() {
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }

  /**
   * Flushes before it stops. Commands that are in the mailbox by then are handled before {@code
   * Stop} is tried again.
   */
  private Effect<UserEvent, UserState> stop(UserState state) {
    if (live().isClean()) {
      return Effect().stop();
    }
    UserEvent.Flushed event = live().nextEvent(state, now());
    return Effect()
        .persist(event)
        .thenRun(
            after -> {
              live().settle(after, event, now());
              context.getSelf().tell(new UserInternal.Stop());
            });
  }
}
