package parley.conversation;

import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import parley.bounds.CellRate;
import parley.conversation.ConversationEvent.Person;
import parley.cursors.CursorLog;
import parley.model.Entry;
import parley.model.Refusal;
import parley.model.UserId;
import parley.user.User;

/**
 * Handles the commands that make entries: posts, the opening of a direct conversation, and changes
 * of groups. Gathers what they make in {@link PendingWrites} and writes it in batches, when the
 * reminder of the conversation is durable.
 *
 * <p>A post passes {@link MessageLookups} (is it a duplicate?) and {@link EntryRules} (is it
 * allowed?). A change of a group passes {@link GroupRules}, and {@link UserCheck} if it adds
 * people.
 */
final class ConversationWrites {
  /** Name of the limit of a conversation's messages in meters. */
  private static final String LIMIT = "conversation";

  /** Write the gathered entries and cursor moves. */
  private enum Flush implements Message {
    NOW
  }

  /** Handle the next command that waited until the direct conversation was opened. */
  private enum NextOpened implements Message {
    NEXT
  }

  /** Carry out the next membership change whose users have been checked. */
  private enum NextMembershipChange implements Message {
    NEXT
  }

  /** A message of this class to itself. */
  sealed interface Message extends Conversation.Internal {}

  private final ConversationLive live;
  private final EffectFactories<ConversationEvent, ConversationState> effects;
  private final ConversationState state;
  private final CellRate rate = new CellRate();
  private boolean flushAsked;

  ConversationWrites(
      ConversationLive live, EffectFactories<ConversationEvent, ConversationState> effects) {
    this.live = live;
    this.effects = effects;
    this.state = live.state;
  }

  /** Handles a message of this class to itself. */
  Effect<ConversationEvent, ConversationState> handle(Message message) {
    return switch (message) {
      case Flush flush -> {
        flushAsked = false;
        yield flush();
      }
      case NextOpened next -> nextOpened();
      case NextMembershipChange next -> afterUserCheck();
    };
  }

  // ---- entries

  Effect<ConversationEvent, ConversationState> receivePost(Conversation.Post post) {
    live.postTrails.arrived(post);
    return queuedBehindOpening(post) || live.messageLookups.mustWait(post)
        ? effects.none()
        : post(post, MessageLookups.Facts.NONE);
  }

  /**
   * Whether commands that waited for the opening are still unhandled. If so, this command is queued
   * behind them, so that the order stays.
   */
  private boolean queuedBehindOpening(Conversation.Command cause) {
    boolean follows = state.exists() && live.directOpening.hasWaiting();
    if (follows) {
      live.directOpening.enqueue(cause);
    }
    return follows;
  }

