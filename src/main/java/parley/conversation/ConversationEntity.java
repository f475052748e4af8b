package parley.conversation;

import java.time.Duration;
import java.util.List;
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
import parley.bounds.AdmissionGuard;
import parley.conversation.ConversationEvent.Person;
import parley.cursors.CursorLog;
import parley.cursors.MemberCursors;
import parley.model.ConversationId;
import parley.snapshot.PiecedSnapshotStore;
import parley.snapshot.SnapshotRetention;
import parley.user.User;

/**
 * The event-sourced behaviour of one conversation. It receives every command, decides with the
 * helper classes of this package, persists the events, and answers the callers.
 *
 * <pre>
 *   Post ─▶ MessageLookups (duplicate?) ─▶ EntryRules (allowed?) ─▶ EntryBatch ─Flush─▶ journal
 *                                                                                    durable │
 *   members' User ◀── Dispatch (until acknowledged) ◀────────────────────────────────────────┤
 *   Posted ◀── caller is answered ◀──────────────────────────────────────────────────────────┘
 * </pre>
 *
 * <p>The behaviour stashes commands that arrive during a write. An {@link AdmissionGuard} in front
 * of the behaviour refuses commands before the stash can overflow. When the entity stops, it
 * answers {@code unavailable} for each accepted post that is not durable yet. The sender then
 * retries under the same {@code client_msg_id}.
 */
