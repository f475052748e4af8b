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
final class Telling {
  /** How long cursors that moved are gathered before their conversation is told. */
  private static final long GATHER_MILLIS = 50;

  private final UserId id;
  private final User.Conversations conversations;
  private final Pending pending;
  private final Repeats<ConversationId> delivered = new Repeats<>(3_000, 50);
  private final Repeats<ConversationId> renamed = new Repeats<>(5_000, 10);

  Telling(UserId id, User.Conversations conversations, Pending pending) {
    this.id = id;
    this.conversations = conversations;
    this.pending = pending;
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
    pending.rows().forEach(row -> rename(row, now));
    pending.parked().forEach(parked -> rename(parked, now));
  }

  /** Tell the profile to this conversation, if it is one that shows it. */
  void rename(Held held, long now) {
    if (held.type() == ConversationType.DIRECT && held.leftSeq() == 0) {
      renamed.offer(held.id(), now);
    }
  }

  /** Whether every conversation has heard the name. */
  boolean allHeard() {
    return renamed.complete();
  }

  /** Tell what is due. */
  void tell(UserState state, long now) {
    for (ConversationId conversation : delivered.due(now)) {
      Held held = pending.get(conversation);
      if (held == null || held.leftSeq() > 0 || held.delivered() <= held.told()) {
        delivered.drop(conversation);
      } else {
        conversations.tell(conversation, new User.Delivered(id, held.delivered()));
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
