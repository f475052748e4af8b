package parley.user;

import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.Profile;
import parley.model.UserId;

/**
 * The notices that conversations are still to receive: that a device has entries ({@link
 * User.Delivered}), and the user's new name or picture ({@link User.Renamed}). Each notice is
 * repeated a few times, so that a lost message does not lose it, and not for ever, so that a
 * conversation that never answers does not cause endless messages. After that, {@code Delivered}
 * starts again at the next hello, and {@code Renamed} when the user is next loaded into memory.
 */
final class ConversationNotices {
  /** How long moved cursors are gathered before their conversation is told. */
  private static final long GATHER_MILLIS = 50;

  private final UserId id;
  private final User.Conversations conversations;
  private final UnsavedChanges unsavedChanges;
  private final RetryQueue<ConversationId> delivered = new RetryQueue<>(3_000, 50);
  private final RetryQueue<ConversationId> renamed = new RetryQueue<>(5_000, 10);

  ConversationNotices(UserId id, User.Conversations conversations, UnsavedChanges unsavedChanges) {
    this.id = id;
    this.conversations = conversations;
    this.unsavedChanges = unsavedChanges;
  }

  /** A conversation has sent a message, which acknowledges the name. */
  void confirmProfile(ConversationId conversation) {
    renamed.confirm(conversation);
  }

  /** A device has more of the conversation than the conversation knows. */
  void delivered(ConversationId conversation, long now) {
    delivered.offer(conversation, now + GATHER_MILLIS);
  }

  /** Whether a {@link User.Delivered} to the conversation is pending. */
  boolean isDeliveredPending(ConversationId conversation) {
    return delivered.contains(conversation);
  }

  /** Cancels the {@link User.Delivered} to the conversation. */
  void cancelDelivered(ConversationId conversation) {
    delivered.drop(conversation);
  }

  /** Sends the profile to every direct conversation, until each has acknowledged it. */
  void announceProfile(long now) {
    renamed.clear();
    unsavedChanges.rows().forEach(visibleRow -> announceProfile(visibleRow, now));
    unsavedChanges.hidden().forEach(hiddenRow -> announceProfile(hiddenRow, now));
  }

  /** Sends the profile to this conversation if it is a direct one that the user has not left. */
  void announceProfile(ConversationRow conversationRow, long now) {
    if (conversationRow.type() == ConversationType.DIRECT && conversationRow.leftSeq() == 0) {
      renamed.offer(conversationRow.id(), now);
    }
  }

  /** Whether every conversation has acknowledged the name. */
  boolean allConfirmed() {
    return renamed.complete();
  }

  /** Sends the notices that are due. */
  void sendDue(UserState state, long now) {
    for (ConversationId conversation : delivered.due(now)) {
      ConversationRow conversationRow = unsavedChanges.get(conversation);
      if (conversationRow == null
          || conversationRow.leftSeq() > 0
          || conversationRow.delivered() <= conversationRow.confirmedDelivered()) {
        delivered.drop(conversation);
      } else {
        conversations.tell(conversation, new User.Delivered(id, conversationRow.delivered()));
      }
    }
    Profile profile = state.profile();
    if (profile == null) {
      return;
    }
    for (ConversationId conversation : renamed.due(now)) {
      conversations.tell(
          conversation,
          new User.Renamed(id, profile.displayName(), profile.avatarUrl(), state.revision()));
    }
  }

  /**
   * When {@link #sendDue} must be called next, epoch milliseconds and later than {@code now};
   * {@link Long#MAX_VALUE} is never.
   */
  long nextDue(UserState state, long now) {
    if (allConfirmed() && !state.announced()) {
      return now + GATHER_MILLIS;
    }
    long due = Math.min(delivered.nextDue(), renamed.nextDue());
    return due == Long.MAX_VALUE ? due : Math.max(due, now + GATHER_MILLIS);
  }

  boolean isEmpty() {
    return delivered.isEmpty() && renamed.isEmpty();
  }
}
