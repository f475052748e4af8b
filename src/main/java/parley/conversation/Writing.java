package parley.conversation;

import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.Body;
import parley.model.Entry;
import parley.model.Refusal;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/**
 * What is going to be written: the batch that gathers, and the event that is on its way to the
 * journal.
 */
final class Writing {
  private final ConversationEntity.Environment environment;
  private final ConversationState state;
  private final Dispatch dispatch;
  private final CursorMoves cursors;
  private final EntryTimes times = new EntryTimes();
  private Batch batch = new Batch();
  private @Nullable Write inFlight;

  /** One event on its way, with those who wait for it. */
  record Write(ConversationEvent event, Batch batch, CursorMoves.Ready moves, long sinceNanos) {}

  Writing(
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
    return batch.isEmpty();
  }

  /** Whether the batch must go now. */
  boolean full() {
    return batch.full();
  }

  /** The seq of the newest entry, those that wait included. */
  long end() {
    return state.lastSeq + batch.size();
  }

  /** The waiting entry of that name, if there is one. */
  @Nullable Entry find(Conversation.Post post) {
    return batch.find(post.author(), post.clientMsgId());
  }

  /** Waits with an entry that is in the batch already. */
  void awaitDuplicate(Conversation.Post post, Entry entry) {
    batch.await(post.replyTo(), posted(state, entry, true));
  }

  void add(Conversation.Post post, Body body) {
    Entry entry = entry(post.author(), post.clientMsgId(), body);
    batch.add(entry);
    batch.await(post.replyTo(), posted(state, entry, false));
  }

  void add(UserId actor, List<Body> bodies, ActorRef<Conversation.ViewReply> replyTo) {
    for (Body body : bodies) {
      batch.add(entry(actor, null, body));
    }
    batch.await(
        new Batch.Waiting() {
          @Override
          public void written() {
            replyTo.tell(Views.reply(state, actor));
          }

          @Override
          public void refused(Refusal refusal) {
            replyTo.tell(new Conversation.Refused(refusal));
          }
        });
  }

  /** The next entry. Its time never goes back and its id grows, whatever the clock does. */
  private Entry entry(UserId author, @Nullable String clientMsgId, Body body) {
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
        body);
  }

  /** The newest entry, those that wait included; null where there is none. */
  private @Nullable Entry last() {
    return batch.isEmpty() ? state.tail.get(state.lastSeq) : batch.last();
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
    if (batch.isEmpty() && cursors.isEmpty()) {
      return null;
    }
    CursorMoves.Ready moves = cursors.take();
    if (batch.isEmpty() && moves.moves().isEmpty()) {
      moves.done();
      return null;
    }
    ConversationEvent event =
        batch.isEmpty()
            ? new ConversationEvent.CursorsMoved(moves.moves())
            : new ConversationEvent.EntriesAppended(
                batch.entries(), moves.moves().isEmpty() ? null : moves.moves(), dispatch.floor());
    Write write = new Write(event, batch, moves, System.nanoTime());
    batch = new Batch();
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
      if (entry.body() instanceof Body.Delete delete) {
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
    batch.refused(refusal);
    batch = new Batch();
    cursors.refuseAll(refusal);
  }
}
