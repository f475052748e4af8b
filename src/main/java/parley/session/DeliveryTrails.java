package parley.session;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryTrace;
import parley.model.UserId;
import parley.telemetry.MessageLog.Step;
import parley.telemetry.MessageSpan;
import parley.telemetry.MessageTrail;
import parley.telemetry.Tracing.Part;

/**
 * Follows entries from their arrival at a session to the socket. An entry that is not sent to the
 * client as a message (its own connection gets {@code sent}), or later as a part of a page, leaves
 * no span.
 */
final class DeliveryTrails {
  /** The most traced entries that wait for the socket; the oldest is forgotten. */
  private static final int MAX_WAITING = 64;

  private record Key(ConversationId conversationId, long seq) {}

  private final MessageTrail trail;
  private final UserId me;
  private @Nullable BoundedMap<Key, MessageSpan> waiting;

  DeliveryTrails(MessageTrail trail, UserId me) {
    this.trail = trail;
    this.me = me;
  }

  /** Entries have arrived; null stands for none that is traced. */
  void arrived(ConversationId conversation, @Nullable List<EntryTrace> traces) {
    if (traces == null) {
      return;
    }
    for (EntryTrace one : traces) {
      MessageSpan span = trail.tracing().child(Part.DELIVER, one.context());
      if (span != null) {
        if (waiting == null) {
          waiting = BoundedMap.byAge(MAX_WAITING);
        }
        waiting.putLast(
            new Key(conversation, one.seq()),
            span.with("user_id", me.value()).with("seq", one.seq()));
      }
    }
  }

  /**
   * A new entry was handed to the socket. Returns the context of its trace, or null.
   *
   * @param millis the time since it was accepted
   */
  @Nullable String handed(ConversationId conversation, Entry entry, long millis) {
    MessageSpan span = waiting == null ? null : waiting.remove(new Key(conversation, entry.seq()));
    String context = null;
    if (span != null) {
      context = span.context();
      span.end();
    }
    if (trail.log().picks(entry.messageId(), context)) {
      trail
          .log()
          .line(Step.DELIVERED, conversation.value(), entry.seq(), entry.messageId())
          .user(me.value())
          .latencyMillis(millis)
          .trace(context)
          .write();
    }
    return context;
  }
}
