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
 * The behaviour of a conversation.
 *
 * <pre>
 *   Post ──▶ Lookups (known? target?) ──▶ Posting (allowed?) ──▶ Batch ──Flush──▶ journal
 *                                                                                   │ durable
 *   Posted ◀── answers ◀────────────────────────────────────────────────────────────┤
 *   members' User ◀── Dispatch (until acknowledged) ◀───────────────────────────────┘
 * </pre>
 *
 * <p>Commands that come while an event is being written are held by the behaviour's own stash; a
 * guard in front of it refuses early, so that the stash never overflows. Whatever was accepted and
 * not yet written when the entity ends is answered {@code unavailable}: its sender asks again under
 * the same name.
 */
public final class ConversationEntity
    extends EventSourcedBehavior<Conversation.Command, ConversationEvent, ConversationState> {

  /**
   * What the outside gives a conversation.
   *
   * @param messageIds unique, for entries
   * @param wake tells a conversation {@link Conversation.Wake}, wherever it is
   * @param archive where old entries go, null where they stay
   * @param reminders who brings a conversation back that may have something untold, null where
   *     nobody does
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
    /** Where nobody is reminded: a conversation that ends by itself waits for its next use. */
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

    /** The same of a node that archives nothing. */
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

  /** The way to user entities. */
  @FunctionalInterface
  public interface UserPort {
    /** Tells a user something, at most once. */
    void tell(UserId to, User.Command message);
  }

  private enum Timer implements ConversationInternal {
    FLUSH_CURSORS,
    TICK,
    IDLE,
    TAKE_OVER,
    STOP_DUE
  }

  /** Write what has gathered. */
  private enum Flush implements ConversationInternal {
    NOW
  }

  /** Leave memory; nothing is under way. */
  enum Stop implements ConversationInternal {
    STOP
  }

  /** The next that waited for the conversation to be opened. */
  private enum NextOpened implements ConversationInternal {
    NEXT
  }

  /** The next change of members whose users are known. */
  private enum NextVetted implements ConversationInternal {
    NEXT
  }

  /**
   * A life that has written nothing has looked whether somebody else has.
   *
   * @param at the last event it knew, and how much it had been told by then
   * @param quiet whether it leaves if there is none
   * @param found null is not known
   */
  private record JournalSeen(long at, long handled, boolean quiet, @Nullable Boolean found)
      implements ConversationInternal {}

  /** A user answered whether it exists. */
  private record Vetted(User.ProfileReply reply) implements ConversationInternal {}

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
  private long handled;
  private long recoveredTo;
  private long handledAtIdle = -1;
  private boolean stopping;
  private boolean stopDue;

  /** How long a stop waits for what is about to be written. */
  private static final Duration STOP_WAITS = Duration.ofSeconds(5);

  /** The behaviour of one conversation. */
  public static Behavior<Conversation.Command> create(
      ConversationId id, Environment environment, ActorRef<ClusterSharding.ShardCommand> shard) {
    return create(id, environment, shard, new MissingConversations());
  }

  /** The behaviour of one conversation, which notes where it is not one. */
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
            environment.users(), context.messageAdapter(User.ProfileReply.class, Vetted::new));
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

  /** With each seal a snapshot that covers it: only then may events be removed. */
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
    recoveredTo = state.eventNr;
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
      if (counts(command)) {
        handled++;
      }
      Effect<ConversationEvent, ConversationState> effect =
          mayWrite(command) && reminderClient.mustWait(command) ? Effect().none() : handle(command);
      boolean nobody =
          !state.exists()
              && userCheck.isIdle()
              && !directOpening.holds()
              && pendingWrites.isEmpty();
      if (nobody && !(command instanceof ConversationInternal)) {
        // Whoever makes up ids does not fill memory with conversations that are not there.
        passivate();
      }
      if (stopping && !underWay()) {
        stopping = false;
        context.getSelf().tell(Stop.STOP);
      }
      return effect;
    };
  }

  /** Whether it is a sign of use, which keeps a conversation in memory. */
  private static boolean counts(Conversation.Command command) {
    return switch (command) {
      case Timer timer -> false;
      case JournalSeen seen -> false;
      case ReminderClient.Again again -> false;
      case Conversation.Kept kept -> false;
      case Conversation.Wake wake -> false;
      default -> true;
    };
  }

  /**
   * Whether it may come to a write of members' concern, as far as can be told without a look at it.
   * What would only be read, or makes a conversation that there is not, is not held up: that is
   * written when it is known that there is something to write.
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
      case Conversation.Post post -> arrived(post);
      case Conversation.OpenDirect open -> follows(open) ? Effect().none() : openDirect(open);
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
      case Conversation.Wake wake -> woken();
      case Conversation.Kept kept -> kept(kept.nr());
      case Conversation.Archive archive -> {
        archiver.asked(archive.day());
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
      case Vetted vetted -> {
        userCheck.answered(vetted.reply());
        yield afterVetting();
      }
      case NextVetted next -> afterVetting();
      case ReminderClient.Again again -> {
        reminderClient.again();
        yield Effect().none();
      }
      case ReminderClient.Next next -> {
        Conversation.Command command = reminderClient.next();
        yield command == null ? Effect().none() : handle(command);
      }
      case JournalSeen seen -> seen(seen);
      case HistoryPages.ReadEnded ended -> {
        ended.then().accept(historyPages);
        yield Effect().none();
      }
      case MessageLookups.Resume resume -> {
        Effect<ConversationEvent, ConversationState> effect = post(resume.post(), resume.facts());
        messageLookups.resumed(resume.post().author());
        yield effect;
      }
      case MessageLookups.Ended ended -> {
        messageLookups.ended(ended);
        yield Effect().none();
      }
      case PreviewSearch.Looked looked -> {
        ConversationEvent found = previewSearch.looked(looked, now());
        if (found != null && !reminderClient.held()) {
          // It is looked for again with the next tick.
          reminderClient.ask();
          found = null;
        }
        ConversationEvent restored = found;
        yield restored == null
            ? Effect().none()
            : Effect().persist(restored).thenRun(after -> told(List.of()));
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

  private Effect<ConversationEvent, ConversationState> arrived(Conversation.Post post) {
    return follows(post) || messageLookups.mustWait(post)
        ? Effect().none()
        : post(post, MessageLookups.Facts.NONE);
  }

  /** Whether it goes behind what waited for the opening and has not had its turn yet. */
  private boolean follows(Conversation.Command cause) {
    boolean follows = state.exists() && directOpening.holds();
    if (follows) {
      directOpening.follow(cause);
    }
    return follows;
  }

  private Effect<ConversationEvent, ConversationState> post(
      Conversation.Post post, MessageLookups.Facts facts) {
    Member author = state.member(post.author());
    if (author == null) {
      if (!state.exists() && post.openWith() != null && !limited(post)) {
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
    switch (messageLookups.known(post, author, facts, now())) {
      case MessageLookups.Duplicate duplicate -> {
        environment.telemetry().duplicate();
        post.replyTo().tell(PendingWrites.posted(state, duplicate.entry(), true));
        return Effect().none();
      }
      case MessageLookups.Pending pending -> {
        return Effect().none();
      }
      case MessageLookups.Unknown unknown -> {
        if (limited(post)) {
          refuse(post, overRate(post));
          return Effect().none();
        }
      }
    }
    return switch (PostingRules.decide(
        state, author, post.intent(), facts.target(), pendingWrites.end())) {
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
        yield written();
      }
    };
  }

  private static boolean limited(Conversation.Post post) {
    return post.retryAfterMillis() > 0;
  }

  private static Refusal overRate(Conversation.Post post) {
    return Refusal.tooMany("too many messages", post.retryAfterMillis());
  }

  private static void refuse(Conversation.Post post, Refusal refusal) {
    post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
  }

  /**
   * Something was added to the batch: it goes now if it must, else after what waits in the mailbox.
   */
  private Effect<ConversationEvent, ConversationState> written() {
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
    if (!reminderClient.held()) {
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
    previewSearch.restore(now());
    if (membershipChanges.hasNext()) {
      context.getSelf().tell(NextVetted.NEXT);
    }
  }

  // ---- opening, groups
  // ---------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> openDirect(Conversation.OpenDirect open) {
    if (state.exists()) {
      open.replyTo().tell(ConversationViews.reply(state, open.opener()));
      dispatch.remind(open.opener(), now());
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

  private Effect<ConversationEvent, ConversationState> afterVetting() {
    if (membershipChanges.hasNext() && isBeingMade()) {
      // Of two tries to make one group the second finds it there, or both would be entries.
      return Effect().none();
    }
    if (membershipChanges.next()) {
      if (membershipChanges.hasNext()) {
        context.getSelf().tell(NextVetted.NEXT);
      }
      return written();
    }
    if (directOpening.isReady() && !reminderClient.held()) {
      reminderClient.ask();
      return Effect().none();
    }
    ConversationEvent event = directOpening.take();
    return event == null ? Effect().none() : Effect().persist(event).thenRun(after -> opened());
  }

  /** Whether its first entry is not durable yet. */
  private boolean isBeingMade() {
    return !state.exists() && !pendingWrites.isEmpty();
  }

  private void opened() {
    missingConversations.remove(shard, id);
    told(List.of());
    context.getSelf().tell(NextOpened.NEXT);
  }

  /** One by one what waited for the opening; what comes meanwhile waits behind it. */
  private Effect<ConversationEvent, ConversationState> nextOpened() {
    Conversation.Command cause = directOpening.next();
    if (directOpening.holds()) {
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

  /** Tells everybody the row as it is now. */
  private void told(List<CursorMove> moves) {
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
    return written();
  }

  private void write(
      UserId actor, List<EntryBody> bodies, ActorRef<Conversation.ViewReply> replyTo) {
    if (bodies.isEmpty()) {
      // It is so already.
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
    return wish(member, 0, read.seq(), read.replyTo());
  }

  private Effect<ConversationEvent, ConversationState> wish(
      Member member,
      long delivered,
      long read,
      @Nullable ActorRef<Conversation.ReadReply> replyTo) {
    boolean toWrite = cursors.wish(member, delivered, read, replyTo);
    if (toWrite) {
      // A count that fails is tried again with the tick.
      startTick();
    }
    if (toWrite && !timers.isTimerActive(Timer.FLUSH_CURSORS)) {
      timers.startSingleTimer(
          Timer.FLUSH_CURSORS, Timer.FLUSH_CURSORS, environment.settings().cursorsAfter());
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

  // ---- what users say
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
          // Known: the user has not heard of it, or it would not ask.
          dispatch.remind(member.userId, now());
        }
        yield member == null ? Effect().none() : wish(member, delivered.seq(), 0, null);
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
      dispatch.remind(renamed.userId(), now());
      return Effect().none();
    }
    Person person =
        new Person(
            renamed.userId(), renamed.displayName(), renamed.avatarUrl(), renamed.revision());
    return Effect()
        .persist(new ConversationEvent.ProfileNoted(person))
        .thenRun(after -> told(List.of()));
  }

  // ---- time
  // --------------------------------------------------------------------------------------------------

  private Effect<ConversationEvent, ConversationState> tick() {
    long now = now();
    userCheck.tick(now);
    dispatch.tick(now);
    cursors.tick();
    previewSearch.restore(now);
    if (dispatch.settled() && userCheck.isIdle() && cursors.isEmpty() && !state.previewLost) {
      timers.cancel(Timer.TICK);
    }
    return flush();
  }

  /**
   * The reminder is there: what waited for it is written.
   *
   * @param nr of the question that it answers
   */
  private Effect<ConversationEvent, ConversationState> kept(long nr) {
    if (!reminderClient.kept(nr)) {
      return Effect().none();
    }
    if (directOpening.isReady()) {
      if (!pendingWrites.isEmpty()) {
        context.getSelf().tell(Flush.NOW);
      }
      return afterVetting();
    }
    return flush();
  }

  /**
   * The reminder has nobody to watch. A conversation that is here says so, or that all is told: but
   * this only after a write of this life. Until then somebody who was given up and does not know
   * may have written, or be about to, and the reminder is what brings that to light. A conversation
   * that is not there cannot write: it says so, and the reminder asks some times more.
   */
  private Effect<ConversationEvent, ConversationState> woken() {
    if (reminderClient.owesRelease()) {
      reminderClient.again();
      return Effect().none();
    }
    if (!state.exists()) {
      if (userCheck.isIdle() && !directOpening.holds() && pendingWrites.isEmpty()) {
        if (fenced()) {
          reminderClient.letGo();
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
    if (fenced()) {
      reminderClient.letGo();
      return Effect().none();
    }
    return Effect()
        .persist((ConversationEvent) new ConversationEvent.Settled(state.due))
        .thenRun(after -> reminderClient.letGo());
  }

  /** Whether nobody else can have written behind what this life knows without its noticing. */
  private boolean fenced() {
    return !environment.settings().shared() || state.eventNr > recoveredTo;
  }

  /**
   * The first event of a life that finds something untold, if nothing else was: it says nothing,
   * but takes its place. A node that was given up and does not know may have written after this one
   * had read: then the place is taken, this life ends, and the next one reads and tells what was
   * written. Or it is about to: then it finds the place taken. A life that finds everything told
   * takes its place with its first write, whatever that is, and until then looks now and then
   * whether somebody else has ({@link #look}).
   */
  private Effect<ConversationEvent, ConversationState> takeOver() {
    if (state.eventNr != recoveredTo) {
      return Effect().none();
    }
    return Effect().persist(new ConversationEvent.CursorsMoved(List.of()));
  }

  /**
   * Nothing came since the last time: say that all is told, so that a restart need not tell it
   * again, and leave.
   */
  private Effect<ConversationEvent, ConversationState> idle() {
    // Also of one that is never quiet: its turn comes while it is in memory.
    boolean remembered = archiver.mayLeave();
    boolean quiet =
        handled == handledAtIdle
            && pendingWrites.isEmpty()
            && cursors.isEmpty()
            && userCheck.isIdle()
            && messageLookups.isIdle()
            && reminderClient.isIdle()
            && dispatch.settled()
            && remembered;
    handledAtIdle = handled;
    boolean news =
        !state.settled
            || archiver.promised() != state.due
            || (reminderClient.owesRelease() && !fenced());
    if (quiet && state.exists() && news) {
      return Effect()
          .persist((ConversationEvent) new ConversationEvent.Settled(archiver.promised()))
          .thenRun(after -> passivate());
    }
    if (state.exists() && !fenced()) {
      look(quiet);
    } else if (quiet) {
      passivate();
    }
    return Effect().none();
  }

  /**
   * Whether somebody else has written since this life has read. It costs a read of the journal each
   * time a life that has written nothing could leave.
   */
  private void look(boolean quiet) {
    long at = state.eventNr;
    long told = handled;
    context.pipeToSelf(
        logReader.events(at + 1, at + 1).runWith(Sink.headOption(), context.getSystem()),
        (found, failure) ->
            new JournalSeen(at, told, quiet, failure == null ? found.isPresent() : null));
  }

  private Effect<ConversationEvent, ConversationState> seen(JournalSeen seen) {
    if (seen.at() != state.eventNr || seen.found() == null) {
      return Effect().none();
    }
    if (seen.found()) {
      context.getLog().warn("{}: another node has written; read anew", id);
      environment.wake().accept(id);
      return Effect().stop();
    }
    if (seen.quiet() && seen.handled() == handled) {
      passivate();
    }
    return Effect().none();
  }

  /**
   * Leaves memory. What came between asking for it and now is written first, if that does not take
   * long; and if somebody has not heard of it yet, the conversation is called again: its reminder
   * would do the same, later.
   */
  private Effect<ConversationEvent, ConversationState> stop() {
    if (underWay() && !stopDue) {
      stopping = true;
      startTick();
      timers.startSingleTimer(Timer.STOP_DUE, Timer.STOP_DUE, STOP_WAITS);
      return Effect().none();
    }
    PendingWrites.Write write = reminderClient.held() ? pendingWrites.take() : null;
    if (write == null) {
      return Effect().stop().thenRun(this::stopped);
    }
    return Effect()
        .persist(write.event())
        .thenRun((ConversationState after) -> flushed(write))
        .thenRun(after -> stopped(after))
        .thenStop();
  }

  /** Whether somebody waits for what others have been asked for. */
  private boolean underWay() {
    return directOpening.holds()
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
    if (state.exists() || fenced()) {
      reminderClient.release();
    }
    // Else the reminder wakes the next life, and asks it: no place was taken by this one.
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }
}
