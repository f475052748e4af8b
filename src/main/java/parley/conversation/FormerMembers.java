package parley.conversation;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Limits;
import parley.model.UserId;

/**
 * Who has left a group lately: at most {@link Limits#GROUP_MEMBERS}, those who left first are
 * dropped. A former member still gets the entries up to its end.
 */
final class FormerMembers {
  private final LinkedHashMap<UserId, FormerMember> byId = new LinkedHashMap<>();
  private ClockLead droppedClockLead = ClockLead.NONE;

  /**
   * A former member.
   *
   * @param read its read cursor when it left, for its last inbox row
   * @param clockLead see {@link Member#clockLead}
   */
  record FormerMember(
      UserId userId, long joinedSeq, long joinedAt, long leftSeq, long read, ClockLead clockLead) {}

  /** All of them, those who left first at the front. */
  Collection<FormerMember> all() {
    return Collections.unmodifiableCollection(byId.values());
  }

  @Nullable FormerMember of(UserId user) {
    return byId.get(user);
  }

  /** A bound of {@link Member#clockLead} of all who were dropped. */
  ClockLead droppedClockLead() {
    return droppedClockLead;
  }

  /** A member has left with the entry of that seq. */
  void left(Member gone, long seq) {
    byId.put(
        gone.userId(),
        new FormerMember(
            gone.userId(), gone.joinedSeq(), gone.joinedAt(), seq, gone.read(), gone.clockLead()));
    if (byId.size() > Limits.GROUP_MEMBERS) {
      FormerMember oldest = byId.pollFirstEntry().getValue();
      droppedClockLead = droppedClockLead.and(oldest.clockLead());
    }
  }

  /** The user is a member again. Returns its clock lead, or a bound of it if it was dropped. */
  ClockLead joinedAgain(UserId user) {
    FormerMember before = byId.remove(user);
    return before == null ? droppedClockLead : before.clockLead();
  }

  List<ConversationSnapshot.FormerSnapshot> toSnapshot() {
    return byId.values().stream()
        .map(
            one ->
                new ConversationSnapshot.FormerSnapshot(
                    one.userId(),
                    one.joinedSeq(),
                    one.joinedAt(),
                    one.leftSeq(),
                    one.read(),
                    one.clockLead().largest(),
                    one.clockLead().farFrom(),
                    one.clockLead().farTo()))
        .toList();
  }

  /** Takes what a snapshot holds. */
  void restore(ConversationSnapshot snapshot) {
    long lastSeq = snapshot.lastSeq();
    droppedClockLead =
        ClockLead.stored(
            snapshot.formerAhead(), snapshot.formerFarFrom(), snapshot.formerFarTo(), lastSeq);
    List<ConversationSnapshot.FormerSnapshot> stored = snapshot.former();
    if (stored != null) {
      for (ConversationSnapshot.FormerSnapshot one : stored) {
        byId.put(
            one.userId(),
            new FormerMember(
                one.userId(),
                one.joinedSeq(),
                one.joinedAt(),
                one.leftSeq(),
                one.read(),
                ClockLead.stored(one.ahead(), one.farFrom(), one.farTo(), lastSeq)));
      }
    }
  }
}
