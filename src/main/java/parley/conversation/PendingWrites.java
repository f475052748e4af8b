package parley.conversation;

import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Refusal;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/**
 * What is going to be written: the batch that gathers, and the event that is on its way to the
 * journal.
 */
final class PendingWrites {
  private final ConversationEntity.Environment environment;
  private final ConversationState state;
  private final Dispatch dispatch;
  private final CursorMoves cursors;
  private final EntryTimes times = new EntryTimes();
  private EntryBatch entryBatch = new EntryBatch();
  private @Nullable Write inFlight;

  /** One event on its way, with those who wait for it. */
  record Write(
      ConversationEvent event, EntryBatch batch, CursorMoves.Ready moves, long sinceNanos) {}

  PendingWrites(
      ConversationEntity.Environment environment,
      ConversationState state,
      Dispatch dispatch,
      CursorMoves cursors) {
    this.environment = environment;
    this.state = state;
    this.dispatch = dispatch;
    this.cursors = cursors;
  }

  boolean isEmpty() {
    return entryBatch.isEmpty();
  }

  /** Whether the batch must go now. */
  boolean full() {
    return entryBatch.full();
  }

  /** The seq of the newest entry, those that wait included. */
  long end() {
    return state.lastSeq + entryBatch.size();
  }

  /** The waiting entry of that name, if there is one. */
  @Nullable Entry find(Conversation.Post post) {
    return entryBatch.find(post.author(), post.clientMsgId());
  }

  /** Waits with an entry that is in the batch already. */
  void awaitDuplicate(Conversation.Post post, Entry entry) {
    entryBatch.await(post.replyTo(), posted(state, entry, true));
  }

  void add(Conversation.Post post, EntryBody entryBody) {
    Entry entry = entry(post.author(), post.clientMsgId(), entryBody);
    entryBatch.add(entry);
    entryBatch.await(post.replyTo(), posted(state, entry, false));
  }

  void add(UserId actor, List<EntryBody> bodies, ActorRef<Conversation.ViewReply> replyTo) {
    for (EntryBody entryBody : bodies) {
      entryBatch.add(entry(actor, null, entryBody));
    }
    entryBatch.await(
        new EntryBatch.Waiting() {
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

  /** The next entry. Its time never goes back and its id grows, whatever the clock does. */
  private Entry entry(UserId author, @Nullable String clientMsgId, EntryBody entryBody) {
    long now = environment.clock().millis();
    Entry last = last();
    long lastAt = last == null ? state.lastAt : last.at();
    environment.telemetry().ahead(lastAt - now);
    return new Entry(
        end() + 1,
        MessageIds.next(environment.messageIds().get(), last == null ? null : last.messageId()),
        author,
        times.next(now, lastAt),
        clientMsgId,
        entryBody);
  }

  /** The newest entry, those that wait included; null where there is none. */
  private @Nullable Entry last() {
    return entryBatch.isEmpty() ? state.recentEntries.get(state.lastSeq) : entryBatch.last();
  }

  static Conversation.Posted posted(ConversationState state, Entry entry, boolean duplicate) {
    return new Conversation.Posted(
        state.id,
        Objects.requireNonNull(entry.clientMsgId()),
        entry.messageId(),
        entry.seq(),
        entry.at(),
        duplicate);
  }

  /**
   * Takes what has gathered, entries and cursors, as one event to be persisted; null is nothing.
   */
  @Nullable Write take() {
    if (entryBatch.isEmpty() && cursors.isEmpty()) {
      return null;
    }
    CursorMoves.Ready moves = cursors.take();
    if (entryBatch.isEmpty() && moves.moves().isEmpty()) {
      moves.done();
      return null;
    }
    ConversationEvent event =
        entryBatch.isEmpty()
            ? new ConversationEvent.CursorsMoved(moves.moves())
            : new ConversationEvent.EntriesAppended(
                entryBatch.entries(),
                moves.moves().isEmpty() ? null : moves.moves(),
                dispatch.floor());
    Write write = new Write(event, entryBatch, moves, System.nanoTime());
    entryBatch = new EntryBatch();
    inFlight = write;
    return write;
  }

  /** It is durable: members are told, then those who wait. */
  void written(Write write) {
    inFlight = null;
    Telemetry telemetry = environment.telemetry();
    telemetry.persisted("conversation", System.nanoTime() - write.sinceNanos());
    List<Entry> entries = write.batch().entries();
    for (Entry entry : entries) {
      telemetry.accepted(entry.body().type());
      if (entry.body() instanceof EntryBody.Delete delete) {
        cursors.deleted(delete);
      }
    }
    dispatch.persisted(entries, write.moves().moves(), environment.clock().millis());
    write.batch().written();
    write.moves().done();
  }

  /** The entity ends: whether what is on its way was written is not known. */
  void refuseAll(Refusal refusal) {
    Write write = inFlight;
    if (write != null) {
      write.batch().refused(refusal);
      write.moves().callers().forEach(c -> c.tell(new Conversation.Refused(refusal)));
      inFlight = null;
    }
    entryBatch.refused(refusal);
    entryBatch = new EntryBatch();
    cursors.refuseAll(refusal);
  }
}
