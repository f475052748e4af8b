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
import parley.user.Delivery;
import parley.user.User;

/**
 * The outbox of a conversation. It sends new entries and changed inbox rows to each member's {@code
 * User}, and repeats them until the user has acknowledged them.
 *
 * <p>The position of each user is kept in memory only. One seq is durable: all users have
 * everything up to {@link ConversationState#dispatchedTo}. A recovered conversation sends all later
 * entries again. The users drop what they have, by seq, so nothing is doubled.
 *
 * <p>At most {@value #AHEAD} entries are sent beyond what a user has acknowledged.
 *
 * <p><b>No endless exchange.</b> The timer repeats what is not acknowledged, after pauses that
 * double from {@link #PATIENCE} to {@link #LONGEST}. An answer of a user which says that it lacks
 * entries is followed at once, but only one time. After that, such an answer counts again only when
 * the user has acknowledged more than ever before, or when the timer has repeated its entries. So
 * whatever a user answers, and however often, it gets a bounded number of messages without progress
 * and without a pause. (Rejected: to follow every such answer. A user that had forgotten the
 * conversation, and a conversation that had not, sent each other the same messages a million times
 * a second.)
 */
final class Dispatch {
  /** Most entries that are sent to a user beyond its acknowledgement. */
  private static final int AHEAD = 1_000;

  /** Most entries that one read of the log loads for a user. */
  private static final int CHUNK = 100;

  /** The pause before the first repetition of entries that are not acknowledged. */
  static final Duration PATIENCE = Duration.ofSeconds(3);

  /**
   * The longest pause between two repetitions. A user that was away for long gets what it missed at
   * the latest this long after its return.
   */
  static final Duration LONGEST = Duration.ofSeconds(12);

  /**
   * How long a user is trusted to write what it holds ({@link User.Holding}), which it does within
   * {@link parley.user.UserSettings#quietFlushAfter}. After a crash of the user's node it gets its
   * entries at the latest this long after its last sign, or when it asks.
   */
  static final Duration HOLD = Duration.ofSeconds(60);

  /**
   * The position of one member or recent former member: which entries and which versions of the
   * inbox row were sent and acknowledged.
   */
  private static final class Position {
    long ackedSeq;
    long ackedVersion;
    long sentSeq;
    long sentVersion;
    boolean loading;

    /** The highest seq that the user ever acknowledged. A higher one is progress. */
    long highestAckedSeq;

    long highestAckedVersion;

    /** What the user has in memory, and its journal not yet; trusted for {@link #HOLD}. */
    long heldSeq;

    long heldVersion;
    long heldAt;

    /**
     * When the last of these happened: the first outstanding message was sent, the user made
     * progress, or a message was repeated. In epoch milliseconds.
     */
    long pauseStart;

    /** The pause before the next repetition, in milliseconds. */
    long pause = PATIENCE.toMillis();

    /** Whether an answer of the user that it lacks entries is followed at once. */
    boolean resendAllowed = true;

    /**
     * Whether unacknowledged messages may have carried cursors. Then the next message carries the
     * cursors of all members.
     */
    boolean resendCursors;

    Position(long acked) {
      this.ackedSeq = acked;
      this.sentSeq = acked;
      this.highestAckedSeq = acked;
    }

    /** Whether the user may not have received something. */
    boolean outstanding() {
      return sentSeq > Math.max(ackedSeq, heldSeq)
          || sentVersion > Math.max(ackedVersion, heldVersion);
    }

    /** Whether the user has said lately that it has everything that was sent. */
    boolean held(long now) {
      return !outstanding() && now >= heldAt && now - heldAt < HOLD.toMillis();
    }

    void progressed(long now) {
      highestAckedSeq = Math.max(highestAckedSeq, ackedSeq);
      highestAckedVersion = Math.max(highestAckedVersion, ackedVersion);
      pauseStart = now;
      pause = PATIENCE.toMillis();
      resendAllowed = true;
    }

    boolean late(long now) {
      return now - pauseStart > pause || now < pauseStart;
    }

