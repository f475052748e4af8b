package parley.user;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.UserId;
import parley.push.PushOutcome;
import parley.telemetry.MessageLog.Step;
import parley.telemetry.MessageSpan;
import parley.telemetry.MessageTrail;
import parley.telemetry.Tracing.Part;

/**
 * Follows messages to the push provider. A push is about a conversation up to an entry, so it
 * belongs to the newest followed entry of the conversation. In memory only: after a restart nothing
 * is followed.
 */
final class PushTrails {
  /** The most conversations of a user whose newest message is followed; the oldest is forgotten. */
  private static final int MAX_FOLLOWED = 64;

  /**
   * A followed entry.
   *
   * @param pushed the numbers of the devices that have been pushed about it
   */
  private record FollowedEntry(
      long seq, String messageId, long at, @Nullable String context, Set<Long> pushed) {
    boolean concerns(PendingPush.Key push, long upTo) {
      return seq <= upTo && !pushed.contains(push.device());
    }
  }

  private final UserId id;
  private final MessageTrail trail;
  private @Nullable BoundedMap<ConversationId, FollowedEntry> followed;

  PushTrails(UserId id, MessageTrail trail) {
    this.id = id;
    this.trail = trail;
  }

  /** Pushes may be planned for these entries. */
  void planned(ConversationId conversation, List<Entry> entries, InboxTrails.Followed traces) {
    if (traces.traces().isEmpty() && !trail.log().isOn()) {
      return;
    }
    for (Entry entry : entries) {
      String context = traces.contextOf(entry.seq());
      if (context != null || trail.log().picks(entry.messageId(), null)) {
        if (followed == null) {
          followed = BoundedMap.byAge(MAX_FOLLOWED);
        }
        followed.putLast(
            conversation,
            new FollowedEntry(
                entry.seq(), entry.messageId(), entry.at(), context, new HashSet<>(2)));
      }
    }
  }

  /** A push is handed over. Returns the span of this attempt, or null. */
  @Nullable MessageSpan sent(PendingPush push, String platform) {
    FollowedEntry entry = followed == null ? null : followed.get(push.id());
    if (entry == null || !entry.concerns(push.key(), push.seq())) {
      return null;
    }
    MessageSpan span = trail.tracing().child(Part.PUSH, entry.context());
    return span == null
        ? null
        : span.with("platform", platform).with("seq", entry.seq()).with("tries", push.tries());
  }

  /** The provider has not answered in time. */
  void unanswered(@Nullable MessageSpan span) {
    if (span != null) {
      span.failed("no_answer").end();
    }
  }

  /**
   * The provider has answered.
   *
   * @param seq the push was about entries up to this one
   * @param span what {@link #sent} has returned
   * @param now epoch milliseconds
   */
  void answered(
      PendingPush.Key push, long seq, PushOutcome outcome, @Nullable MessageSpan span, long now) {
    String result = outcome.getClass().getSimpleName();
    if (span != null) {
      if (!(outcome instanceof PushOutcome.Delivered)) {
        span.failed(result);
      }
      span.end();
    }
    FollowedEntry entry = followed == null ? null : followed.get(push.id());
    if (entry == null || !entry.concerns(push, seq)) {
      return;
    }
    if (outcome instanceof PushOutcome.Delivered) {
      entry.pushed().add(push.device());
    }
    if (trail.log().picks(entry.messageId(), entry.context())) {
      trail
          .log()
          .line(Step.PUSHED, push.id().value(), entry.seq(), entry.messageId())
          .user(id.value())
          .latencyMillis(now - entry.at())
          .trace(entry.context())
          .with("outcome", result)
          .write();
    }
  }
}
