package parley.conversation;

import parley.model.Role;
import parley.model.UserId;

/** A member of a conversation. Only applied events change it. */
final class Member {
  private final UserId userId;
  private final long joinedSeq;
  private final long joinedAt;
  private Role role;
  private long delivered;
  private long read;
  private long unread;
  private long clockLead;

  Member(UserId userId, Role role, long joinedSeq, long joinedAt, long cursors, long ahead) {
    this.userId = userId;
    this.role = role;
    this.joinedSeq = joinedSeq;
    this.joinedAt = joinedAt;
    this.delivered = cursors;
    this.read = cursors;
    this.clockLead = ahead;
  }

  UserId userId() {
    return userId;
  }

  /** The seq of the entry with which the membership began. */
  long joinedSeq() {
    return joinedSeq;
  }

  /** The time of that entry, epoch milliseconds. */
  long joinedAt() {
    return joinedAt;
  }

  Role role() {
    return role;
  }

  /** The seq up to which a device of the member has all entries. */
  long delivered() {
    return delivered;
  }

  /** The seq up to which the member has read; never above {@link #delivered}. */
  long read() {
    return read;
  }

  /** Texts of others above {@link #read} that are not deleted. */
  long unread() {
    return unread;
  }

  /**
   * The largest lead of a {@code client_msg_id} of this sender over our clock, milliseconds. An id
   * with time t cannot have been stored before {@code t - clockLead}.
   */
  long clockLead() {
    return clockLead;
  }

  void roleChanged(Role to) {
    role = to;
  }

  /** The member has sent an id whose time is so many milliseconds ahead of our clock. */
  void sentAhead(long lead) {
    clockLead = Math.max(clockLead, lead);
  }

  /** Counts a text that was appended. */
  void textAppended(UserId sender) {
    if (!userId.equals(sender)) {
      unread++;
    }
  }

  /** No longer counts a text that was deleted. */
  void textDeleted(long seq, UserId sender) {
    if (seq > read && seq >= joinedSeq && !userId.equals(sender)) {
      unread--;
    }
  }

  /** Moves the cursors forward; a cursor that is further already stays. */
  void moved(ConversationEvent.CursorMove move) {
    delivered = Math.max(delivered, move.delivered());
    if (move.read() > read) {
      read = move.read();
      unread = move.unread();
    }
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
