package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryTrace;
import parley.model.Refusal;
import parley.telemetry.MessageLog.Step;
import parley.telemetry.MessageSpan;
import parley.telemetry.MessageTrail;
import parley.telemetry.Tracing.Part;

/**
 * Follows single posts through a conversation: from their arrival to the users of the members.
 * Posts that are not traced cost a comparison with null at each step.
 *
 * <p>The contexts of traces are in memory only. After a restart the conversation sends its entries
 * again without them.
 */
final class PostTrails {
  /** The most traced posts that wait for a look-up; further ones lose this part of their trace. */
  private static final int MAX_VALIDATED = 64;

  private final ConversationId id;
  private final MessageTrail trail;
  private @Nullable BoundedMap<String, MessageSpan> validated;

  /** The traced entries of a write that is being told to users. */
  record TracedWrite(List<MessageSpan> spans, FollowedEntries entries) {
    private static final TracedWrite NOTHING = new TracedWrite(List.of(), FollowedEntries.NONE);
  }

  PostTrails(ConversationId id, MessageTrail trail) {
    this.id = id;
    this.trail = trail;
  }

  /** A post has arrived. */
  void arrived(Conversation.Post post) {
    MessageSpan span = trail.tracing().child(Part.VALIDATE, post.trace());
    if (span != null && post.trace() != null) {
      if (validated == null) {
        validated = BoundedMap.byAge(MAX_VALIDATED);
      }
      validated.putLast(post.trace(), span);
    }
  }

  /** A post was refused. */
  void refused(Conversation.Post post, Refusal refusal) {
    MessageSpan span = takeValidated(post);
    if (span != null) {
      span.failed(refusal.code().wireName()).end();
    }
  }

  /** A post was found to be a retry of an entry. */
  void duplicate(Conversation.Post post) {
    MessageSpan span = takeValidated(post);
    if (span != null) {
      span.with("duplicate", 1).end();
    }
  }

  /** A post got its place in a batch. */
  void accepted(Conversation.Post post, Entry entry, EntryBatch batch) {
    String trace = post.trace();
    if (trace != null) {
      batch.trace(entry.seq(), trace);
      MessageSpan span = takeValidated(post);
      if (span != null) {
        span.with("conversation_id", id.value())
            .with("seq", entry.seq())
            .with("message_id", entry.messageId())
            .end();
      }
    }
    if (trail.log().picks(entry.messageId(), trace)) {
      trail
          .log()
          .line(Step.ACCEPTED, id.value(), entry.seq(), entry.messageId())
          .user(entry.senderId().value())
          .trace(trace)
          .write();
    }
  }

  private @Nullable MessageSpan takeValidated(Conversation.Post post) {
    return validated == null || post.trace() == null ? null : validated.remove(post.trace());
  }

  /** A batch is handed to the journal. */
  void persisting(EntryBatch batch) {
    if (batch.traces().isEmpty()) {
      return;
    }
    List<MessageSpan> spans = new ArrayList<>();
    for (Map.Entry<Long, String> one : batch.traces().entrySet()) {
      MessageSpan span = trail.tracing().child(Part.PERSIST, one.getValue());
      if (span != null) {
        // One event holds entries of several messages; each trace has its span of it.
        spans.add(
            span.with("seq", one.getKey())
                .with("event_entries", batch.size())
                .with("event_bytes", batch.bytes()));
      }
    }
    batch.persisting(spans);
  }

  /**
   * A batch is in the journal, and the users are told next.
   *
   * @param now epoch milliseconds
   */
  TracedWrite persisted(EntryBatch batch, List<Entry> entries, long now) {
    batch.persistingSpans().forEach(MessageSpan::end);
    logEach(Step.PERSISTED, batch, entries, now, 0);
    if (batch.traces().isEmpty()) {
      return TracedWrite.NOTHING;
    }
    List<MessageSpan> spans = new ArrayList<>();
    List<EntryTrace> traces = new ArrayList<>();
    for (Map.Entry<Long, String> one : batch.traces().entrySet()) {
      MessageSpan span = trail.tracing().child(Part.DISPATCH, one.getValue());
      if (span != null && spans.size() < FollowedEntries.MAX_ENTRIES) {
        spans.add(span.with("seq", one.getKey()));
        traces.add(new EntryTrace(one.getKey(), span.context()));
      }
    }
    return new TracedWrite(spans, new FollowedEntries(traces));
  }

  /**
   * The users were told.
   *
   * @param members how many
   * @param now epoch milliseconds
   */
  void dispatched(
      TracedWrite tracedWrite, EntryBatch batch, List<Entry> entries, int members, long now) {
    tracedWrite.spans().forEach(span -> span.with("recipients", members).end());
    logEach(Step.DISPATCHED, batch, entries, now, members);
  }

  private void logEach(Step step, EntryBatch batch, List<Entry> entries, long now, int members) {
    if (!trail.log().isOn()) {
      return;
    }
    for (Entry entry : entries) {
      String trace = batch.traces().get(entry.seq());
      if (trail.log().picks(entry.messageId(), trace)) {
        var line =
            trail
                .log()
                .line(step, id.value(), entry.seq(), entry.messageId())
                .latencyMillis(now - entry.at())
                .trace(trace);
        if (members > 0) {
          line.with("recipients", members);
        }
        line.write();
      }
    }
  }
}
