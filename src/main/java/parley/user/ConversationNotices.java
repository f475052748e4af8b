package parley.user;

import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.Profile;
import parley.model.UserId;

/**
 * What conversations are still to be told: that a device has something ({@link User.Delivered}),
 * and the user's new name ({@link User.Renamed}). Neither may hang for ever because one message was
 * lost, nor go round for ever because nobody answers: each is repeated a few times, the former
 * again at the next hello, the latter whenever the user comes back to memory.
 */
final class ConversationNotices {
  /** How long cursors that moved are gathered before their conversation is told. */
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

  /** A conversation has spoken, so it has heard the name. */
  void heard(ConversationId conversation) {
    renamed.confirm(conversation);
  }

  /** A device has more of the conversation than it knows. */
  void delivered(ConversationId conversation, long now) {
    delivered.offer(conversation, now + GATHER_MILLIS);
  }

  /** Whether the conversation is being told what devices have. */
  boolean tellsDelivered(ConversationId conversation) {
    return delivered.contains(conversation);
  }

  /** Nothing is to be told of devices in this conversation. */
  void deliveredKnown(ConversationId conversation) {
    delivered.drop(conversation);
  }

  /** Tell the profile to every direct conversation, until each has heard. */
  void rename(long now) {
    renamed.clear();
    unsavedChanges.rows().forEach(visibleRow -> rename(visibleRow, now));
    unsavedChanges.parked().forEach(hiddenRow -> rename(hiddenRow, now));
  }

  /** Tell the profile to this conversation, if it is one that shows it. */
  void rename(ConversationRow conversationRow, long now) {
    if (conversationRow.type() == ConversationType.DIRECT && conversationRow.leftSeq() == 0) {
      renamed.offer(conversationRow.id(), now);
    }
  }

  /** Whether every conversation has heard the name. */
  boolean allHeard() {
    return renamed.complete();
  }

  /** Tell what is due. */
  void tell(UserState state, long now) {
    for (ConversationId conversation : delivered.due(now)) {
      ConversationRow conversationRow = unsavedChanges.get(conversation);
      if (conversationRow == null
          || conversationRow.leftSeq() > 0
          || conversationRow.delivered() <= conversationRow.told()) {
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

  /** When {@link #tell} is worth a call next, not at once; {@link Long#MAX_VALUE} is never. */
  long nextDue(UserState state, long now) {
    if (allHeard() && !state.announced()) {
      return now + GATHER_MILLIS;
    }
    long due = Math.min(delivered.nextDue(), renamed.nextDue());
    return due == Long.MAX_VALUE ? due : Math.max(due, now + GATHER_MILLIS);
  }

  boolean isEmpty() {
    return delivered.isEmpty() && renamed.isEmpty();
  }
}
