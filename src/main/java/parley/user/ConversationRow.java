package parley.user;

import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;

/**
 * The data that a user keeps of a conversation: a {@link VisibleRow} in the inbox, or a {@link
 * HiddenRow} outside it.
 */
sealed interface ConversationRow permits VisibleRow, HiddenRow {
  ConversationId id();

  /** The conversation's count of events from which this row was made. */
  long version();

  ConversationType type();

  /** The entry that added the user. */
  long joinedSeq();

  /** The entry that removed the user; 0 for a current member. */
  long leftSeq();

  /** The head: the highest entry that this user has received. */
  long lastSeq();

  /** The position in the inbox's order, epoch milliseconds. */
  long orderAt();

  /**
   * The highest seq that one of the user's devices has acknowledged, or that the conversation
   * knows.
   */
  long delivered();

  /** The part of {@link #delivered} that the conversation has confirmed. */
  long confirmedDelivered();

  /** The cursors of devices that are not at the head, or null if there is none. */
  @Nullable DeviceCursors lag();

  /** The cursors of devices that are not at the head. */
  default DeviceCursors cursors() {
    DeviceCursors lag = lag();
    return lag == null ? DeviceCursors.NONE : lag;
  }

  /** The ages of the entries that devices lack, or null if no device lags. */
  @Nullable BacklogAges ages();

  /**
   * The conversation was once dropped for lack of room up to this seq. Devices whose cursor is
   * before it are told of a gap. 0 if there is none.
   */
  long forgottenTo();

  /** A copy with other ages. */
  ConversationRow withAges(@Nullable BacklogAges newAges);

  /** A copy with other device cursors. */
  ConversationRow withCursors(DeviceCursors cursors, long delivered);
}