    /** The timer repeats what is not acknowledged. */
    void repeated(long now) {
      sentSeq = ackedSeq;
      forgetHeld();
      pauseStart = now;
      pause = Math.min(2 * pause, LONGEST.toMillis());
      resendAllowed = true;
      resendCursors = true;
    }

    void forgetHeld() {
      heldSeq = 0;
      heldVersion = 0;
    }
  }

  private final ConversationState state;
  private final ConversationEnvironment.UserPort users;
  private final HistoryPages historyPages;
  private final Map<UserId, Position> positions = new HashMap<>();
  private CursorMinimums cursorMinimums;

  Dispatch(
      ConversationState state, ConversationEnvironment.UserPort users, HistoryPages historyPages) {
    this.state = state;
    this.users = users;
    this.historyPages = historyPages;
    this.cursorMinimums = CursorMinimums.of(state);
  }

  /** Starts after recovery: sends what members may not have. */
  void recover(long now) {
    cursorMinimums = CursorMinimums.of(state);
    for (Member member : state.members()) {
      Position position = position(member.userId, member.joinedSeq);
      if (state.isSettled()) {
        position.ackedSeq = state.lastSeq();
        position.sentSeq = state.lastSeq();
      } else {
        send(member.userId, position, List.of(), List.of(), now);
        sendNext(member.userId, position, now);
      }
    }
    for (FormerMembers.Former gone : state.former().all()) {
      if (!state.isSettled() && gone.leftSeq() > state.dispatchedTo()) {
        Position position = position(gone.userId(), gone.joinedSeq());
        sendNext(gone.userId(), position, now);
      }
    }
  }

  private Position position(UserId user, long joinedSeq) {
    return positions.computeIfAbsent(
        user, u -> new Position(Math.max(state.dispatchedTo(), joinedSeq - 1)));
  }

  /** Sends persisted entries and cursor moves to the users whom they concern. */
  void persisted(List<Entry> entries, List<ConversationEvent.CursorMove> moves, long now) {
    cursorMinimums = CursorMinimums.of(state);
    List<Delivery.Receipt> receipts = new ArrayList<>(moves.size());
    for (ConversationEvent.CursorMove move : moves) {
      Member member = state.member(move.userId());
      if (member != null) {
        receipts.add(new Delivery.Receipt(member.userId, member.delivered, member.read));
      }
    }
    boolean toAll = !entries.isEmpty() || state.members().size() <= Limits.RECEIPT_MEMBERS;
    List<Delivery.Receipt> shown =
        state.members().size() <= Limits.RECEIPT_MEMBERS ? receipts : List.of();
    if (toAll) {
      for (Member member : state.members()) {
        deliver(member.userId, member.joinedSeq, entries, shown, now);
      }
    } else {
      for (Delivery.Receipt receipt : receipts) {
        Member member = state.member(receipt.userId());
        if (member != null) {
          deliver(member.userId, member.joinedSeq, entries, shown, now);
        }
      }
    }
    if (!entries.isEmpty()) {
      long first = entries.getFirst().seq();
      for (FormerMembers.Former gone : state.former().all()) {
        if (gone.leftSeq() >= first) {
          deliver(gone.userId(), gone.joinedSeq(), upTo(entries, gone.leftSeq()), List.of(), now);
        }
      }
    }
  }

  private static List<Entry> upTo(List<Entry> entries, long seq) {
    return entries.stream().filter(entry -> entry.seq() <= seq).toList();
  }

