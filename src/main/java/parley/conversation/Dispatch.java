package parley.conversation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.Limits;
import parley.model.UserId;
import parley.serial.Wire;
import parley.user.User;

/**
 * The durable outbox of a conversation: how far each member's {@code User} has acknowledged, and
 * the repetition of what it has not. A position is kept in memory only; what survives a crash is
 * one seq below which everybody had everything ({@link ConversationState#dispatchedTo}), from which
 * a recovered conversation tells all again. The users drop what they know, by seq, so nothing is
 * doubled.
 *
 * <p>At most {@value #AHEAD} entries are told beyond what a user has acknowledged.
 *
 * <p><b>Nothing goes round.</b> What was told is told again by the timer, after pauses that double
 * from {@link #PATIENCE} to {@link #LONGEST}, and at once in one case: a user says that it lacks
 * something. That is heard once, and then again only after the user has acknowledged more than ever
 * before, or after the timer has told it again. So whatever a user answers, and however often, it
 * is told a bounded number of times without progress and without a pause. (Rejected: to believe
 * every such answer. A user that had forgotten the conversation and a conversation that had not
 * told each other the same a million times a second.)
 */
final class Dispatch {
  private static final int AHEAD = 1_000;
  private static final int CHUNK = 100;

  /** After this without an acknowledgement what was told is told again. */
  static final Duration PATIENCE = Duration.ofSeconds(3);

  /**
   * The longest pause between two repetitions: so much later than its return does a user that was
   * away for long hear of what it missed, at the worst.
   */
  static final Duration LONGEST = Duration.ofSeconds(12);

  /**
   * One member's (or recently left member's) position. Seqs are those of entries told or
   * acknowledged.
   */
  private static final class Position {
    long acked;
    long ackedVersion;
    long told;
    long toldVersion;
    boolean loading;

    /** The most it ever acknowledged: more than that is progress. */
    long best;

    long bestVersion;

    /** When the first of what is outstanding was told, or progress or a repetition came since. */
    long since;

    /** Until it is told again. */
    long pause = PATIENCE.toMillis();

    /** Whether it may have something told again at once by saying that it lacks it. */
    boolean mayAsk = true;

    /** What was told and not acknowledged may have held cursors: they are told again, all. */
    boolean cursorsLost;

    Position(long acked) {
      this.acked = acked;
      this.told = acked;
      this.best = acked;
    }

    boolean outstanding() {
      return told > acked || toldVersion > ackedVersion;
    }

    void progressed(long now) {
      best = Math.max(best, acked);
      bestVersion = Math.max(bestVersion, ackedVersion);
      since = now;
      pause = PATIENCE.toMillis();
      mayAsk = true;
    }

    boolean late(long now) {
      return now - since > pause || now < since;
    }

    /** It is told again by the timer. */
    void repeated(long now) {
      told = acked;
      since = now;
      pause = Math.min(2 * pause, LONGEST.toMillis());
      mayAsk = true;
      cursorsLost = true;
    }
  }

  private final ConversationState state;
  private final ConversationEntity.UserPort users;
  private final HistoryPages historyPages;
  private final Map<UserId, Position> positions = new HashMap<>();
  private CursorMinimums cursorMinimums;

  Dispatch(ConversationState state, ConversationEntity.UserPort users, HistoryPages historyPages) {
    this.state = state;
    this.users = users;
    this.historyPages = historyPages;
    this.cursorMinimums = CursorMinimums.of(state);
  }

  /** After recovery: tell what may not have arrived. */
  void recover(long now) {
    cursorMinimums = CursorMinimums.of(state);
    for (Member member : state.members.values()) {
      Position position = position(member.userId, member.joinedSeq);
      if (state.settled) {
        position.acked = state.lastSeq;
        position.told = state.lastSeq;
      } else {
        tell(member.userId, position, List.of(), List.of(), now);
        pump(member.userId, position, now);
      }
    }
    for (ConversationState.Former gone : state.former.values()) {
      if (!state.settled && gone.leftSeq() > state.dispatchedTo) {
        Position position = position(gone.userId(), gone.joinedSeq());
        pump(gone.userId(), position, now);
      }
    }
  }

  private Position position(UserId user, long joinedSeq) {
    return positions.computeIfAbsent(
        user, u -> new Position(Math.max(state.dispatchedTo, joinedSeq - 1)));
  }

