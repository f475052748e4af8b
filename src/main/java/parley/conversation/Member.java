package parley.conversation;

import parley.model.Role;
import parley.model.UserId;

/** A member of a conversation. Only applied events change it. */
final class Member {
  final UserId userId;
  final long joinedSeq;
  final long joinedAt;
  Role role;
  long delivered;
  long read;
  long unread;

  /**
   * The largest lead of a {@code client_msg_id} of this sender over our clock, milliseconds. An id
   * with time t cannot have been stored before {@code t - ahead}.
   */
  long clockLead;

  Member(UserId userId, Role role, long joinedSeq, long joinedAt, long cursors, long ahead) {
    this.userId = userId;
    this.role = role;
    this.joinedSeq = joinedSeq;
    this.joinedAt = joinedAt;
    this.delivered = cursors;
    this.read = cursors;
    this.clockLead = ahead;
  }

  ConversationSnapshot.MemberSnapshot toSnapshot() {
    return new ConversationSnapshot.MemberSnapshot(
        userId, role, joinedSeq, joinedAt, delivered, read, unread, clockLead);
  }

  static Member of(ConversationSnapshot.MemberSnapshot stored) {
    Member member =
        new Member(
            stored.userId(),
            stored.role(),
            stored.joinedSeq(),
            stored.joinedAt(),
            0,
            stored.ahead());
    member.delivered = stored.delivered();
    member.read = stored.read();
    member.unread = stored.unread();
    return member;
  }
}