  private void deliver(
      UserId user, long joinedSeq, List<Entry> entries, List<Delivery.Receipt> receipts, long now) {
    Position position = positions.get(user);
    if (position == null) {
      position = new Position(joinedSeq - 1);
      positions.put(user, position);
    } else if (position.sentSeq < joinedSeq - 1) {
      // The member left and was added again. The entries in between are not for it.
      position.sentSeq = joinedSeq - 1;
      position.ackedSeq = joinedSeq - 1;
    }
    long next = position.sentSeq + 1;
    boolean inOrder =
        entries.isEmpty() || (entries.getFirst().seq() <= next && entries.getLast().seq() >= next);
    if (inOrder && !position.loading && position.sentSeq - position.ackedSeq < AHEAD) {
      List<Entry> fresh = entries;
      if (!entries.isEmpty() && entries.getFirst().seq() < next) {
        fresh = entries.stream().filter(entry -> entry.seq() >= next).toList();
      }
      List<Entry> first = fitIntoMessage(fresh);
      send(user, position, first, receipts, now);
      if (first.size() < fresh.size()) {
        sendNext(user, position, now);
      }
    } else {
      // The user lacks earlier entries and is being caught up. Only the row and the receipts go
      // now.
      send(user, position, List.of(), receipts, now);
    }
  }

  private void send(
      UserId user,
      Position position,
      List<Entry> entries,
      List<Delivery.Receipt> receipts,
      long now) {
    User.RowMember row = rowFor(user);
    if (row == null) {
      return;
    }
    if (!position.outstanding()) {
      position.pauseStart = now;
    }
    if (!entries.isEmpty()) {
      position.sentSeq = entries.getLast().seq();
    }
    List<Delivery.Receipt> cursors = receipts;
    if (position.resendCursors) {
      position.resendCursors = false;
      cursors = allCursors();
    }
    position.sentVersion = state.eventNr();
    users.tell(
        user,
        new User.Deliver(
            state.id(),
            state.eventNr(),
            header(row.leftSeq() == 0),
            row,
            entries,
            cursors,
            position.ackedSeq + 1));
  }

  /** The cursors of all members, for a user that may have missed moves. */
  private List<Delivery.Receipt> allCursors() {
    if (state.members().size() > Limits.RECEIPT_MEMBERS) {
      return List.of();
    }
    return state.members().stream()
        .map(member -> new Delivery.Receipt(member.userId, member.delivered, member.read))
        .toList();
  }

  /** As many of the first entries as fit into one message between nodes; at least one. */
  static List<Entry> fitIntoMessage(List<Entry> entries) {
    long bytes = 0;
    int fits = 0;
    while (fits < entries.size()) {
      bytes += EntrySize.storedBytes(entries.get(fits));
      if (bytes > Wire.CHUNK_BYTES && fits > 0) {
        break;
      }
      fits++;
    }
    return entries.subList(0, fits);
  }

