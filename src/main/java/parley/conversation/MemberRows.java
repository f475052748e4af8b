package parley.conversation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationType;
import parley.model.Limits;
import parley.model.UserId;
import parley.user.Delivery;
import parley.user.RowMember;
import parley.user.User;

/** What a conversation tells its members about their inbox rows. */
final class MemberRows {
  private final ConversationState state;
  private CursorMinimums cursorMinimums;

  MemberRows(ConversationState state) {
    this.state = state;
    this.cursorMinimums = CursorMinimums.of(state);
  }

  /** Members or their cursors may have changed. */
  void cursorsMoved() {
    cursorMinimums = CursorMinimums.of(state);
  }

  /** The cursors of all members, for a user that may have missed moves. */
  List<Delivery.Receipt> allCursors() {
    if (state.members().size() > Limits.RECEIPT_MEMBERS) {
      return List.of();
    }
    return state.members().stream()
        .map(member -> new Delivery.Receipt(member.userId(), member.delivered(), member.read()))
        .toList();
  }

  /** The row header. A former member gets no preview of later entries. */
  User.RowHeader header(boolean member) {
    return new User.RowHeader(
        state.group() ? ConversationType.GROUP : ConversationType.DIRECT,
        state.lastSeq(),
        member ? state.newestText().lastMessage() : null,
        state.newestText().lastTextAt());
  }

  /** The part of the row that is this user's own; null for somebody who never was a member. */
  @Nullable RowMember of(UserId user) {
    Member member = state.member(user);
    if (member != null) {
      return new RowMember(
          state.nameFor(user),
          state.avatarFor(user),
          member.joinedSeq(),
          member.joinedAt(),
          0,
          member.delivered(),
          member.read(),
          member.unread(),
          cursorMinimums.delivered(member),
          cursorMinimums.read(member),
          state.lastSeq() == 0 && !state.wasOpenedBy(user));
    }
    FormerMembers.FormerMember gone = state.former().of(user);
    return gone == null
        ? null
        : new RowMember(
            state.nameFor(user),
            state.avatarFor(user),
            gone.joinedSeq(),
            gone.joinedAt(),
            gone.leftSeq(),
            gone.leftSeq(),
            gone.read(),
            0,
            0,
            0,
            false);
  }
}
