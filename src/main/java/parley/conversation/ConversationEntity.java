package parley.conversation;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.CursorMove;
import parley.conversation.ConversationEvent.Person;
import parley.model.Body;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.ErrorCode;
import parley.model.Limits;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;
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

  /** What the outside gives a conversation. */
  public record Environment(
      ConversationSettings settings,
      UserPort users,
      InstantSource clock,
      Supplier<String> messageIds,
      Telemetry telemetry) {}

  /** The way to user entities. */
  @FunctionalInterface
  public interface UserPort {
    /** Tells a user something, at most once. */
    void tell(UserId to, User.Command message);
  }

  private enum Timer implements ConversationInternal {
    FLUSH_CURSORS,
    TICK,
    IDLE
  }

  /** Write what has gathered. */
  private enum Flush implements ConversationInternal {
    NOW
  }

  /** Leave memory; nothing is under way. */
  enum Stop implements ConversationInternal {
    STOP
  }

  /** The next change of members whose users are known. */
  private enum NextVetted implements ConversationInternal {
    NEXT
  }

  /** A user answered whether it exists. */
  private record Vetted(User.ProfileReply reply) implements ConversationInternal {}

  private final ConversationId id;
  private final Environment environment;
  private final ActorContext<Conversation.Command> context;
  private final TimerScheduler<Conversation.Command> timers;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final Log log;
  private final Vetting vetting;
  private final Opening opening;
  private final AdmissionGuard<Conversation.Command> guard;

  private ConversationState state;
  private Pages pages;
  private Dispatch dispatch;
  private CursorMoves cursors;
  private Lookups lookups;
  private Preview preview;
  private Batch batch = new Batch();
  private @Nullable Batch inFlight;
  private CursorMoves.@Nullable Ready cursorsInFlight;
  private boolean flushAsked;
  private long handled;
  private long handledAtIdle = -1;

  /** The behaviour of one conversation. */
  public static Behavior<Conversation.Command> create(
      ConversationId id, Environment environment, ActorRef<ClusterSharding.ShardCommand> shard) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  AdmissionGuard<Conversation.Command> guard = Admission.guard();
                  return guard.guard(
                      new ConversationEntity(id, environment, context, timers, shard, guard));
                }));
  }

  private ConversationEntity(
      ConversationId id,
      Environment environment,
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      ActorRef<ClusterSharding.ShardCommand> shard,
      AdmissionGuard<Conversation.Command> guard) {
    super(PersistenceId.ofUniqueId("conversation|" + id.value()));
    this.id = id;
    this.environment = environment;
    this.context = context;
    this.timers = timers;
    this.shard = shard;
    this.guard = guard;
    this.log =
        new Log(context.getSystem(), environment.settings().readJournal(), persistenceId().id());
    Dispatch.Users users = environment.users()::tell;
    this.vetting = new Vetting(users, context.messageAdapter(User.ProfileReply.class, Vetted::new));
    this.state = new ConversationState(id);
    this.pages = new Pages(context, log, state);
    this.dispatch = new Dispatch(state, users, pages);
    this.cursors = new CursorMoves(context, log, state);
    this.lookups = new Lookups(context, log, state);
    this.preview = new Preview(context, state, pages);
    this.opening = new Opening(id, vetting);
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
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(environment.settings().snapshotEvery(), 2);
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
    pages = new Pages(context, log, state);
    dispatch = new Dispatch(state, environment.users()::tell, pages);
    cursors = new CursorMoves(context, log, state);
    lookups = new Lookups(context, log, state);
    preview = new Preview(context, state, pages);
    timers.startTimerWithFixedDelay(Timer.IDLE, Timer.IDLE, environment.settings().idle());
    if (state.exists()) {
      dispatch.recover(now());
      startTick();
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
    if (inFlight != null) {
      inFlight.refused(refusal);
      inFlight = null;
    }
    batch.refused(refusal);
    batch = new Batch();
    if (cursorsInFlight != null) {
      cursorsInFlight.callers().forEach(c -> c.tell(new Conversation.Refused(refusal)));
      cursorsInFlight = null;
    }
    cursors.refuseAll(refusal);
    lookups.refuseAll(refusal);
    opening.refuseAll(refusal);
  }

  @Override
  public CommandHandler<Conversation.Command, ConversationEvent, ConversationState>
      commandHandler() {
    return (before, command) -> {
      guard.handled();
      if (!(command instanceof Timer)) {
        handled++;
      }
      return handle(command);
    };
  }

  private Effect<ConversationEvent, ConversationState> handle(Conversation.Command command) {
    return switch (command) {
      case Conversation.Post post ->
          lookups.mustWait(post) ? Effect().none() : post(post, Lookups.Facts.NONE);
      case Conversation.OpenDirect open -> openDirect(open);
      case Conversation.CreateGroup create -> createGroup(create);
      case Conversation.ChangeGroup c ->
          write(c.actor(), Groups.change(state, c.actor(), c.name(), c.avatarUrl()), c.replyTo());
      case Conversation.AddMembers add -> addMembers(add);
      case Conversation.RemoveMember r ->
          write(
              r.actor(),
              Groups.remove(state, r.actor(), r.userId()),
              r.replyTo(),
              () -> r.replyTo().tell(new Conversation.Removed()));
      case Conversation.SetRole r ->
          write(r.actor(), Groups.setRole(state, r.actor(), r.userId(), r.role()), r.replyTo());
      case Conversation.GetView get -> view(get);
      case Conversation.GetPage get -> page(get);
      case Conversation.Read read -> read(read);
      case Conversation.Typing typing -> typing(typing);
      case Conversation.FromUser from -> fromUser(from.message());
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
          };
      case Stop stop -> Effect().stop();
      case Vetted vetted -> {
        vetting.answered(vetted.reply());
        yield afterVetting();
      }
      case NextVetted next -> afterVetting();
      case Pages.ReadEnded ended -> {
        ended.then().accept(pages);
        yield Effect().none();
      }
      case Lookups.Resume resume -> {
        Effect<ConversationEvent, ConversationState> effect = post(resume.post(), resume.facts());
        lookups.resumed(resume.post().author());
        yield effect;
      }
      case Lookups.Ended ended -> {
        lookups.ended(ended);
        yield Effect().none();
      }
      case Preview.Looked looked -> {
        ConversationEvent found = preview.looked(looked);
        yield found == null
            ? Effect().none()
            : Effect().persist(found).thenRun(after -> told(List.of()));
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

  private Effect<ConversationEvent, ConversationState> post(
      Conversation.Post post, Lookups.Facts facts) {
    Member author = state.member(post.author());
    if (author == null) {
      if (!state.exists() && post.openWith() != null) {
        return open(post.author(), post.openWith(), post);
      }
      refuse(post, Refusal.notFound());
      return Effect().none();
    }
    Entry inBatch = batch.find(post.author(), post.clientMsgId());
    if (inBatch != null) {
      batch.await(post.replyTo(), posted(inBatch, true));
      return Effect().none();
    }
    switch (lookups.known(post, author, facts, now())) {
      case Lookups.Duplicate duplicate -> {
        environment.telemetry().duplicate();
        post.replyTo().tell(posted(duplicate.entry(), true));
        return Effect().none();
      }
      case Lookups.Pending pending -> {
        return Effect().none();
      }
      case Lookups.Unknown unknown -> {}
    }
    long end = state.lastSeq + batch.size();
    return switch (Posting.decide(state, author, post.intent(), facts.target(), end)) {
      case Posting.Refuse refused -> {
        refuse(post, refused.refusal());
        yield Effect().none();
      }
      case Posting.NeedsEntry needs -> {
        lookups.load(post, facts, needs.seq());
        yield Effect().none();
      }
      case Posting.Accept accept -> {
        Entry entry = entry(post.author(), post.clientMsgId(), accept.body());
        batch.add(entry);
        batch.await(post.replyTo(), posted(entry, false));
        yield written();
      }
    };
  }

  private void refuse(Conversation.Post post, Refusal refusal) {
    post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
  }

  private Conversation.Posted posted(Entry entry, boolean duplicate) {
    return new Conversation.Posted(
        id,
        Objects.requireNonNull(entry.clientMsgId()),
        entry.messageId(),
        entry.seq(),
        entry.at(),
        duplicate);
  }

  /** The next entry. Its time never goes back, whatever the clock does. */
  private Entry entry(UserId author, @Nullable String clientMsgId, Body body) {
    long at = Math.max(now(), Math.max(state.lastAt, batch.lastAt()));
    return new Entry(
        state.lastSeq + batch.size() + 1,
        environment.messageIds().get(),
        author,
        at,
        clientMsgId,
        body);
  }

  /**
   * Something was added to the batch: it goes now if it must, else after what waits in the mailbox.
   */
  private Effect<ConversationEvent, ConversationState> written() {
    if (batch.full()) {
      return flush();
    }
    if (!flushAsked) {
      flushAsked = true;
      context.getSelf().tell(Flush.NOW);
    }
    return Effect().none();
  }

  /** Writes what has gathered, entries and cursors, as one event. */
  private Effect<ConversationEvent, ConversationState> flush() {
    if (batch.isEmpty() && cursors.isEmpty()) {
      return Effect().none();
    }
    CursorMoves.Ready moves = cursors.take();
    Batch writing = batch;
    if (writing.isEmpty() && moves.moves().isEmpty()) {
      moves.callers().forEach(caller -> caller.tell(new Conversation.ReadDone()));
      return Effect().none();
    }
    batch = new Batch();
    inFlight = writing;
    cursorsInFlight = moves;
    ConversationEvent event =
        writing.isEmpty()
            ? new ConversationEvent.CursorsMoved(moves.moves())
            : new ConversationEvent.EntriesAppended(
                writing.entries(),
                moves.moves().isEmpty() ? null : moves.moves(),
                dispatch.floor());
    long since = System.nanoTime();
    return Effect().persist(event).thenRun(after -> flushed(writing, moves, since));
  }

  private void flushed(Batch written, CursorMoves.Ready moves, long since) {
    inFlight = null;
    cursorsInFlight = null;
    environment.telemetry().persisted("conversation", System.nanoTime() - since);
    List<Entry> entries = written.entries();
    for (Entry entry : entries) {
      environment.telemetry().accepted(entry.body().type());
      if (entry.body() instanceof Body.Delete delete) {
        cursors.deleted(delete);
      }
    }
    dispatch.persisted(entries, moves.moves(), now());
    written.written();
    moves.callers().forEach(caller -> caller.tell(new Conversation.ReadDone()));
    startTick();
    preview.restore();
  }

  // ---- opening, groups
  // ---------------------------------------------------------------------------------------

  private final ArrayDeque<Runnable> vetted = new ArrayDeque<>();

  private Effect<ConversationEvent, ConversationState> openDirect(Conversation.OpenDirect open) {
    if (state.exists()) {
      reply(open.opener(), open.replyTo());
      dispatch.remind(open.opener(), now());
      return Effect().none();
    }
    return open(open.opener(), open.peer(), open);
  }

  private Effect<ConversationEvent, ConversationState> open(
      UserId opener, UserId peer, Conversation.Command cause) {
    startTick();
    opening.open(opener, peer, cause, now());
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> afterVetting() {
    Runnable then = vetted.poll();
    if (then != null) {
      // One at a time: the next is judged by what this one leaves behind.
      if (!vetted.isEmpty()) {
        context.getSelf().tell(NextVetted.NEXT);
      }
      then.run();
      return written();
    }
    ConversationEvent event = opening.take();
    return event == null ? Effect().none() : Effect().persist(event).thenRun(after -> opened());
  }

  private void opened() {
    told(List.of());
    for (Conversation.Command cause : opening.waiting()) {
      context.getSelf().tell(cause);
    }
  }

  /** Tells everybody the row as it is now. */
  private void told(List<CursorMove> moves) {
    dispatch.persisted(List.of(), moves, now());
    startTick();
  }

  private Effect<ConversationEvent, ConversationState> createGroup(
      Conversation.CreateGroup create) {
    if (state.exists() || !batch.isEmpty()) {
      create.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      return Effect().none();
    }
    LinkedHashSet<UserId> members = new LinkedHashSet<>();
    members.add(create.creator());
    members.addAll(create.memberIds());
    if (members.size() > Limits.GROUP_MEMBERS) {
      answer(create.replyTo(), Groups.tooMany("member_ids").refusal());
      return Effect().none();
    }
    startTick();
    vetting.ask(
        members,
        now(),
        vetted(
            "member_ids",
            create.replyTo(),
            () -> {
              if (!state.exists()) {
                add(
                    create.creator(),
                    List.of(
                        new Body.GroupCreated(
                            create.name(), create.avatarUrl(), List.copyOf(members))),
                    create.replyTo(),
                    () -> reply(create.creator(), create.replyTo()));
              }
            }));
    return Effect().none();
  }

  private Vetting.Outcome vetted(
      String field, ActorRef<Conversation.ViewReply> replyTo, Runnable then) {
    return new Vetting.Outcome() {
      @Override
      public void known(Map<UserId, Profile> profiles) {
        vetted.add(then);
      }

      @Override
      public void unknown(UserId user) {
        answer(replyTo, Refusal.of(ErrorCode.NOT_FOUND, field + ": there is no user " + user));
      }

      @Override
      public void refused(Refusal refusal) {
        answer(replyTo, refusal);
      }
    };
  }

  private static void answer(ActorRef<Conversation.ViewReply> replyTo, @Nullable Refusal refusal) {
    if (refusal != null) {
      replyTo.tell(new Conversation.Refused(refusal));
    }
  }

  private Effect<ConversationEvent, ConversationState> addMembers(Conversation.AddMembers add) {
    Groups.Decision decision = Groups.add(state, add.actor(), add.userIds());
    if (decision.refusal() != null || decision.bodies().isEmpty()) {
      return write(add.actor(), decision, add.replyTo());
    }
    startTick();
    vetting.ask(
        Groups.strangers(state, add.userIds()),
        now(),
        vetted(
            "user_ids",
            add.replyTo(),
            () -> {
              // Judged again: much may have happened while the users were asked.
              Groups.Decision now = Groups.add(state, add.actor(), add.userIds());
              if (now.refusal() != null) {
                answer(add.replyTo(), now.refusal());
              } else {
                add(
                    add.actor(),
                    now.bodies(),
                    add.replyTo(),
                    () -> reply(add.actor(), add.replyTo()));
              }
            }));
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> write(
      UserId actor, Groups.Decision decision, ActorRef<Conversation.ViewReply> replyTo) {
    return write(actor, decision, replyTo, () -> reply(actor, replyTo));
  }

  private Effect<ConversationEvent, ConversationState> write(
      UserId actor,
      Groups.Decision decision,
      ActorRef<Conversation.ViewReply> replyTo,
      Runnable done) {
    if (decision.refusal() != null) {
      answer(replyTo, decision.refusal());
      return Effect().none();
    }
    add(actor, decision.bodies(), replyTo, done);
    return written();
  }

  private void add(
      UserId actor, List<Body> bodies, ActorRef<Conversation.ViewReply> replyTo, Runnable done) {
    if (bodies.isEmpty()) {
      done.run();
      return;
    }
    for (Body body : bodies) {
      batch.add(entry(actor, null, body));
    }
    batch.await(
        new Batch.Waiting() {
          @Override
          public void written() {
            done.run();
          }

          @Override
          public void refused(Refusal refusal) {
            replyTo.tell(new Conversation.Refused(refusal));
          }
        });
  }

  // ---- reading
  // -----------------------------------------------------------------------------------------------

  private void reply(UserId viewer, ActorRef<Conversation.ViewReply> replyTo) {
    replyTo.tell(
        state.member(viewer) == null
            ? new Conversation.Removed()
            : new Conversation.Viewed(Views.of(state, viewer)));
  }

  private Effect<ConversationEvent, ConversationState> view(Conversation.GetView get) {
    if (state.member(get.viewer()) == null) {
      get.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
    } else {
      reply(get.viewer(), get.replyTo());
    }
    return Effect().none();
  }

  private Effect<ConversationEvent, ConversationState> page(Conversation.GetPage get) {
    Views.Range range = Views.range(state, get);
    if (range == null) {
      get.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      return Effect().none();
    }
    pages.load(
        range.from(),
        range.to(),
        (entries, tier) ->
            get.replyTo()
                .tell(
                    entries == null
                        ? new Conversation.Refused(
                            Refusal.unavailable("the log cannot be read now"))
                        : new Conversation.Page(
                            new parley.model.HistoryPage(id, entries, range.hasMore(), tier))));
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
    vetting.tick(now);
    dispatch.tick(now);
    preview.restore();
    if (dispatch.settled() && vetting.isIdle() && cursors.isEmpty() && !state.previewLost) {
      timers.cancel(Timer.TICK);
    }
    return flush();
  }

  /**
   * Nothing came since the last time: say that all is told, so that a restart need not tell it
   * again, and leave.
   */
  private Effect<ConversationEvent, ConversationState> idle() {
    boolean quiet =
        handled == handledAtIdle
            && batch.isEmpty()
            && cursors.isEmpty()
            && vetting.isIdle()
            && lookups.isIdle()
            && dispatch.settled();
    handledAtIdle = handled;
    if (!quiet) {
      return Effect().none();
    }
    if (state.exists() && !state.settled) {
      return Effect()
          .persist((ConversationEvent) new ConversationEvent.Settled())
          .thenRun(after -> passivate());
    }
    passivate();
    return Effect().none();
  }

  private void passivate() {
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }
}
