package parley.user;

import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;

/**
 * What a user keeps of a conversation: a {@link VisibleRow} in the inbox, or what is left of one.
 */
sealed interface ConversationRow permits VisibleRow, HiddenRow {
  ConversationId id();

  /** The conversation's count of events this was made from. */
  long version();

  ConversationType type();

  /** The entry that added the user. */
  long joinedSeq();

  /** The entry that removed the user, 0 for a member. */
  long leftSeq();

  /** The head: the highest entry this user was told. */
  long lastSeq();

  /** The place in the inbox's order, epoch milliseconds. */
  long orderAt();

  /** The highest seq one of the user's devices has acknowledged, or the conversation knows of. */
  long delivered();

  /** The part of {@link #delivered} that the conversation has shown to know. */
  long told();

  /** Where devices are that are not at the head. */
  DeviceCursors cursors();

  /** How old the entries are that devices lack, or null where none lacks any. */
  @Nullable BacklogAges ages();

  /**
   * Up to here the conversation had been forgotten for lack of room: devices that are before it are
   * told of a gap. 0 where none is.
   */
  long forgottenTo();

  /** The same with other ages. */
  ConversationRow withAges(@Nullable BacklogAges newAges);

  /** The same with devices moved. */
  ConversationRow withCursors(DeviceCursors cursors, long delivered);
}