  /** The row header. A former member gets no preview of later entries. */
  private User.RowHeader header(boolean member) {
    return new User.RowHeader(
        state.group() ? parley.model.ConversationType.GROUP : parley.model.ConversationType.DIRECT,
        state.lastSeq(),
        member ? state.preview().lastMessage() : null,
        state.preview().lastTextAt());
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
          state.lastSeq() == 0 && !state.wasOpenedBy(user));
    }
    FormerMembers.Former gone = state.former().of(user);
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

  /** The last seq that this user may get. */
  private long lastSeqFor(UserId user) {
    FormerMembers.Former gone = state.former().of(user);
    return gone == null ? state.lastSeq() : gone.leftSeq();
  }

  /** A user has everything up to {@code seq} in its own journal, and a row of that version. */
  void acknowledged(UserId user, long seq, long version, long now) {
    if (rowFor(user) == null) {
      // The user left so long ago that the conversation no longer knows it as a former member.
      positions.remove(user);
    }
    Position position = positions.get(user);
    if (position == null) {
      return;
    }
    boolean knowsNothing = version == 0 && seq < position.ackedSeq;
    boolean nothingNew = seq <= position.ackedSeq && version <= position.ackedVersion;
    boolean lacks = knowsNothing || (nothingNew && seq < position.sentSeq);
    if (lacks && !position.resendAllowed) {
      // An earlier answer of this kind was followed already. The timer repeats the entries.
      return;
    }
    if (knowsNothing) {
      // The user never had the entries, or has lost its journal. Everything after its seq is sent
      // again.
      position.ackedSeq = seq;
      position.ackedVersion = 0;
    }
    if (lacks) {
      position.resendAllowed = false;
      position.pauseStart = now;
      position.sentSeq = position.ackedSeq;
      position.forgetHeld();
    }
    position.ackedSeq = Math.min(Math.max(position.ackedSeq, seq), lastSeqFor(user));
    position.ackedVersion = Math.max(position.ackedVersion, Math.min(version, state.eventNr()));
    position.sentSeq = Math.max(position.sentSeq, position.ackedSeq);
    if (position.ackedSeq > position.highestAckedSeq
        || position.ackedVersion > position.highestAckedVersion) {
      position.progressed(now);
    }
    if (state.member(user) == null && position.ackedSeq >= lastSeqFor(user)) {
      positions.remove(user);
    } else {
      sendNext(user, position, now);
    }
  }

  /**
   * A user has everything up to {@code seq} and that version in memory, and writes it later. It is
   * not repeated for {@link #HOLD}. It stays unacknowledged: after a crash of the user it is sent
   * again.
   */
  void held(UserId user, long seq, long version, long now) {
    Position position = positions.get(user);
    if (position == null) {
      return;
    }
    long heldSeq = Math.min(seq, position.sentSeq);
    long heldVersion = Math.min(version, position.sentVersion);
    if (heldSeq > position.heldSeq || heldVersion > position.heldVersion) {
      position.heldSeq = Math.max(position.heldSeq, heldSeq);
      position.heldVersion = Math.max(position.heldVersion, heldVersion);
      position.pauseStart = now;
      position.pause = PATIENCE.toMillis();
    }
    position.heldAt = now;
  }

  /** Loads and sends the next entries that a user lacks, unless too many are unacknowledged. */
  private void sendNext(UserId user, Position position, long now) {
    long target = lastSeqFor(user);
    if (position.loading
        || position.sentSeq >= target
        || position.sentSeq - position.ackedSeq >= AHEAD) {
      return;
    }
    position.loading = true;
    long from = position.sentSeq + 1;
    historyPages.load(
        from,
        Math.min(from + CHUNK - 1, target),
        state.member(user) == null ? target : Long.MAX_VALUE,
        (entries, entrySource) -> {
          position.loading = false;
          boolean known = rowFor(user) != null;
          if (known && entries != null && !entries.isEmpty() && position.sentSeq + 1 == from) {
            send(user, position, fitIntoMessage(entries), List.of(), now);
            sendNext(user, position, now);
          }
        });
  }

  /** Repeats messages whose acknowledgement is overdue. */
  void tick(long now) {
    positions.keySet().removeIf(user -> rowFor(user) == null);
    for (Map.Entry<UserId, Position> one : positions.entrySet()) {
      Position position = one.getValue();
      if (position.late(now) && !position.held(now) && behind(one.getKey(), position)) {
        position.repeated(now);
        sendNext(one.getKey(), position, now);
        if (position.sentSeq == position.ackedSeq) {
          send(one.getKey(), position, List.of(), List.of(), now);
        }
      }
    }
  }

  private boolean behind(UserId user, Position position) {
    return position.ackedSeq < lastSeqFor(user) || position.ackedVersion < position.sentVersion;
  }

  /** Whether every user has acknowledged everything. */
  boolean allAcknowledged() {
    for (Map.Entry<UserId, Position> one : positions.entrySet()) {
      if (behind(one.getKey(), one.getValue())) {
        return false;
      }
    }
    return true;
  }

  /** The seq up to which every user has everything. */
  long acknowledgedByAll() {
    long floor = state.lastSeq();
    Iterator<Map.Entry<UserId, Position>> all = positions.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<UserId, Position> one = all.next();
      if (one.getValue().ackedSeq < lastSeqFor(one.getKey())) {
        floor = Math.min(floor, one.getValue().ackedSeq);
      }
    }
    return Math.max(floor, state.dispatchedTo());
  }

  /** Sends the inbox row alone to a member that waits for it. */
  void sendRow(UserId user, long now) {
    Member member = state.member(user);
    if (member != null) {
      deliver(user, member.joinedSeq, List.of(), List.of(), now);
    }
  }
}
