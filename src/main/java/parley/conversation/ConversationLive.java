package parley.conversation;

import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import parley.conversation.ConversationEvent.CursorMove;
import parley.cursors.CursorLog;
import parley.model.ConversationId;
import parley.model.Refusal;
import parley.user.User;

/**
 * The part of a conversation that lives in memory only: its state as recovered from the journal,
 * and the collaborators that work on it. It is made once, when the recovery is complete, and ends
 * with the entity. The handlers of commands share it.
 */
final class ConversationLive {
  /** The timers of a conversation. */
  enum Timer implements Conversation.Internal {
    /** Write the cursor moves that were gathered. */
    FLUSH_CURSORS,
    /** Write the cursor moves that only the cursor log has. */
    WRITE_CURSORS,
    /** After a recovery: ask the cursor log again. */
    FIND_CURSORS,
    /** Repeat what was not answered. */
    TICK,
    /** Look whether the conversation is used. */
    IDLE,
    /** Take the next sequence number; sent once, after a recovery. */
    TAKE_OVER,
    /** Stop although work is open. */
    STOP_DUE
  }

  /** A user's answer to the question whether it exists. */
  record UserAnswered(User.ProfileReply reply) implements Conversation.Internal {}

  /** An answer of the cursor log. */
  record CursorLogAnswered(CursorLog.Reply reply) implements Conversation.Internal {}

  final ConversationId id;
  final ConversationDependencies dependencies;
  final ActorContext<Conversation.Command> context;
  final TimerScheduler<Conversation.Command> timers;
  final ConversationState state;
  final LogReader logReader;
  final UserCheck userCheck;
  final DirectOpening directOpening;
  final ReminderClient reminderClient;
  final HistoryPages historyPages;
  final Dispatch dispatch;
  final CursorMoves cursorMoves;
  final CursorLogClient cursorLogClient;
  final MessageLookups messageLookups;
  final PreviewSearch previewSearch;
  final PostTrails postTrails;
  final PendingWrites pendingWrites;
  final MembershipChanges membershipChanges;
  final ConversationArchiver archiver;
  final BacklogReport backlogReport;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final MissingConversations missingConversations;

  ConversationLive(
      ConversationId id,
      ConversationDependencies dependencies,
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      ActorRef<ClusterSharding.ShardCommand> shard,
      MissingConversations missingConversations,
      ConversationState state) {
    this.id = id;
    this.dependencies = dependencies;
    this.context = context;
    this.timers = timers;
    this.shard = shard;
    this.missingConversations = missingConversations;
    this.state = state;
    this.logReader =
        new LogReader(
            context.getSystem(),
            dependencies.settings().readJournal(),
            id,
            dependencies.archive().tier(),
            dependencies.scans());
    this.userCheck =
        new UserCheck(
            dependencies.users(),
            context.messageAdapter(User.ProfileReply.class, UserAnswered::new));
    this.directOpening = new DirectOpening(id, userCheck);
    this.reminderClient =
        new ReminderClient(id, dependencies.reminders(), context.getSelf(), timers);
    this.historyPages =
        new HistoryPages(context, logReader, state, dependencies.telemetry().entities());
    this.dispatch = new Dispatch(state, dependencies.users(), historyPages);
    this.cursorMoves = new CursorMoves(context, logReader, state);
    this.postTrails = new PostTrails(id, dependencies.telemetry().trail());
    this.messageLookups = new MessageLookups(context, logReader, state, postTrails);
    this.previewSearch = new PreviewSearch(context, state, historyPages);
    this.cursorLogClient =
        new CursorLogClient(
            state,
            cursorMoves,
            dependencies.cursorLog(),
            context.messageAdapter(CursorLog.Reply.class, CursorLogAnswered::new),
            timers,
            dependencies.settings().cursorWriteAfter());
    this.pendingWrites =
        new PendingWrites(dependencies, state, dispatch, cursorMoves, cursorLogClient, postTrails);
    this.backlogReport = new BacklogReport(dependencies.telemetry().entities());
    this.membershipChanges = new MembershipChanges(state, userCheck, pendingWrites::addOrAnswer);
    this.archiver =
        switch (dependencies.archive()) {
          case ArchiveDependencies archive ->
              new SegmentArchiver(
                  context, timers, archive, dependencies.clock(), logReader, state, dispatch);
          case NoArchive none -> new NoArchiver(state);
        };
  }

  long now() {
    return dependencies.clock().millis();
  }

  /** Starts the tick, unless it runs. {@link ConversationLifecycle#tick} ends it. */
  void startTick() {
    if (!timers.isTimerActive(Timer.TICK)) {
      timers.startTimerWithFixedDelay(Timer.TICK, Timer.TICK, dependencies.settings().tick());
    }
  }

  /** Sends the current inbox row to all members. */
  void dispatchRows(List<CursorMove> moves) {
    dispatch.cursorsMoved(moves, now());
    startTick();
  }

  /** Tells the shard whether this conversation exists. */
  void noteExistence(boolean exists) {
    if (exists) {
      missingConversations.remove(shard, id);
    } else {
      missingConversations.add(shard, id);
    }
  }

  /** Whether nobody has asked for this conversation to be created. */
  boolean hasNoPendingCreation() {
    return userCheck.isIdle() && !directOpening.hasWaiting() && pendingWrites.isEmpty();
  }

  /** Whether callers wait for an answer from another entity: a user or the reminder. */
  boolean hasOpenWork() {
    return directOpening.hasWaiting()
        || !userCheck.isIdle()
        || !reminderClient.isIdle()
        || membershipChanges.hasNext();
  }

  /** Asks the shard to stop this entity. */
  void requestPassivation() {
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
  }

  /**
   * Answers every caller that waits for a write, a look-up or another entity, and ends what runs
   * beside this entity. Callers that wait for a page of history get no answer: the read ends with
   * the entity, and they ask again after their deadline.
   */
  void end() {
    Refusal refusal = Refusal.unavailable("the conversation is moving; ask again");
    pendingWrites.refuseAll(refusal);
    messageLookups.refuseAll(refusal);
    directOpening.refuseAll(refusal);
    userCheck.refuseAll(refusal);
    reminderClient.refuseAll();
    archiver.end();
    backlogReport.end();
  }
}
