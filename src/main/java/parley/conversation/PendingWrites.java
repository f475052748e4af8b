package parley.conversation;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Refusal;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/**
 * The writes of a conversation that are not durable yet: the batch that gathers entries, and the
 * event that is being persisted.
 */
final class PendingWrites {
  private final ConversationDependencies dependencies;
  private final ConversationState state;
  private final Dispatch dispatch;
  private final CursorMoves cursorMoves;
  private final CursorLogClient cursorLogClient;
  private final PostTrails postTrails;
  private final EntryTimes times = new EntryTimes();
  private EntryBatch entryBatch = new EntryBatch();
  private @Nullable Write inFlight;

  /**
   * An event that is being persisted, with the callers that wait for it.
   *
   * @param moves the cursors that members are told after it
   * @param storedFor the members whose cursors the event holds
   */
  record Write(
      ConversationEvent event,
      EntryBatch batch,
      CursorMoves.Batch moves,
      Set<UserId> storedFor,
      long sinceNanos) {}

  PendingWrites(
      ConversationDependencies dependencies,
      ConversationState state,
      Dispatch dispatch,
      CursorMoves cursorMoves,
      CursorLogClient cursorLogClient,
      PostTrails postTrails) {
    this.dependencies = dependencies;
    this.state = state;
    this.dispatch = dispatch;
    this.cursorMoves = cursorMoves;
    this.cursorLogClient = cursorLogClient;
    this.postTrails = postTrails;
  }

  boolean isEmpty() {
    return entryBatch.isEmpty();
  }

  /** Whether the batch must be written now. */
  boolean full() {
    return entryBatch.full();
  }

  /** The seq of the newest entry, including the batch. */
  long endSeq() {
    return state.lastSeq() + entryBatch.size();
  }

  /** The entry in the batch with the author and {@code clientMsgId} of this post, or null. */
  @Nullable Entry find(Conversation.Post post) {
    return entryBatch.find(post.author(), post.clientMsgId());
  }

  /** Adds a duplicate post to the callers that wait for an entry in the batch. */
  void awaitDuplicate(Conversation.Post post, Entry entry) {
    entryBatch.addCaller(post.replyTo(), posted(state, entry, true));
  }

  void add(Conversation.Post post, EntryBody entryBody) {
    Entry entry = entry(post.author(), post.clientMsgId(), entryBody);
    entryBatch.add(entry, post.fromDevice());
    entryBatch.addCaller(post.replyTo(), posted(state, entry, false));
    postTrails.accepted(post, entry, entryBatch);
  }

  /** Adds entries for a change, or answers at once if nothing changes, so nothing is written. */
  void addOrAnswer(UserId actor, List<EntryBody> bodies, ActorRef<Conversation.ViewReply> replyTo) {
    if (bodies.isEmpty()) {
      replyTo.tell(ConversationViews.reply(state, actor));
    } else {
      add(actor, bodies, replyTo);
    }
  }

  private void add(UserId actor, List<EntryBody> bodies, ActorRef<Conversation.ViewReply> replyTo) {
    for (EntryBody entryBody : bodies) {
      entryBatch.add(entry(actor, null, entryBody), false);
    }
    entryBatch.addCaller(
        new EntryBatch.Caller() {
          @Override
          public void written() {
            replyTo.tell(ConversationViews.reply(state, actor));
          }

          @Override
          public void refused(Refusal refusal) {
            replyTo.tell(new Conversation.Refused(refusal));
          }
        });
  }

  /** Makes the next entry. Its time never goes back and its id grows, whatever the clock does. */
  private Entry entry(UserId author, @Nullable String clientMsgId, EntryBody entryBody) {
    long now = dependencies.clock().millis();
    Entry last = last();
    long lastAt = last == null ? state.lastAt() : last.at();
    dependencies.telemetry().logAheadBy(lastAt - now);
    return new Entry(
        endSeq() + 1,
        MessageIds.next(dependencies.messageIds().get(), last == null ? null : last.messageId()),
        author,
        times.next(now, lastAt),
        clientMsgId,
        entryBody);
  }

  /** The newest entry, including the batch; null if it is not known. */
  private @Nullable Entry last() {
    return entryBatch.isEmpty() ? state.entryInMemory(state.lastSeq()) : entryBatch.last();
  }

  static Conversation.Posted posted(ConversationState state, Entry entry, boolean duplicate) {
    return new Conversation.Posted(
        state.id(),
        Objects.requireNonNull(entry.clientMsgId()),
        entry.messageId(),
        entry.seq(),
        entry.at(),
        duplicate);
  }

  /**
   * Takes the gathered entries and cursor moves as one event to persist. Returns null if there is
   * nothing to write.
   */
  @Nullable Write take() {
    if (entryBatch.isEmpty() && cursorMoves.isEmpty() && cursorLogClient.isEmpty()) {
      return null;
    }
    CursorLogClient.Taken moves = cursorLogClient.take(entryBatch);
    if (entryBatch.isEmpty() && moves.stored().isEmpty()) {
      moves.news().done();
      return null;
    }
    ConversationEvent event =
        entryBatch.isEmpty()
            ? new ConversationEvent.CursorsMoved(moves.stored())
            : new ConversationEvent.EntriesAppended(
                entryBatch.entries(),
                moves.stored().isEmpty() ? null : moves.stored(),
                dispatch.acknowledgedByAll());
    Write write = new Write(event, entryBatch, moves.news(), moves.owners(), System.nanoTime());
    postTrails.persisting(entryBatch);
    entryBatch = new EntryBatch();
    inFlight = write;
    return write;
  }

  /** The write is durable: dispatches it to the members, then answers the callers. */
  void written(Write write) {
    inFlight = null;
    Telemetry telemetry = dependencies.telemetry();
    telemetry.persisted("conversation", System.nanoTime() - write.sinceNanos());
    List<Entry> entries = write.batch().entries();
    if (!entries.isEmpty()) {
      telemetry.entities().committed(entries.size());
    }
    for (Entry entry : entries) {
      telemetry.accepted(entry.body().type());
      telemetry.stored(entry.senderId().value(), state.id().value());
      if (entry.body() instanceof EntryBody.Delete delete) {
        cursorMoves.deleted(delete);
      }
    }
    long now = dependencies.clock().millis();
    PostTrails.TracedWrite tracedWrite = postTrails.persisted(write.batch(), entries, now);
    dispatch.persisted(
        entries, write.moves().moves(), write.storedFor(), tracedWrite.entries(), now);
    postTrails.dispatched(tracedWrite, write.batch(), entries, state.members().size(), now);
    write.batch().written();
    write.moves().done();
  }

  /**
   * Refuses all callers, because the entity stops. Whether the event that is being persisted
   * becomes durable is not known.
   */
  void refuseAll(Refusal refusal) {
    Write write = inFlight;
    if (write != null) {
      write.batch().refused(refusal);
      write.moves().callers().forEach(c -> c.tell(new Conversation.Refused(refusal)));
      inFlight = null;
    }
    entryBatch.refused(refusal);
    entryBatch = new EntryBatch();
    cursorMoves.refuseAll(refusal);
    cursorLogClient.refuseAll(refusal);
  }
}