public final class ConversationEntity
    extends EventSourcedBehavior<Conversation.Command, ConversationEvent, ConversationState> {

  /** The pause after which a recovered conversation asks the cursor log again. */
  private static final Duration FIND_AGAIN_AFTER = Duration.ofSeconds(1);

  private final ConversationId id;
  private final ConversationDependencies dependencies;
  private final Function<ConversationState, ConversationLive> makeLive;
  private final AdmissionGuard<Conversation.Command> guard;
  private final ActorRef<Conversation.Command> self;
  private final SnapshotRetention retention;
  private final long startedAt = System.nanoTime();
  private @Nullable Handlers handlers;

  /** Whether the cursor log was asked for cursors that members were told, and has not answered. */
  private boolean awaitsCursors;

  /** What handles commands; made once, when the recovery is complete. */
  private record Handlers(
      ConversationLive live,
      ConversationWrites writes,
      ConversationQueries queries,
      ReceiptHandler receipts,
      ConversationInspector inspector,
      ConversationLifecycle lifecycle) {}

  /** The behaviour of one conversation. */
  public static Behavior<Conversation.Command> create(
      ConversationId id,
      ConversationDependencies dependencies,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    return create(id, dependencies, shard, new MissingConversations());
  }

  /**
   * The behaviour of one conversation.
   *
   * @param missingConversations is updated when the conversation turns out not to exist, or is
   *     created
   */
  static Behavior<Conversation.Command> create(
      ConversationId id,
      ConversationDependencies dependencies,
      ActorRef<ClusterSharding.ShardCommand> shard,
      MissingConversations missingConversations) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  AdmissionGuard<Conversation.Command> guard = BusyAnswers.guard(id);
                  return guard.guard(
                      new ConversationEntity(
                          id, dependencies, context, timers, shard, guard, missingConversations));
                }));
  }

  private ConversationEntity(
      ConversationId id,
      ConversationDependencies dependencies,
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      ActorRef<ClusterSharding.ShardCommand> shard,
      AdmissionGuard<Conversation.Command> guard,
      MissingConversations missingConversations) {
    super(PersistenceId.ofUniqueId(LogReader.persistenceId(id)));
    this.id = id;
    this.dependencies = dependencies;
    this.guard = guard;
    this.self = context.getSelf();
    this.makeLive =
        state ->
            new ConversationLive(
                id, dependencies, context, timers, shard, missingConversations, state);
    this.retention =
        SnapshotRetention.of(
            context.getSystem(),
            persistenceId().id(),
            PiecedSnapshotStore.PLUGIN,
            dependencies.clock());
  }

  @Override
  public ConversationState emptyState() {
    return new ConversationState(id);
  }

  @Override
  public EventHandler<ConversationState, ConversationEvent> eventHandler() {
    return ConversationState::apply;
  }

  @Override
  public SnapshotAdapter<ConversationState> snapshotAdapter() {
    return new SnapshotAdapter<>() {
      @Override
      public Object toJournal(ConversationState live) {
        return live.toSnapshot();
      }

      @Override
      public ConversationState fromJournal(Object stored) {
        ConversationSnapshot snapshot = (ConversationSnapshot) stored;
        retention.recovered(snapshot.eventNr());
        return ConversationState.of(id, snapshot);
      }
    };
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  /**
   * Takes a snapshot after each sealed segment too. Events are removed only if a snapshot covers
   * them.
   */
  @Override
  public boolean shouldSnapshot(ConversationState after, ConversationEvent event, long number) {
    boolean due =
        event instanceof ConversationEvent.SegmentSealed
            || dependencies.settings().snapshots().isDue(number, after::snapshotBytes);
    if (due) {
      retention.begin(number);
    }
    return due;
  }

  @Override
  public SignalHandler<ConversationState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::recovered)
        .onSignal(
            SnapshotCompleted.class,
            (state, stored) ->
                retention.completedWithoutEvents(stored.getSnapshotMetadata().sequenceNr()))
        .onSignal(PreRestart.instance(), ended -> end())
        .onSignal(PostStop.instance(), ended -> end())
        .build();
  }

  private void recovered(ConversationState recovered) {
    dependencies.telemetry().entities().recovered("conversation", System.nanoTime() - startedAt);
    ConversationLive live = makeLive.apply(recovered);
    ConversationWrites writes = new ConversationWrites(live, Effect());
    ConversationLifecycle lifecycle =
        new ConversationLifecycle(live, Effect(), writes, () -> self.tell(Conversation.Stop.STOP));
    handlers =
        new Handlers(
            live,
            writes,
            new ConversationQueries(live),
            new ReceiptHandler(live),
            new ConversationInspector(live),
            lifecycle);
    if (recovered.exists() && !recovered.isSettled() && live.cursorLogClient.mustAsk()) {
      awaitsCursors = true;
      live.cursorLogClient.find();
      live.timers.startTimerWithFixedDelay(
          ConversationLive.Timer.FIND_CURSORS,
          ConversationLive.Timer.FIND_CURSORS,
          FIND_AGAIN_AFTER);
    } else {
      lifecycle.recovered();
    }
  }

  private void end() {
    if (handlers != null) {
      handlers.live().end();
    }
  }

  @Override
  public CommandHandler<Conversation.Command, ConversationEvent, ConversationState>
      commandHandler() {
    return (state, command) -> {
      Handlers to = Objects.requireNonNull(handlers, "commands come after the recovery");
      if (awaitsCursors) {
        return whileCursorsAreAwaited(to, command);
      }
      guard.handled(command);
      ConversationLive live = to.live();
      if (countsAsUse(command)) {
        to.lifecycle().noteUse();
      }
      Effect<ConversationEvent, ConversationState> effect =
          mayWrite(state, command) && live.reminderClient.mustWait(command)
              ? Effect().none()
              : handle(to, command);
      if (!state.exists()
          && live.hasNoPendingCreation()
          && !(command instanceof Conversation.Internal)) {
        // Requests for invented ids must not fill the memory with entities of conversations that do
        // not exist.
        to.lifecycle().passivate();
      }
      to.lifecycle().commandHandled();
      return effect;
    };
  }

  /**
   * A recovered conversation that was not settled handles no command before it knows which cursors
   * its members were told. Otherwise a member could see a cursor go back.
   */
  private Effect<ConversationEvent, ConversationState> whileCursorsAreAwaited(
      Handlers to, Conversation.Command command) {
    return switch (command) {
      case ConversationLive.CursorLogAnswered answered -> {
        if (!(answered.reply() instanceof CursorLog.Found found)) {
          // An answer to the incarnation before, which had given cursors to the log.
          yield Effect().stash();
        }
        guard.handled(command);
        awaitsCursors = false;
        to.live().timers.cancel(ConversationLive.Timer.FIND_CURSORS);
        List<MemberCursors> toCount = to.live().cursorLogClient.restore(found.members());
        to.lifecycle().recovered();
        toCount.forEach(to.receipts()::recountAfterCrash);
        yield Effect().none().thenUnstashAll();
      }
      case ConversationLive.Timer timer -> {
        if (timer != ConversationLive.Timer.FIND_CURSORS) {
          yield Effect().stash();
        }
        guard.handled(command);
        to.live().cursorLogClient.find();
        yield Effect().none();
      }
      case Conversation.Stop stop -> {
        guard.handled(command);
        yield to.lifecycle().stop();
      }
      default -> Effect().stash();
    };
  }

  /** Whether the command counts as use of the conversation. A used conversation stays in memory. */
  private static boolean countsAsUse(Conversation.Command command) {
    return switch (command) {
      case ConversationLive.Timer timer -> false;
      case ConversationLifecycle.JournalChecked seen -> false;
      case ReminderClient.RepeatRequest repeat -> false;
      case ConversationLive.CursorLogAnswered answered -> false;
      case Conversation.Kept kept -> false;
      case Conversation.Wake wake -> false;
      case Conversation.FromUser from ->
          !(from.message() instanceof User.Dispatched || from.message() instanceof User.Holding);
      default -> true;
    };
  }

  /**
   * Whether the command may lead to a write in an existing conversation; such a command waits for
   * the reminder. The check is cheap and may say yes too often. Commands that only read do not
   * wait. Commands that create a conversation do not wait here either: they wait when there is an
   * event to persist.
   */
  private static boolean mayWrite(ConversationState state, Conversation.Command command) {
    if (!state.exists()) {
      return false;
    }
    return switch (command) {
      case Conversation.Post post -> state.member(post.author()) != null;
      case Conversation.ChangeGroup change -> state.member(change.actor()) != null;
      case Conversation.AddMembers add -> state.member(add.actor()) != null;
      case Conversation.RemoveMember remove -> state.member(remove.actor()) != null;
      case Conversation.SetRole set -> state.member(set.actor()) != null;
      case Conversation.Read read -> {
        Member member = state.member(read.user());
        yield member != null && Math.min(read.seq(), state.lastSeq()) > member.read();
      }
      case Conversation.FromUser from ->
          switch (from.message()) {
            case User.Dispatched done -> false;
            case User.Holding holding -> false;
            case User.Delivered delivered -> {
              Member member = state.member(delivered.userId());
              long seq = Math.min(delivered.seq(), state.lastSeq());
              yield member != null && seq > member.delivered();
            }
            case User.Renamed renamed -> {
              Person known = state.person(renamed.userId());
              yield !state.group() && known != null && known.revision() < renamed.revision();
            }
          };
      default -> false;
    };
  }

  private Effect<ConversationEvent, ConversationState> handle(
      Handlers to, Conversation.Command command) {
    ConversationWrites writes = to.writes();
    return switch (command) {
      case Conversation.Post post -> writes.receivePost(post);
      case Conversation.OpenDirect open -> writes.receiveOpening(open);
      case Conversation.CreateGroup create -> writes.createGroup(create);
      case Conversation.ChangeGroup change -> writes.changeGroup(change);
      case Conversation.AddMembers add -> writes.addMembers(add);
      case Conversation.RemoveMember remove -> writes.removeMember(remove);
      case Conversation.SetRole set -> writes.setRole(set);
      case Conversation.GetView get -> {
        to.queries().view(get);
        yield Effect().none();
      }
      case Conversation.GetPage get -> {
        to.queries().page(get);
        yield Effect().none();
      }
      case Conversation.Typing typing -> {
        to.queries().typing(typing);
        yield Effect().none();
      }
      case Conversation.Read read -> {
        to.receipts().read(read);
        yield Effect().none();
      }
      case Conversation.FromUser from -> fromUser(to, from.message());
      case Conversation.Wake wake -> to.lifecycle().handleWake();
      case Conversation.Kept kept -> writes.reminderKept(kept.nr());
      case Conversation.Archive archive -> {
        to.live().archiver.archiveRequested(archive.day());
        yield Effect().none();
      }
      case ConversationInspection question -> {
        to.inspector().answer(question);
        yield Effect().none();
      }
      case Conversation.Internal internal -> internal(to, internal);
    };
  }

  private Effect<ConversationEvent, ConversationState> fromUser(
      Handlers to, User.ToConversation message) {
    return switch (message) {
      case User.Dispatched done -> {
        ConversationLive live = to.live();
        if (done.restarted()) {
          live.dispatch.restarted(done.userId(), done.seq(), done.version(), live.now());
          live.startTick();
        } else {
          live.dispatch.acknowledged(done.userId(), done.seq(), done.version(), live.now());
        }
        yield Effect().none();
      }
      case User.Holding holding -> {
        ConversationLive live = to.live();
        live.dispatch.held(holding, live.now());
        yield Effect().none();
      }
      case User.Delivered delivered -> {
        to.receipts().delivered(delivered);
        yield Effect().none();
      }
      case User.Renamed renamed -> to.writes().renamed(renamed);
    };
  }

  private Effect<ConversationEvent, ConversationState> internal(
      Handlers to, Conversation.Internal message) {
    ConversationLive live = to.live();
    ConversationWrites writes = to.writes();
    ConversationLifecycle lifecycle = to.lifecycle();
    return switch (message) {
      case ConversationWrites.Message own -> writes.handle(own);
      case ConversationLive.Timer timer ->
          switch (timer) {
            case FLUSH_CURSORS -> writes.flush();
            case WRITE_CURSORS -> {
              live.cursorLogClient.markWriteDue();
              yield writes.flush();
            }
            case FIND_CURSORS -> Effect().none();
            case TICK -> lifecycle.tick();
            case IDLE -> lifecycle.idle();
            case TAKE_OVER -> lifecycle.takeOver();
            case STOP_DUE -> lifecycle.stopDue();
          };
      case Conversation.Stop stop -> lifecycle.stop();
      case ConversationLive.UserAnswered userAnswered -> {
        live.userCheck.answered(userAnswered.reply());
        yield writes.afterUserCheck();
      }
      case ConversationLive.CursorLogAnswered answered ->
          writes.cursorLogAnswered(answered.reply());
      case ReminderClient.RepeatRequest repeat -> {
        live.reminderClient.repeatRequest();
        yield Effect().none();
      }
      case ReminderClient.NextRequest next -> {
        Conversation.Command command = live.reminderClient.next();
        yield command == null ? Effect().none() : handle(to, command);
      }
      case ConversationLifecycle.JournalChecked seen -> lifecycle.journalChecked(seen);
      case HistoryPages.ReadEnded ended -> {
        ended.then().accept(live.historyPages);
        yield Effect().none();
      }
      case ConversationInspector.LookedUp lookedUp -> {
        to.inspector().lookedUp(lookedUp);
        yield Effect().none();
      }
      case MessageLookups.Resume resume -> writes.resume(resume);
      case MessageLookups.Ended ended -> {
        live.messageLookups.ended(ended);
        yield Effect().none();
      }
      case PreviewSearch.PageSearched pageSearched -> writes.previewFound(pageSearched);
      case ConversationArchiver.Message archived -> {
        ConversationEvent event = live.archiver.handle(archived);
        yield event == null
            ? Effect().none()
            : Effect().persist(event).thenRun(after -> live.archiver.persisted(event));
      }
      case CursorMoves.Counted counted -> {
        counted.moves().counted(counted);
        yield writes.flush();
      }
      default -> throw new IllegalStateException("no handler of " + message.getClass());
    };
  }
}