  /** Something was persisted: tell those whom it concerns. */
  void persisted(List<Entry> entries, List<ConversationEvent.CursorMove> moves, long now) {
    cursorMinimums = CursorMinimums.of(state);
    List<User.Receipt> receipts = new ArrayList<>(moves.size());
    for (ConversationEvent.CursorMove move : moves) {
      Member member = state.member(move.userId());
      if (member != null) {
        receipts.add(new User.Receipt(member.userId, member.delivered, member.read));
      }
    }
    boolean toAll = !entries.isEmpty() || state.members.size() <= Limits.RECEIPT_MEMBERS;
    List<User.Receipt> shown =
        state.members.size() <= Limits.RECEIPT_MEMBERS ? receipts : List.of();
    if (toAll) {
      for (Member member : state.members.values()) {
        news(member.userId, member.joinedSeq, entries, shown, now);
      }
    } else {
      for (User.Receipt receipt : receipts) {
        Member member = state.member(receipt.userId());
        if (member != null) {
          news(member.userId, member.joinedSeq, entries, shown, now);
        }
      }
    }
    if (!entries.isEmpty()) {
      long first = entries.getFirst().seq();
      for (ConversationState.Former gone : state.former.values()) {
        if (gone.leftSeq() >= first) {
          news(gone.userId(), gone.joinedSeq(), upTo(entries, gone.leftSeq()), List.of(), now);
        }
      }
    }
  }

  private static List<Entry> upTo(List<Entry> entries, long seq) {
    return entries.stream().filter(entry -> entry.seq() <= seq).toList();
  }

  private void news(
      UserId user, long joinedSeq, List<Entry> entries, List<User.Receipt> receipts, long now) {
    Position position = positions.get(user);
    if (position == null) {
      position = new Position(joinedSeq - 1);
      positions.put(user, position);
    } else if (position.told < joinedSeq - 1) {
      // Added again: what happened in between is not for this member.
      position.told = joinedSeq - 1;
      position.acked = joinedSeq - 1;
    }
    long next = position.told + 1;
    boolean inOrder =
        entries.isEmpty() || (entries.getFirst().seq() <= next && entries.getLast().seq() >= next);
    if (inOrder && !position.loading && position.told - position.acked < AHEAD) {
      List<Entry> fresh = entries;
      if (!entries.isEmpty() && entries.getFirst().seq() < next) {
        fresh = entries.stream().filter(entry -> entry.seq() >= next).toList();
      }
      List<Entry> first = fitting(fresh);
      tell(user, position, first, receipts, now);
      if (first.size() < fresh.size()) {
        pump(user, position, now);
      }
    } else {
      // It is behind and being caught up; only the row and the ticks go now.
      tell(user, position, List.of(), receipts, now);
    }
  }

  private void tell(
      UserId user, Position position, List<Entry> entries, List<User.Receipt> receipts, long now) {
    User.RowMember row = rowFor(user);
    if (row == null) {
      return;
    }
    if (!position.outstanding()) {
      position.since = now;
    }
    if (!entries.isEmpty()) {
      position.told = entries.getLast().seq();
    }
    List<User.Receipt> cursors = receipts;
    if (position.cursorsLost) {
      position.cursorsLost = false;
      cursors = allCursors();
    }
    position.toldVersion = state.eventNr;
    users.tell(
        user,
        new User.Deliver(
            state.id,
            state.eventNr,
            header(row.leftSeq() == 0),
            row,
            entries,
            cursors,
            position.acked + 1));
  }

  /** Where everybody is, for one who may have missed how they got there. */
  private List<User.Receipt> allCursors() {
    if (state.members.size() > Limits.RECEIPT_MEMBERS) {
      return List.of();
    }
    return state.members.values().stream()
        .map(member -> new User.Receipt(member.userId, member.delivered, member.read))
        .toList();
  }

  /** As many of the first ones as one message between nodes may carry, one at least. */
  static List<Entry> fitting(List<Entry> entries) {
    long bytes = 0;
    int fits = 0;
    while (fits < entries.size()) {
      bytes += EntrySize.stored(entries.get(fits));
      if (bytes > Wire.CHUNK_BYTES && fits > 0) {
        break;
      }
      fits++;
    }
    return entries.subList(0, fits);
  }

  /** The header; one who has left learns nothing of what came after. */
  private User.RowHeader header(boolean member) {
    return new User.RowHeader(
        state.group() ? parley.model.ConversationType.GROUP : parley.model.ConversationType.DIRECT,
        state.lastSeq,
        member ? state.lastMessage : null,
        state.lastTextAt);
  }