  /** Goes on with a post whose facts were looked up. */
  Effect<ConversationEvent, ConversationState> resume(MessageLookups.Resume resume) {
    Effect<ConversationEvent, ConversationState> effect = post(resume.post(), resume.facts());
    live.messageLookups.postHandled(resume.post().author());
    return effect;
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
      return effects.none();
    }
    Entry waiting = live.pendingWrites.find(post);
    if (waiting != null) {
      live.postTrails.duplicate(post);
      live.pendingWrites.awaitDuplicate(post, waiting);
      return effects.none();
    }
    switch (live.messageLookups.checkDuplicate(post, author, facts, live.now())) {
      case MessageLookups.Duplicate duplicate -> {
        live.dependencies.telemetry().duplicate();
        live.postTrails.duplicate(post);
        post.replyTo().tell(PendingWrites.posted(state, duplicate.entry(), true));
        return effects.none();
      }
      case MessageLookups.Pending pending -> {
        return effects.none();
      }
      case MessageLookups.NewPost newPost -> {
        if (isOverRate(post)) {
          refuse(post, overRate(post));
          return effects.none();
        }
      }
    }
    return switch (EntryRules.decide(
        state, author, post.intent(), facts.target(), live.pendingWrites.endSeq())) {
      case EntryRules.Refuse refused -> {
        refuse(post, refused.refusal());
        yield effects.none();
      }
      case EntryRules.NeedsEntry needs -> {
        live.messageLookups.load(post, facts, needs.seq());
        yield effects.none();
      }
      case EntryRules.Accept accept -> {
        long wait = takeFromRate();
        if (wait > 0) {
          live.dependencies.telemetry().limited(LIMIT);
          refuse(post, Refusal.rateLimited("too many messages in this conversation", wait));
          yield effects.none();
        }
        live.pendingWrites.add(post, accept.body());
        yield scheduleFlush();
      }
    };
  }

  /**
   * Takes a message of the conversation's rate. Only what is about to be written takes one, so a
   * retry of a stored message, a refused one, and the size of the event that many are written in
   * cost nothing. A conversation that starts again has a whole second of messages.
   */
  private long takeFromRate() {
    return rate.tryTake(
        live.dependencies.messagesPerSecond().applyAsInt(state.id().value()), live.now());
  }

  private static boolean isOverRate(Conversation.Post post) {
    return post.retryAfterMillis() > 0;
  }

  private static Refusal overRate(Conversation.Post post) {
    return Refusal.rateLimited("too many messages", post.retryAfterMillis());
  }

  private void refuse(Conversation.Post post, Refusal refusal) {
    live.postTrails.refused(post, refusal);
    post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
  }

  /**
   * Called after an entry was added to the batch. A full batch is written at once. Otherwise the
   * batch is written after the commands that are in the mailbox now.
   */
  private Effect<ConversationEvent, ConversationState> scheduleFlush() {
    if (live.pendingWrites.full()) {
      return flush();
    }
    if (!flushAsked && !live.pendingWrites.isEmpty()) {
      flushAsked = true;
      live.context.getSelf().tell(Flush.NOW);
    }
    return effects.none();
  }

  Effect<ConversationEvent, ConversationState> flush() {
    if (!live.reminderClient.mayWrite()) {
      if (!live.pendingWrites.isEmpty()
          || !live.cursorMoves.isEmpty()
          || !live.cursorLogClient.isEmpty()) {
        live.reminderClient.ask();
      }
      return effects.none();
    }
    if (live.pendingWrites.isEmpty() && live.cursorLogClient.sendToLog(live.now())) {
      return effects.none();
    }
    PendingWrites.Write write = live.pendingWrites.take();
    return write == null
        ? effects.none()
        : effects.persist(write.event()).thenRun(after -> flushed(write));
  }

  /** Handles an answer of the cursor log to what {@link #flush} gave it. */
  Effect<ConversationEvent, ConversationState> cursorLogAnswered(CursorLog.Reply reply) {
    switch (reply) {
      case CursorLog.Kept kept -> {
        CursorMoves.Batch durable = live.cursorLogClient.logKept(kept.nr(), live.now());
        if (durable != null) {
          live.dispatch.cursorsMoved(durable.moves(), live.now());
          durable.done();
        }
      }
      case CursorLog.NotKept refused -> live.cursorLogClient.logRefused(refused.nr(), live.now());
      case CursorLog.Found late -> {}
    }
    return flush();
  }

  void flushed(PendingWrites.Write write) {
    live.noteExistence(true);
    live.pendingWrites.written(write);
    live.startTick();
    live.previewSearch.searchIfMissing(live.now());
    if (live.membershipChanges.hasNext()) {
      live.context.getSelf().tell(NextMembershipChange.NEXT);
    }
  }

  // ---- opening, groups

  Effect<ConversationEvent, ConversationState> receiveOpening(Conversation.OpenDirect open) {
    return queuedBehindOpening(open) ? effects.none() : openDirect(open);
  }

  private Effect<ConversationEvent, ConversationState> openDirect(Conversation.OpenDirect open) {
    if (state.exists()) {
      open.replyTo().tell(ConversationViews.reply(state, open.opener()));
      live.dispatch.sendRow(open.opener(), live.now());
      return effects.none();
    }
    return open(open.opener(), open.peer(), open);
  }

  private Effect<ConversationEvent, ConversationState> open(
      UserId opener, UserId peer, Conversation.Command cause) {
    live.startTick();
    live.directOpening.open(opener, peer, cause, live.now());
    return effects.none();
  }

  Effect<ConversationEvent, ConversationState> afterUserCheck() {
    if (live.membershipChanges.hasNext() && creationPending()) {
      // The first entry of a group is being written. A second request for the same group waits, and
      // then finds the group. Otherwise both requests would add a {@code group_created} entry.
      return effects.none();
    }
    if (live.membershipChanges.next()) {
      if (live.membershipChanges.hasNext()) {
        live.context.getSelf().tell(NextMembershipChange.NEXT);
      }
      return scheduleFlush();
    }
    if (live.directOpening.isReady() && !live.reminderClient.mayWrite()) {
      live.reminderClient.ask();
      return effects.none();
    }
    ConversationEvent event = live.directOpening.take();
    return event == null ? effects.none() : effects.persist(event).thenRun(after -> opened());
  }

  /** Whether the first entry of a new conversation waits to be written. */
  private boolean creationPending() {
    return !state.exists() && !live.pendingWrites.isEmpty();
  }

  private void opened() {
    live.noteExistence(true);
    live.dispatchRows(List.of());
    live.context.getSelf().tell(NextOpened.NEXT);
  }

  /**
   * Handles the next command that waited for the opening. Commands that arrive meanwhile are queued
   * behind the waiting ones.
   */
  private Effect<ConversationEvent, ConversationState> nextOpened() {
    Conversation.Command cause = live.directOpening.next();
    if (live.directOpening.hasWaiting()) {
      live.context.getSelf().tell(NextOpened.NEXT);
    }
    if (cause instanceof Conversation.Post post && !live.messageLookups.mustWait(post)) {
      return post(post, MessageLookups.Facts.NONE);
    }
    if (cause instanceof Conversation.OpenDirect open) {
      return openDirect(open);
    }
    return effects.none();
  }

  Effect<ConversationEvent, ConversationState> changeGroup(Conversation.ChangeGroup c) {
    return write(
        c.actor(), GroupRules.change(state, c.actor(), c.name(), c.avatarUrl()), c.replyTo());
  }

  Effect<ConversationEvent, ConversationState> removeMember(Conversation.RemoveMember r) {
    return write(r.actor(), GroupRules.remove(state, r.actor(), r.userId()), r.replyTo());
  }

  Effect<ConversationEvent, ConversationState> setRole(Conversation.SetRole r) {
    return write(
        r.actor(), GroupRules.setRole(state, r.actor(), r.userId(), r.role()), r.replyTo());
  }

  Effect<ConversationEvent, ConversationState> createGroup(Conversation.CreateGroup create) {
    live.startTick();
    live.membershipChanges.create(create, live.now());
    return effects.none();
  }

  Effect<ConversationEvent, ConversationState> addMembers(Conversation.AddMembers add) {
    GroupRules.Decision decision = GroupRules.add(state, add.actor(), add.userIds());
    if (decision.refusal() != null || decision.bodies().isEmpty()) {
      return write(add.actor(), decision, add.replyTo());
    }
    live.startTick();
    live.membershipChanges.add(add, live.now());
    return effects.none();
  }

  private Effect<ConversationEvent, ConversationState> write(
      UserId actor, GroupRules.Decision decision, ActorRef<Conversation.ViewReply> replyTo) {
    if (decision.refusal() != null) {
      replyTo.tell(new Conversation.Refused(decision.refusal()));
      return effects.none();
    }
    live.pendingWrites.addOrAnswer(actor, decision.bodies(), replyTo);
    return scheduleFlush();
  }

  // ---- other writes and answers

  Effect<ConversationEvent, ConversationState> renamed(User.Renamed renamed) {
    Person known = state.person(renamed.userId());
    if (known == null || state.group()) {
      return effects.none();
    }
    if (known.revision() >= renamed.revision()) {
      live.dispatch.sendRow(renamed.userId(), live.now());
      return effects.none();
    }
    Person person =
        new Person(
            renamed.userId(), renamed.displayName(), renamed.avatarUrl(), renamed.revision());
    return effects
        .persist(new ConversationEvent.ProfileNoted(person))
        .thenRun(after -> live.dispatchRows(List.of()));
  }

  /**
   * The reminder is durable, so the waiting writes can go to the journal.
   *
   * @param nr the number of the {@link ConversationReminder.Keep} that this answers
   */
  Effect<ConversationEvent, ConversationState> reminderKept(long nr) {
    if (!live.reminderClient.kept(nr)) {
      return effects.none();
    }
    if (live.directOpening.isReady()) {
      if (!live.pendingWrites.isEmpty()) {
        live.context.getSelf().tell(Flush.NOW);
      }
      return afterUserCheck();
    }
    return flush();
  }

  /** A page was searched for the preview of the newest message; persists what was found. */
  Effect<ConversationEvent, ConversationState> previewFound(
      PreviewSearch.PageSearched pageSearched) {
    ConversationEvent found = live.previewSearch.pageSearched(pageSearched, live.now());
    if (found != null && !live.reminderClient.mayWrite()) {
      // The next tick starts the search again.
      live.reminderClient.ask();
      return effects.none();
    }
    return found == null
        ? effects.none()
        : effects.persist(found).thenRun(after -> live.dispatchRows(List.of()));
  }
}
