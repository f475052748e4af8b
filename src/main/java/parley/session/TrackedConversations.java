package parley.session;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.ConversationId;

/**
 * The conversations of one connection: the progress of those with outstanding entries, and the last
 * sent seq of at most {@link #MAX_IDLE} others.
 */
final class TrackedConversations {
  /** Most conversations without outstanding entries for which the last sent seq is remembered. */
  static final int MAX_IDLE = 1_000;

  private final Map<ConversationId, ConversationProgress> progressById = new LinkedHashMap<>();

  // Conversations without outstanding entries. Everything up to the stored seq was sent and
  // acknowledged, but a user entity that has restarted since may have lost the acknowledgement.
  // Beyond the bound the oldest one is forgotten.
  private final BoundedMap<ConversationId, SentPosition> completed = BoundedMap.byAge(MAX_IDLE);

  /**
   * What is remembered of a conversation without outstanding entries.
   *
   * @param left whether the user has left the conversation; the seqs of a later membership need not
   *     continue {@code sentTo}
   */
  private record SentPosition(long sentTo, boolean left) {}

  /** The progress of a conversation; null if it has no outstanding entries. */
  @Nullable ConversationProgress get(ConversationId id) {
    return progressById.get(id);
  }

  /** Whether the conversation has outstanding entries. */
  boolean has(ConversationId id) {
    return progressById.containsKey(id);
  }

  /** Whether the conversation has outstanding entries and it is known how far it was sent. */
  boolean hasPosition(ConversationId id) {
    ConversationProgress progress = progressById.get(id);
    return progress != null && progress.hasPosition();
  }

  /** Number of conversations with outstanding entries. */
  int size() {
    return progressById.size();
  }

  void add(ConversationId id, ConversationProgress progress) {
    progressById.put(id, progress);
  }

  /** Whether the last sent seq of this conversation may have been dropped at the bound. */
  boolean mayBeForgotten(ConversationId id) {
    return completed.hasForgotten() && !hasPosition(id) && !completed.containsKey(id);
  }

  /** The user has left this conversation. A later membership does not continue this one. */
  void userLeft(ConversationId id) {
    completed.computeIfPresent(
        id, (k, sentPosition) -> new SentPosition(sentPosition.sentTo(), true));
    @Nullable ConversationProgress progress = progressById.get(id);
    if (progress != null) {
      progress.recordLeft();
    }
  }

  /** Finds or starts the progress of a conversation, which may have no position yet. */
  ConversationProgress startedProgressOf(ConversationId id, long before) {
    return progressById.computeIfAbsent(id, k -> start(k, before));
  }

  private ConversationProgress start(ConversationId id, long before) {
    SentPosition sentPosition = completed.remove(id);
    if (sentPosition == null) {
      return new ConversationProgress(before);
    }
    if (!sentPosition.left()) {
      return new ConversationProgress(sentPosition.sentTo());
    }
    // If the entries are above the old end, the user was added again: start there. Otherwise they
    // are repeats, and the old end holds.
    boolean again = before > sentPosition.sentTo();
    return ConversationProgress.afterLeaving(
        again || before == ConversationProgress.UNKNOWN ? before : sentPosition.sentTo(),
        sentPosition.sentTo(),
        again);
  }

  /** Drops the progress of a conversation without outstanding entries, and remembers its end. */
  void end(ConversationId id, ConversationProgress progress) {
    progressById.remove(id);
    completed.put(id, new SentPosition(progress.sentTo(), progress.userLeft()));
  }

  /**
   * Finds or starts the progress of a conversation. A new one does not lag: it starts just before
   * what the user entity delivers now.
   */
  ConversationProgress progressOf(ConversationId id, long before) {
    ConversationProgress progress = startedProgressOf(id, before);
    if (!progress.hasPosition()) {
      progress.startAfter(before);
    }
    return progress;
  }
}