  private User.@Nullable RowMember rowFor(UserId user) {
    Member member = state.member(user);
    if (member != null) {
      return new User.RowMember(
          state.nameFor(user),
          state.avatarFor(user),
          member.joinedSeq,
          member.joinedAt,
          0,
          member.delivered,
          member.read,
          member.unread,
          cursorMinimums.delivered(member),
          cursorMinimums.read(member),
          state.lastSeq == 0 && !user.equals(state.opener));
    }
    ConversationState.Former gone = state.former.get(user);
    return gone == null
        ? null
        : new User.RowMember(
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

  /** The last seq that is for this user. */
  private long target(UserId user) {
    ConversationState.Former gone = state.former.get(user);
    return gone == null ? state.lastSeq : gone.leftSeq();
  }

  /** A user has everything up to seq in its own journal, and a row of that version. */
  void acknowledged(UserId user, long seq, long version, long now) {
    if (rowFor(user) == null) {
      // It left so long ago that even that is forgotten.
      positions.remove(user);
    }
    Position position = positions.get(user);
    if (position == null) {
      return;
    }
    boolean knowsNothing = version == 0 && seq < position.acked;
    boolean nothingNew = seq <= position.acked && version <= position.ackedVersion;
    boolean lacks = knowsNothing || (nothingNew && seq < position.told);
    if (lacks && !position.mayAsk) {
      // It was heard already; the timer repeats what it lacks.
      return;
    }
    if (knowsNothing) {
      // It never knew, or has lost its journal: everything from there is told again.
      position.acked = seq;
      position.ackedVersion = 0;
    }
    if (lacks) {
      position.mayAsk = false;
      position.since = now;
      position.told = position.acked;
    }
    position.acked = Math.min(Math.max(position.acked, seq), target(user));
    position.ackedVersion = Math.max(position.ackedVersion, Math.min(version, state.eventNr));
    position.told = Math.max(position.told, position.acked);
    if (position.acked > position.best || position.ackedVersion > position.bestVersion) {
      position.progressed(now);
    }
    if (state.member(user) == null && position.acked >= target(user)) {
      positions.remove(user);
    } else {
      pump(user, position, now);
    }
  }

  /** Tells the next entries a user lacks, if it is not too far behind with acknowledging. */
  private void pump(UserId user, Position position, long now) {
    long target = target(user);
    if (position.loading || position.told >= target || position.told - position.acked >= AHEAD) {
      return;
    }
    position.loading = true;
    long from = position.told + 1;
    historyPages.load(
        from,
        Math.min(from + CHUNK - 1, target),
        state.member(user) == null ? target : Long.MAX_VALUE,
        (entries, entrySource) -> {
          position.loading = false;
          boolean known = rowFor(user) != null;
          if (known && entries != null && !entries.isEmpty() && position.told + 1 == from) {
            tell(user, position, fitting(entries), List.of(), now);
            pump(user, position, now);
          }
        });
  }

  /** Repeats what was told long ago and not acknowledged. */
  void tick(long now) {
    positions.keySet().removeIf(user -> rowFor(user) == null);
    for (Map.Entry<UserId, Position> one : positions.entrySet()) {
      Position position = one.getValue();
      if (position.late(now) && behind(one.getKey(), position)) {
        position.repeated(now);
        pump(one.getKey(), position, now);
        if (position.told == position.acked) {
          tell(one.getKey(), position, List.of(), List.of(), now);
        }
      }
    }
  }

  private boolean behind(UserId user, Position position) {
    return position.acked < target(user) || position.ackedVersion < position.toldVersion;
  }

  /** Whether every user has acknowledged everything. */
  boolean settled() {
    for (Map.Entry<UserId, Position> one : positions.entrySet()) {
      if (behind(one.getKey(), one.getValue())) {
        return false;
      }
    }
    return true;
  }

  /** The seq up to which every user has everything. */
  long floor() {
    long floor = state.lastSeq;
    Iterator<Map.Entry<UserId, Position>> all = positions.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<UserId, Position> one = all.next();
      if (one.getValue().acked < target(one.getKey())) {
        floor = Math.min(floor, one.getValue().acked);
      }
    }
    return Math.max(floor, state.dispatchedTo);
  }

  /** The same row and nothing else, for a user that waits to hear of it. */
  void remind(UserId user, long now) {
    Member member = state.member(user);
    if (member != null) {
      news(user, member.joinedSeq, List.of(), List.of(), now);
    }
  }
}
