package parley.conversation;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import parley.calendar.CalendarBucket;
import parley.conversation.ConversationEvent.CursorMove;
import parley.conversation.ConversationEvent.Person;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Limits;
import parley.model.Refusal;
import parley.model.UserId;
import parley.snapshot.PiecedSnapshotStore;
import parley.telemetry.Telemetry;
import parley.user.AdmissionGuard;
import parley.user.User;

/**
 * The event-sourced behaviour of one conversation. It receives every command, decides with the
 * helper classes of this package, persists the events, and answers the callers.
 *
 * <pre>
 *   Post ─▶ MessageLookups (duplicate?) ─▶ PostingRules (allowed?) ─▶ EntryBatch ─Flush─▶ journal
 *                                                                                    durable │
 *   Posted ◀── caller is answered ◀──────────────────────────────────────────────────────────┤
 *   members' User ◀── Dispatch (until acknowledged) ◀────────────────────────────────────────┘
 * </pre>
 *
 * <p>The behaviour stashes commands that arrive during a write. An {@link AdmissionGuard} in front
 * of the behaviour refuses commands before the stash can overflow. When the entity stops, it
 * answers {@code unavailable} for each accepted post that is not durable yet. The sender then
 * retries under the same {@code client_msg_id}.
 */
public final class ConversationEntity
    extends EventSourcedBehavior<Conversation.Command, ConversationEvent, ConversationState> {

  /**
   * The dependencies of a conversation entity.
   *
   * @param users sends commands to user entities
   * @param messageIds makes unique ids for entries
   * @param wake sends {@link Conversation.Wake} to a conversation, on whatever node it runs
   * @param archive what archiving needs; null if this node does not archive
   * @param reminders sends commands to reminders, which restart conversations with undelivered
   *     entries; null if there are no reminders
   */
  public record Environment(
      ConversationSettings settings,
      UserPort users,
      InstantSource clock,
      Supplier<String> messageIds,
      Consumer<ConversationId> wake,
      Telemetry telemetry,
      @Nullable ArchiveDependencies archive,
      ConversationReminder.@Nullable Port reminders) {
    /**
     * An environment without reminders. A conversation that stops after a failure starts again only
     * with its next command.
     */
    public Environment(
        ConversationSettings settings,
        UserPort users,
        InstantSource clock,
        Supplier<String> messageIds,
        Consumer<ConversationId> wake,
        Telemetry telemetry,
        @Nullable ArchiveDependencies archive) {
      this(settings, users, clock, messageIds, wake, telemetry, archive, null);
    }

    /** An environment without reminders and without an archive. */
    public Environment(
        ConversationSettings settings,
        UserPort users,
        InstantSource clock,
        Supplier<String> messageIds,
        Consumer<ConversationId> wake,
        Telemetry telemetry) {
      this(settings, users, clock, messageIds, wake, telemetry, null, null);
    }
  }

  /** Sends commands to user entities. */
  @FunctionalInterface
  public interface UserPort {
    /** Sends a command to a user. Delivery is at most once. */
    void tell(UserId to, User.Command message);
  }

  private enum Timer implements ConversationInternal {
    FLUSH_CURSORS,
    TICK,
    IDLE,
    TAKE_OVER,
    STOP_DUE
  }

  /** Write the gathered entries and cursor moves. */
  private enum Flush implements ConversationInternal {
    NOW
  }

  /** The stop message of sharding, and the entity's own message when the last open work is done. */
  enum Stop implements ConversationInternal {
    STOP
  }

  /** Handle the next command that waited until the direct conversation was opened. */
  private enum NextOpened implements ConversationInternal {
    NEXT
  }

  /** Carry out the next membership change whose users have been checked. */
  private enum NextMembershipChange implements ConversationInternal {
    NEXT
  }

  /**
   * The result of {@link #checkJournal}: whether the journal holds an event that this incarnation
   * does not know.
   *
   * @param at the number of the last event that this incarnation knew when the read began
   * @param handled the number of commands counted when the read began
   * @param quiet whether the entity may passivate if there is no such event
   * @param found null if the read failed
   */
  private record JournalChecked(long at, long handled, boolean quiet, @Nullable Boolean found)
      implements ConversationInternal {}

  /** A user's answer to the question whether it exists. */
  private record UserAnswered(User.ProfileReply reply) implements ConversationInternal {}

  private final ConversationId id;
  private final Environment environment;
  private final ActorContext<Conversation.Command> context;
  private final TimerScheduler<Conversation.Command> timers;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final LogReader logReader;
  private final UserCheck userCheck;
  private final DirectOpening directOpening;
  private final AdmissionGuard<Conversation.Command> guard;
  private final ActorRef<CalendarBucket.Answer> calendar;
  private final MissingConversations missingConversations;
  private final ReminderClient reminderClient;

  private ConversationState state;
  private HistoryPages historyPages;
  private Dispatch dispatch;
  private CursorMoves cursors;
  private MessageLookups messageLookups;
  private PreviewSearch previewSearch;
  private PendingWrites pendingWrites;
  private MembershipChanges membershipChanges;
  private Archiver archiver;
  private boolean flushAsked;
  private long handledCommands;
  private long recoveredEventNr;
  private long handledAtIdle = -1;
  private boolean stopping;
  private boolean stopDue;

  /** How long a stop waits for open work, such as a reminder or a user's answer. */
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

  /** The behaviour of one conversation. */
  public static Behavior<Conversation.Command> create(
      ConversationId id, Environment environment, ActorRef<ClusterSharding.ShardCommand> shard) {
    return create(id, environment, shard, new MissingConversations());
  }

  /**
   * The behaviour of one conversation.
   *
   * @param missingConversations is updated when the conversation turns out not to exist, or is
   *     created
   */
  static Behavior<Conversation.Command> create(
      ConversationId id,
      Environment environment,
      ActorRef<ClusterSharding.ShardCommand> shard,
      MissingConversations missingConversations) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  AdmissionGuard<Conversation.Command> guard = OverloadReplies.guard();
                  return guard.guard(
                      new ConversationEntity(
                          id, environment, context, timers, shard, guard, missingConversations));
                }));
  }

  private ConversationEntity(
      ConversationId id,
      Environment environment,
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      ActorRef<ClusterSharding.ShardCommand> shard,
      AdmissionGuard<Conversation.Command> guard,
      MissingConversations missingConversations) {
    super(PersistenceId.ofUniqueId(LogReader.persistenceId(id)));
    this.id = id;
    this.environment = environment;
    this.context = context;
    this.timers = timers;
    this.shard = shard;
    this.guard = guard;
    this.missingConversations = missingConversations;
    this.reminderClient =
        new ReminderClient(id, environment.reminders(), context.getSelf(), timers);
    ArchiveDependencies archiveDependencies = environment.archive();
    this.logReader =
        new LogReader(
            context.getSystem(),
            environment.settings().readJournal(),
            id,
            archiveDependencies == null ? null : archiveDependencies.tier());
    this.calendar = Archiver.answers(context);
    this.userCheck =
        new UserCheck(
            environment.users(),
            context.messageAdapter(User.ProfileReply.class, UserAnswered::new));
    this.state = new ConversationState(id);
    this.historyPages = new HistoryPages(context, logReader, state);
    this.dispatch = new Dispatch(state, environment.users(), historyPages);
    this.cursors = new CursorMoves(context, logReader, state);
    this.messageLookups = new MessageLookups(context, logReader, state);
    this.previewSearch = new PreviewSearch(context, state, historyPages);
    this.pendingWrites = new PendingWrites(environment, state, dispatch, cursors);
    this.membershipChanges = new MembershipChanges(state, userCheck, this::write);
    this.archiver = archiving();
    this.directOpening = new DirectOpening(id, userCheck);
  }

  private Archiver archiving() {
    return new Archiver(context, timers, environment, logReader, state, dispatch, calendar);
  }

  @Override
  public ConversationState emptyState() {
    return new ConversationState(id);
  }

  @Override
  public EventHandler<ConversationState, ConversationEvent> eventHandler() {
    return (before, event) -> {
      before.apply(event);
      return before;
    };
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
        return ConversationState.of(id, (ConversationSnapshot) stored);
      }
    };
  }

  @Override
  public String snapshotPluginId() {
    return PiecedSnapshotStore.PLUGIN;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(environment.settings().snapshotEvery(), 2);
  }

  /**
   * Takes a snapshot after each sealed segment. Events are removed only if a snapshot covers them.
   */
  @Override
  public boolean shouldSnapshot(ConversationState after, ConversationEvent event, long number) {
    return event instanceof ConversationEvent.SegmentSealed;
  }

  @Override
  public SignalHandler<ConversationState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::recovered)
        .onSignal(PreRestart.instance(), ended -> refuseAll())
        .onSignal(PostStop.instance(), ended -> refuseAll())
        .build();
  }

  private void recovered(ConversationState recovered) {
    state = recovered;
    historyPages = new HistoryPages(context, logReader, state);
    dispatch = new Dispatch(state, environment.users(), historyPages);
    cursors = new CursorMoves(context, logReader, state);
    messageLookups = new MessageLookups(context, logReader, state);
    previewSearch = new PreviewSearch(context, state, historyPages);
    pendingWrites = new PendingWrites(environment, state, dispatch, cursors);
    membershipChanges = new MembershipChanges(state, userCheck, this::write);
    archiver = archiving();
    timers.startTimerWithFixedDelay(Timer.IDLE, Timer.IDLE, environment.settings().idle());
    recoveredEventNr = state.eventNr;
    if (!state.exists()) {
      missingConversations.add(shard, id);
      return;
    }
    missingConversations.remove(shard, id);
    dispatch.recover(now());
    startTick();
    archiver.recovered();
    if (!state.settled) {
      reminderClient.ask();
      if (environment.settings().shared()) {
        context.getSelf().tell(Timer.TAKE_OVER);
      }
    }
  }

  private long now() {
    return environment.clock().millis();
  }

  private void startTick() {
    if (!timers.isTimerActive(Timer.TICK)) {
      timers.startTimerWithFixedDelay(Timer.TICK, Timer.TICK, environment.settings().tick());
    }
  }

  private void refuseAll() {
    Refusal refusal = Refusal.unavailable("the conversation is moving; ask again");
    pendingWrites.refuseAll(refusal);
    messageLookups.refuseAll(refusal);
    directOpening.refuseAll(refusal);
    reminderClient.refuseAll();
    archiver.end();
  }

  @Override
  public CommandHandler<Conversation.Command, ConversationEvent, ConversationState>
      commandHandler() {
    return (before, command) -> {
      guard.handled(command);
      if (countsAsUse(command)) {
        handledCommands++;
      }
      Effect<ConversationEvent, ConversationState> effect =
          mayWrite(command) && reminderClient.mustWait(command) ? Effect().none() : handle(command);
      boolean nobody =
          !state.exists()
              && userCheck.isIdle()
              && !directOpening.hasWaiting()
              && pendingWrites.isEmpty();
      if (nobody && !(command instanceof ConversationInternal)) {
        // Requests for invented ids must not fill the memory with entities of conversations that do
        // not exist.
        passivate();
      }
      if (stopping && !hasOpenWork()) {
        stopping = false;
        context.getSelf().tell(Stop.STOP);
      }
      return effect;
    };
  }

  /** Whether the command counts as use of the conversation. A used conversation stays in memory. */
  private static boolean countsAsUse(Conversation.Command command) {
    return switch (command) {
      case Timer timer -> false;
      case JournalChecked seen -> false;
      case ReminderClient.Again again -> false;
      case Conversation.Kept kept -> false;
      case Conversation.Wake wake -> false;
      default -> true;
    };
  }

  /**
   * Whether the command may lead to a write in an existing conversation; such a command waits for
   * the reminder. The check is cheap and may say yes too often. Commands that only read do not
   * wait. Commands that create a conversation do not wait here either: they wait when there is an
   * event to persist.
   */
  private boolean mayWrite(Conversation.Command command) {
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
        yield member != null && Math.min(read.seq(), state.lastSeq) > member.read;
      }
      case Conversation.FromUser from ->
          switch (from.message()) {
            case User.Dispatched done -> false;
            case User.Delivered delivered -> {
              Member member = state.member(delivered.userId());
              long seq = Math.min(delivered.seq(), state.lastSeq);
              yield member != null && seq > member.delivered;
            }
            case User.Renamed renamed -> {
              Person known = state.people.get(renamed.userId());
              yield !state.group() && known != null && known.revision() < renamed.revision();
            }
          };
      default -> false;
    };
  }

  private Effect<ConversationEvent, ConversationState> handle(Conversation.Command command) {
    return switch (command) {
      case Conversation.Post post -> receivePost(post);
      case Conversation.OpenDirect open ->
          queuedBehindOpening(open) ? Effect().none() : openDirect(open);
      case Conversation.CreateGroup create -> createGroup(create);
      case Conversation.ChangeGroup c ->
          write(
              c.actor(), GroupRules.change(state, c.actor(), c.name(), c.avatarUrl()), c.replyTo());
      case Conversation.AddMembers add -> addMembers(add);
      case Conversation.RemoveMember r ->
          write(r.actor(), GroupRules.remove(state, r.actor(), r.userId()), r.replyTo());
      case Conversation.SetRole r ->
          write(r.actor(), GroupRules.setRole(state, r.actor(), r.userId(), r.role()), r.replyTo());
      case Conversation.GetView get -> view(get);
      case Conversation.GetPage get -> page(get);
      case Conversation.Read read -> read(read);
      case Conversation.Typing typing -> typing(typing);
      case Conversation.FromUser from -> fromUser(from.message());
      case Conversation.Wake wake -> handleWake();
      case Conversation.Kept kept -> reminderKept(kept.nr());
      case Conversation.Archive archive -> {
        archiver.archiveRequested(archive.day());
        yield Effect().none();
      }
      case ConversationInternal internal -> internal(internal);
    };
  }

  private Effect<ConversationEvent, ConversationState> internal(ConversationInternal message) {
    return switch (message) {
      case Flush flush -> {
        flushAsked = false;
        yield flush();
      }
      case Timer timer ->
          switch (timer) {
            case FLUSH_CURSORS -> flush();
            case TICK -> tick();
            case IDLE -> idle();
            case TAKE_OVER -> takeOver();
            case STOP_DUE -> {
              stopDue = true;
              yield stop();
            }
          };
      case Stop stop -> stop();
      case NextOpened next -> nextOpened();
      case UserAnswered userAnswered -> {
        userCheck.answered(userAnswered.reply());
        yield afterUserCheck();
      }
      case NextMembershipChange next -> afterUserCheck();
      case ReminderClient.Again again -> {
        reminderClient.again();
        yield Effect().none();
      }
      case ReminderClient.Next next -> {
        Conversation.Command command = reminderClient.next();
        yield command == null ? Effect().none() : handle(command);
      }
      case JournalChecked seen -> journalChecked(seen);
      case HistoryPages.ReadEnded ended -> {
        ended.then().accept(historyPages);
        yield Effect().none();
      }
      case MessageLookups.Resume resume -> {
        Effect<ConversationEvent, ConversationState> effect = post(resume.post(), resume.facts());
        messageLookups.postHandled(resume.post().author());
        yield effect;
      }
      case MessageLookups.Ended ended -> {
        messageLookups.ended(ended);
        yield Effect().none();
      }
      case PreviewSearch.PageSearched pageSearched -> {
        ConversationEvent found = previewSearch.pageSearched(pageSearched, now());
        if (found != null && !reminderClient.reminderDurable()) {
          // The next tick starts the search again.
          reminderClient.ask();
          found = null;
        }
        ConversationEvent restored = found;
        yield restored == null
            ? Effect().none()
            : Effect().persist(restored).thenRun(after -> dispatchRows(List.of()));
      }
      case Archiver.Message archived -> {
        ConversationEvent event = archiver.handle(archived);
        yield event == null
            ? Effect().none()
            : Effect().persist(event).thenRun(after -> archiver.persisted(event));
      }
      default -> {
        if (!CursorMoves.handle(message)) {
          throw new IllegalStateException("unknown message " + message);
        }
        yield flush();
      }
    };
  }

  // ---- writing entries
  // ---------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> receivePost(Conversation.Post post) {
    return queuedBehindOpening(post) || messageLookups.mustWait(post)
        ? Effect().none()
        : post(post, MessageLookups.Facts.NONE);
  }

  /**
   * Whether commands that waited for the opening are still unhandled. If so, this command is queued
   * behind them, so that the order stays.
   */
  private boolean queuedBehindOpening(Conversation.Command cause) {
    boolean follows = state.exists() && directOpening.hasWaiting();
    if (follows) {
      directOpening.enqueue(cause);
    }
    return follows;
  }

  private Effect<ConversationEvent, ConversationState> post(
      Conversation.Post post, MessageLookups.Facts facts) {
    Member author = state.member(post.author());
    if (author == null) {
      if (!state.exists() && post.openWith() != null && !isOverRate(post)) {
        return open(post.author(), post.openWith(), post);
      }
      boolean opens = !state.exists() && post.openWith() != null;
      refuse(post, opens ? overRate(post) : Refusal.notFound());
      return Effect().none();
    }
    Entry waiting = pendingWrites.find(post);
    if (waiting != null) {
      pendingWrites.awaitDuplicate(post, waiting);
      return Effect().none();
    }
    switch (messageLookups.checkDuplicate(post, author, facts, now())) {
      case MessageLookups.Duplicate duplicate -> {
        environment.telemetry().duplicate();
        post.replyTo().tell(PendingWrites.posted(state, duplicate.entry(), true));
        return Effect().none();
      }
      case MessageLookups.Pending pending -> {
        return Effect().none();
      }
      case MessageLookups.NewPost newPost -> {
        if (isOverRate(post)) {
          refuse(post, overRate(post));
          return Effect().none();
        }
      }
    }
    return switch (PostingRules.decide(
        state, author, post.intent(), facts.target(), pendingWrites.endSeq())) {
      case PostingRules.Refuse refused -> {
        refuse(post, refused.refusal());
        yield Effect().none();
      }
      case PostingRules.NeedsEntry needs -> {
        messageLookups.load(post, facts, needs.seq());
        yield Effect().none();
      }
      case PostingRules.Accept accept -> {
        pendingWrites.add(post, accept.body());
        yield scheduleFlush();
      }
    };
  }

  private static boolean isOverRate(Conversation.Post post) {
    return post.retryAfterMillis() > 0;
  }

  private static Refusal overRate(Conversation.Post post) {
    return Refusal.rateLimited("too many messages", post.retryAfterMillis());
  }

  private static void refuse(Conversation.Post post, Refusal refusal) {
    post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
  }

  /**
   * Called after an entry was added to the batch. A full batch is written at once. Otherwise the
   * batch is written after the commands that are in the mailbox now.
   */
  private Effect<ConversationEvent, ConversationState> scheduleFlush() {
    if (pendingWrites.full()) {
      return flush();
    }
    if (!flushAsked && !pendingWrites.isEmpty()) {
      flushAsked = true;
      context.getSelf().tell(Flush.NOW);
    }
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> flush() {
    if (!reminderClient.reminderDurable()) {
      if (!pendingWrites.isEmpty() || !cursors.isEmpty()) {
        reminderClient.ask();
      }
      return Effect().none();
    }
    PendingWrites.Write write = pendingWrites.take();
    return write == null
        ? Effect().none()
        : Effect().persist(write.event()).thenRun(after -> flushed(write));
  }

  private void flushed(PendingWrites.Write write) {
    missingConversations.remove(shard, id);
    pendingWrites.written(write);
    startTick();
    previewSearch.searchIfMissing(now());
    if (membershipChanges.hasNext()) {
      context.getSelf().tell(NextMembershipChange.NEXT);
    }
  }

  // ---- opening, groups
  // ---------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> openDirect(Conversation.OpenDirect open) {
    if (state.exists()) {
      open.replyTo().tell(ConversationViews.reply(state, open.opener()));
      dispatch.sendRow(open.opener(), now());
      return Effect().none();
    }
    return open(open.opener(), open.peer(), open);
  }

  private Effect<ConversationEvent, ConversationState> open(
      UserId opener, UserId peer, Conversation.Command cause) {
    startTick();
    directOpening.open(opener, peer, cause, now());
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> afterUserCheck() {
    if (membershipChanges.hasNext() && creationPending()) {
      // The first entry of a group is being written. A second request for the same group waits, and
      // then finds the group. Otherwise both requests would add a {@code group_created} entry.
      return Effect().none();
    }
    if (membershipChanges.next()) {
      if (membershipChanges.hasNext()) {
        context.getSelf().tell(NextMembershipChange.NEXT);
      }
      return scheduleFlush();
    }
    if (directOpening.isReady() && !reminderClient.reminderDurable()) {
      reminderClient.ask();
      return Effect().none();
    }
    ConversationEvent event = directOpening.take();
    return event == null ? Effect().none() : Effect().persist(event).thenRun(after -> opened());
  }

  /** Whether the first entry of a new conversation waits to be written. */
  private boolean creationPending() {
    return !state.exists() && !pendingWrites.isEmpty();
  }

  private void opened() {
    missingConversations.remove(shard, id);
    dispatchRows(List.of());
    context.getSelf().tell(NextOpened.NEXT);
  }

  /**
   * Handles the next command that waited for the opening. Commands that arrive meanwhile are queued
   * behind the waiting ones.
   */
  private Effect<ConversationEvent, ConversationState> nextOpened() {
    Conversation.Command cause = directOpening.next();
    if (directOpening.hasWaiting()) {
      context.getSelf().tell(NextOpened.NEXT);
    }
    if (cause instanceof Conversation.Post post && !messageLookups.mustWait(post)) {
      return post(post, MessageLookups.Facts.NONE);
    }
    if (cause instanceof Conversation.OpenDirect open) {
      return openDirect(open);
    }
    return Effect().none();
  }

  /** Sends the current inbox row to all members. */
  private void dispatchRows(List<CursorMove> moves) {
    dispatch.persisted(List.of(), moves, now());
    startTick();
  }

  private Effect<ConversationEvent, ConversationState> createGroup(
      Conversation.CreateGroup create) {
    startTick();
    membershipChanges.create(create, now());
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> addMembers(Conversation.AddMembers add) {
    GroupRules.Decision decision = GroupRules.add(state, add.actor(), add.userIds());
    if (decision.refusal() != null || decision.bodies().isEmpty()) {
      return write(add.actor(), decision, add.replyTo());
    }
    startTick();
    membershipChanges.add(add, now());
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> write(
      UserId actor, GroupRules.Decision decision, ActorRef<Conversation.ViewReply> replyTo) {
    if (decision.refusal() != null) {
      replyTo.tell(new Conversation.Refused(decision.refusal()));
      return Effect().none();
    }
    write(actor, decision.bodies(), replyTo);
    return scheduleFlush();
  }

  private void write(
      UserId actor, List<EntryBody> bodies, ActorRef<Conversation.ViewReply> replyTo) {
    if (bodies.isEmpty()) {
      // Nothing changes, so nothing is written.
      replyTo.tell(ConversationViews.reply(state, actor));
    } else {
      pendingWrites.add(actor, bodies, replyTo);
    }
  }

  // ---- reading
  // -----------------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> view(Conversation.GetView get) {
    get.replyTo()
        .tell(
            state.member(get.viewer()) == null
                ? new Conversation.Refused(Refusal.notFound())
                : ConversationViews.reply(state, get.viewer()));
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> page(Conversation.GetPage get) {
    ConversationViews.Range range = ConversationViews.range(state, get);
    if (range == null) {
      get.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      return Effect().none();
    }
    HistoryPages.Ready ready =
        (entries, entrySource) ->
            get.replyTo()
                .tell(
                    entries == null
                        ? new Conversation.Refused(
                            Refusal.unavailable("the log cannot be read now"))
                        : new Conversation.Page(
                            ConversationViews.page(state, get, range, entries, entrySource)));
    if (get.after() == null) {
      historyPages.loadBackward(range.from(), range.to(), range.end(), ready);
    } else {
      historyPages.load(range.from(), range.to(), range.end(), ready);
    }
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> read(Conversation.Read read) {
    Member member = state.member(read.user());
    if (member == null) {
      if (read.replyTo() != null) {
        read.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      }
      return Effect().none();
    }
    return requestCursorMove(member, 0, read.seq(), read.replyTo());
  }

  private Effect<ConversationEvent, ConversationState> requestCursorMove(
      Member member,
      long delivered,
      long read,
      @Nullable ActorRef<Conversation.ReadReply> replyTo) {
    boolean toWrite = cursors.request(member, delivered, read, replyTo);
    if (toWrite) {
      // The tick repeats a count of unread entries that fails.
      startTick();
    }
    if (toWrite && !timers.isTimerActive(Timer.FLUSH_CURSORS)) {
      timers.startSingleTimer(
          Timer.FLUSH_CURSORS, Timer.FLUSH_CURSORS, environment.settings().cursorFlushDelay());
    }
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> typing(Conversation.Typing typing) {
    boolean known = state.member(typing.user()) != null;
    if (known && state.members.size() <= Limits.RECEIPT_MEMBERS) {
      for (Member member : state.members.values()) {
        if (!member.userId.equals(typing.user())) {
          environment
              .users()
              .tell(member.userId, new User.Typing(id, typing.user(), typing.active()));
        }
      }
    }
    return Effect().none();
  }

  // ---- messages from user entities
  // ----------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> fromUser(User.ToConversation message) {
    return switch (message) {
      case User.Dispatched done -> {
        dispatch.acknowledged(done.userId(), done.seq(), done.version(), now());
        yield Effect().none();
      }
      case User.Delivered delivered -> {
        Member member = state.member(delivered.userId());
        if (member != null && delivered.seq() <= member.delivered) {
          // The cursor is there already. The user has missed its row, or it would not repeat the
          // message.
          dispatch.sendRow(member.userId, now());
        }
        yield member == null
            ? Effect().none()
            : requestCursorMove(member, delivered.seq(), 0, null);
      }
      case User.Renamed renamed -> renamed(renamed);
    };
  }

  private Effect<ConversationEvent, ConversationState> renamed(User.Renamed renamed) {
    Person known = state.people.get(renamed.userId());
    if (known == null || state.group()) {
      return Effect().none();
    }
    if (known.revision() >= renamed.revision()) {
      dispatch.sendRow(renamed.userId(), now());
      return Effect().none();
    }
    Person person =
        new Person(
            renamed.userId(), renamed.displayName(), renamed.avatarUrl(), renamed.revision());
    return Effect()
        .persist(new ConversationEvent.ProfileNoted(person))
        .thenRun(after -> dispatchRows(List.of()));
  }

  // ---- time
  // --------------------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> tick() {
    long now = now();
    userCheck.tick(now);
    dispatch.tick(now);
    cursors.tick();
    previewSearch.searchIfMissing(now);
    if (dispatch.allAcknowledged()
        && userCheck.isIdle()
        && cursors.isEmpty()
        && !state.previewLost) {
      timers.cancel(Timer.TICK);
    }
    return flush();
  }

  /**
   * The reminder is durable, so the waiting writes can go to the journal.
   *
   * @param nr the number of the {@link ConversationReminder.Keep} that this answers
   */
  private Effect<ConversationEvent, ConversationState> reminderKept(long nr) {
    if (!reminderClient.kept(nr)) {
      return Effect().none();
    }
    if (directOpening.isReady()) {
      if (!pendingWrites.isEmpty()) {
        context.getSelf().tell(Flush.NOW);
      }
      return afterUserCheck();
    }
    return flush();
  }

  /**
   * Answers {@link Conversation.Wake}, which a reminder sends if it watches no incarnation of this
   * conversation.
   *
   * <ul>
   *   <li>A conversation with undelivered entries asks for the reminder again.
   *   <li>A conversation whose members have everything releases the reminder, but only after a
   *       write of this incarnation. Until then a node that was removed from the cluster and does
   *       not know it may have written, or may be about to. The reminder makes sure that such an
   *       entry is found.
   *   <li>A conversation that does not exist cannot write. It answers {@link
   *       ConversationReminder.NotThere}, and the reminder repeats its question a few times.
   * </ul>
   */
  private Effect<ConversationEvent, ConversationState> handleWake() {
    if (reminderClient.mustRelease()) {
      reminderClient.again();
      return Effect().none();
    }
    if (!state.exists()) {
      if (userCheck.isIdle() && !directOpening.hasWaiting() && pendingWrites.isEmpty()) {
        if (isOnlyWriter()) {
          reminderClient.sendRelease();
        } else {
          reminderClient.notThere();
        }
      }
      return Effect().none();
    }
    if (!state.settled) {
      reminderClient.ask();
      return Effect().none();
    }
    if (isOnlyWriter()) {
      reminderClient.sendRelease();
      return Effect().none();
    }
    return Effect()
        .persist((ConversationEvent) new ConversationEvent.Settled(state.due))
        .thenRun(after -> reminderClient.sendRelease());
  }

  /**
   * Whether no other node can have written after the events that this incarnation knows: the
   * journal belongs to this node alone, or this incarnation has persisted an event, which took the
   * next sequence number.
   */
  private boolean isOnlyWriter() {
    return !environment.settings().shared() || state.eventNr > recoveredEventNr;
  }

  /**
   * Persists an empty event, if this incarnation has written nothing yet. An incarnation that
   * recovers undelivered entries does this first. The event changes nothing, but takes the next
   * sequence number. A node that was removed from the cluster and does not know it may have written
   * since this incarnation read the journal. Then the number is taken: this write fails, the entity
   * stops, and the next incarnation reads and delivers that event. If the other node writes later,
   * its write fails. An incarnation that finds everything delivered takes its number with its first
   * real write, and until then checks the journal from time to time ({@link #checkJournal}).
   */
  private Effect<ConversationEvent, ConversationState> takeOver() {
    if (state.eventNr != recoveredEventNr) {
      return Effect().none();
    }
    return Effect().persist(new ConversationEvent.CursorsMoved(List.of()));
  }

  /**
   * Runs once per idle period. If no command came since the last run and all members have
   * everything, this persists {@link ConversationEvent.Settled}, so that a restart delivers nothing
   * again, and passivates the entity.
   */
  private Effect<ConversationEvent, ConversationState> idle() {
    // Called also for a busy conversation: it has to register with the calendar while it is in
    // memory.
    boolean remembered = archiver.mayLeave();
    boolean quiet =
        handledCommands == handledAtIdle
            && pendingWrites.isEmpty()
            && cursors.isEmpty()
            && userCheck.isIdle()
            && messageLookups.isIdle()
            && reminderClient.isIdle()
            && dispatch.allAcknowledged()
            && remembered;
    handledAtIdle = handledCommands;
    boolean news =
        !state.settled
            || archiver.promisedDay() != state.due
            || (reminderClient.mustRelease() && !isOnlyWriter());
    if (quiet && state.exists() && news) {
      return Effect()
          .persist((ConversationEvent) new ConversationEvent.Settled(archiver.promisedDay()))
          .thenRun(after -> passivate());
    }
    if (state.exists() && !isOnlyWriter()) {
      checkJournal(quiet);
    } else if (quiet) {
      passivate();
    }
    return Effect().none();
  }

  /**
   * Checks whether another node has written since this incarnation read the journal. The check
   * costs one read of the journal, each time an incarnation that has written nothing could
   * passivate.
   */
  private void checkJournal(boolean quiet) {
    long at = state.eventNr;
    long told = handledCommands;
    context.pipeToSelf(
        logReader.events(at + 1, at + 1).runWith(Sink.headOption(), context.getSystem()),
        (found, failure) ->
            new JournalChecked(at, told, quiet, failure == null ? found.isPresent() : null));
  }

  private Effect<ConversationEvent, ConversationState> journalChecked(JournalChecked seen) {
    if (seen.at() != state.eventNr || seen.found() == null) {
      return Effect().none();
    }
    if (seen.found()) {
      context.getLog().warn("{}: another node has written to the journal; the entity restarts", id);
      environment.wake().accept(id);
      return Effect().stop();
    }
    if (seen.quiet() && seen.handled() == handledCommands) {
      passivate();
    }
    return Effect().none();
  }

  /**
   * Stops the entity. Sharding asked for this after a passivation or a rebalance. Open work and
   * entries that are still in the batch are finished and written first, for at most {@link
   * #STOP_TIMEOUT}. If members lack entries, the conversation is woken again at once: its reminder
   * would do the same, but later.
   */
  private Effect<ConversationEvent, ConversationState> stop() {
    if (hasOpenWork() && !stopDue) {
      stopping = true;
      startTick();
      timers.startSingleTimer(Timer.STOP_DUE, Timer.STOP_DUE, STOP_TIMEOUT);
      return Effect().none();
    }
    PendingWrites.Write write = reminderClient.reminderDurable() ? pendingWrites.take() : null;
    if (write == null) {
      return Effect().stop().thenRun(this::stopped);
    }
    return Effect()
        .persist(write.event())
        .thenRun((ConversationState after) -> flushed(write))
        .thenRun(after -> stopped(after))
        .thenStop();
  }

  /** Whether callers wait for an answer from another entity: a user or the reminder. */
  private boolean hasOpenWork() {
    return directOpening.hasWaiting()
        || !userCheck.isIdle()
        || !reminderClient.isIdle()
        || membershipChanges.hasNext();
  }

  private void stopped(ConversationState last) {
    if (last.exists() && !last.settled) {
      environment.wake().accept(id);
    }
  }

  private void passivate() {
    if (state.exists() || isOnlyWriter()) {
      reminderClient.release();
    }
    // Otherwise the reminder stays: this incarnation has taken no sequence number. The reminder
    // wakes the next incarnation and asks it.
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }
}
