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
  private ClockLead clockLead;

  Member(UserId userId, Role role, long joinedSeq, long joinedAt, long cursors, ClockLead lead) {
    this.userId = userId;
    this.role = role;
    this.joinedSeq = joinedSeq;
    this.joinedAt = joinedAt;
    this.delivered = cursors;
    this.read = cursors;
    this.clockLead = lead;
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

  /** How far ahead the clock of this sender was. */
  ClockLead clockLead() {
    return clockLead;
  }

  void roleChanged(Role to) {
    role = to;
  }

  /** The member has sent the entry of that seq, with an id so many milliseconds ahead of it. */
  void sentAhead(long lead, long seq) {
    if (lead > 0) {
      clockLead = clockLead.with(lead, seq);
    }
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
        userId,
        role,
        joinedSeq,
        joinedAt,
        delivered,
        read,
        unread,
        clockLead.largest(),
        clockLead.farFrom(),
        clockLead.farTo());
  }

  /**
   * What a snapshot holds.
   *
   * @param lastSeq the end of the log in the snapshot
   */
  static Member of(ConversationSnapshot.MemberSnapshot stored, long lastSeq) {
    Member member =
        new Member(
            stored.userId(),
            stored.role(),
            stored.joinedSeq(),
            stored.joinedAt(),
            0,
            ClockLead.stored(stored.ahead(), stored.farFrom(), stored.farTo(), lastSeq));
    member.delivered = stored.delivered();
    member.read = stored.read();
    member.unread = stored.unread();
    return member;
  }
}
