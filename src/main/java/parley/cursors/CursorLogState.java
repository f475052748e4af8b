package parley.cursors;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import parley.model.ConversationId;
import parley.model.UserId;

/**
 * The newest kept cursors of each conversation, the conversation that was kept longest ago first.
 *
 * <p>A conversation is forgotten after {@link #RETENTION}, by a clock that only events move:
 * between two events at most {@link #MAX_PAUSE} counts. So after an outage of any length the
 * cursors are still there.
 */
final class CursorLogState {
  /**
   * The most conversations with kept cursors. A conversation is held for {@link #RETENTION}, so
   * this allows about 160 new ones a second. With {@link #MAX_MEMBERS} it keeps a snapshot below 24
   * MB.
   */
  static final int MAX_CONVERSATIONS = 100_000;

  /** The most members with kept cursors, in all conversations. */
  static final int MAX_MEMBERS = 200_000;

  /**
   * How long kept cursors are held. A conversation writes them to its own journal after five
   * minutes, or asks for them a few seconds after it starts again.
   */
  static final Duration RETENTION = Duration.ofMinutes(10);

  /** The most that the pause between two events adds to the clock. */
  static final Duration MAX_PAUSE = Duration.ofSeconds(2);

  private final LinkedHashMap<ConversationId, HeldCursors> conversations = new LinkedHashMap<>();
  private int memberCount;
  private long lastAt;
  private long clock;

  /** The cursors of one conversation, and the state's clock when they were kept. */
  private record HeldCursors(long clock, Map<UserId, MemberCursors> members) {}

  /** Applies one event. */
  CursorLogState apply(CursorLogEvent event) {
    switch (event) {
      case CursorLogEvent.CursorsKept kept -> {
        clock += Math.clamp(kept.at() - lastAt, 0, MAX_PAUSE.toMillis());
        lastAt = kept.at();
        if (kept.kept() != null) {
          kept.kept().forEach(this::keep);
        }
        forgetOld();
      }
    }
    return this;
  }

  private void keep(CursorLogEvent.ConversationCursors one) {
    HeldCursors before = conversations.remove(one.id());
    Map<UserId, MemberCursors> members =
        before == null ? LinkedHashMap.newLinkedHashMap(one.members().size()) : before.members();
    int known = members.size();
    one.members().forEach(m -> members.merge(m.userId(), m, MemberCursors::with));
    memberCount += members.size() - known;
    conversations.put(one.id(), new HeldCursors(clock, members));
  }

  private void forgetOld() {
    var oldest = conversations.values().iterator();
    while (oldest.hasNext()) {
      HeldCursors kept = oldest.next();
      if (clock - kept.clock() <= RETENTION.toMillis()) {
        return;
      }
      memberCount -= kept.members().size();
      oldest.remove();
    }
  }

  /** Whether there is room for these cursors of this conversation. */
  boolean hasRoomFor(ConversationId id, List<MemberCursors> members) {
    HeldCursors kept = conversations.get(id);
    if (kept == null) {
      return conversations.size() < MAX_CONVERSATIONS
          && memberCount + members.size() <= MAX_MEMBERS;
    }
    return memberCount + members.size() <= MAX_MEMBERS
        || members.stream().allMatch(member -> kept.members().containsKey(member.userId()));
  }

  /** How many conversations have kept cursors. */
  int size() {
    return conversations.size();
  }

  /** The kept cursors of a conversation; empty if there are none. */
  List<MemberCursors> of(ConversationId id) {
    HeldCursors kept = conversations.get(id);
    return kept == null ? List.of() : List.copyOf(kept.members().values());
  }

  CursorLogSnapshot toSnapshot() {
    List<CursorLogSnapshot.StoredCursors> all = new ArrayList<>(conversations.size());
    conversations.forEach(
        (id, kept) ->
            all.add(
                new CursorLogSnapshot.StoredCursors(
                    id, kept.clock(), List.copyOf(kept.members().values()))));
    return new CursorLogSnapshot(lastAt, clock, all);
  }

  static CursorLogState of(CursorLogSnapshot stored) {
    CursorLogState state = new CursorLogState();
    state.lastAt = stored.lastAt();
    state.clock = stored.clock();
    if (stored.conversations() != null) {
      for (CursorLogSnapshot.StoredCursors one : stored.conversations()) {
        Map<UserId, MemberCursors> members = new LinkedHashMap<>();
        one.members().forEach(m -> members.put(m.userId(), m));
        state.conversations.put(one.id(), new HeldCursors(one.clock(), members));
        state.memberCount += members.size();
      }
    }
    return state;
  }
}
