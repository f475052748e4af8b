package parley.conversation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.Limits;
import parley.model.UserId;
import parley.user.Delivery;
import parley.user.RowMember;
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
 * double from {@link #FIRST_PAUSE} to {@link #LONGEST_PAUSE}. An answer of a user which says that
 * it lacks entries is followed at once, but only one time. After that, such an answer counts again
 * only when the user has acknowledged more than ever before, or when the timer has repeated its
 * entries. So whatever a user answers, and however often, it gets a bounded number of messages
 * without progress and without a pause. (Rejected: to follow every such answer. A user that had
 * forgotten the conversation, and a conversation that had not, sent each other the same messages a
 * million times a second.)
 */
final class Dispatch {
  /** Most entries that are sent to a user beyond its acknowledgement. */
  private static final int AHEAD = 1_000;

  /** Most entries that one read of the log loads for a user. */
  private static final int CHUNK = 100;

  /** The pause before the first repetition of entries that are not acknowledged. */
  static final Duration FIRST_PAUSE = Duration.ofSeconds(3);

  /**
   * The longest pause between two repetitions. A user that was away for long gets what it missed at
   * the latest this long after its return.
   */
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(12);

  /**
   * How long a user is trusted to write what it holds ({@link User.Holding}), which it does within
   * {@link parley.user.UserSettings#deferredFlushAfter}. A user that has crashed gets what it held
   * when it asks, and otherwise at the latest this long after its last sign.
   */
  static final Duration HOLDING_TIMEOUT = Duration.ofSeconds(210);

  /** The same while a push waits in the memory of the user, which comes late after a crash. */
  static final Duration PUSH_HOLDING_TIMEOUT = Duration.ofSeconds(10);

  private final ConversationState state;
  private final ConversationDependencies.UserSender users;
  private final HistoryPages historyPages;
  private final Map<UserId, MemberPosition> positions = new HashMap<>();
  private final MemberRows rows;
  private FollowedEntries followed = FollowedEntries.NONE;

  Dispatch(
      ConversationState state,
      ConversationDependencies.UserSender users,
      HistoryPages historyPages) {
    this.state = state;
    this.users = users;
    this.historyPages = historyPages;
    this.rows = new MemberRows(state);
  }

  /** Starts after recovery: sends what members may not have. */
  void recover(long now) {
    rows.cursorsMoved();
    for (Member member : state.members()) {
      MemberPosition position = position(member.userId(), member.joinedSeq());
      if (state.isSettled()) {
        position.ackedSeq = state.lastSeq();
        position.sentSeq = state.lastSeq();
      } else {
        send(member.userId(), position, List.of(), List.of(), now);
        sendNext(member.userId(), position, now);
      }
    }
    for (FormerMembers.FormerMember gone : state.former().all()) {
      if (!state.isSettled() && gone.leftSeq() > state.dispatchedTo()) {
        MemberPosition position = position(gone.userId(), gone.joinedSeq());
        sendNext(gone.userId(), position, now);
      }
    }
  }

  private MemberPosition position(UserId user, long joinedSeq) {
    return positions.computeIfAbsent(
        user, u -> new MemberPosition(Math.max(state.dispatchedTo(), joinedSeq - 1)));
  }

  /** Sends persisted entries and cursor moves to the users whom they concern. */
  void persisted(List<Entry> entries, List<ConversationEvent.CursorMove> moves, long now) {
    persisted(entries, moves, Set.of(), now);
  }

  /** The same; the traces of these entries go along, but not with what is repeated later. */
  void persisted(
      List<Entry> entries,
      List<ConversationEvent.CursorMove> moves,
      Set<UserId> rowsOf,
      FollowedEntries traced,
      long now) {
    followed = traced;
    persisted(entries, moves, rowsOf, now);
    followed = FollowedEntries.NONE;
  }

  /**
   * Sends persisted entries and cursor moves to the users whom they concern.
   *
   * @param rowsOf members whose cursors have become part of the version. They were told before, but
   *     a user acknowledges versions only, so a lost message would not be noticed
   */
  void persisted(
      List<Entry> entries, List<ConversationEvent.CursorMove> moves, Set<UserId> rowsOf, long now) {
    rows.cursorsMoved();
    List<Delivery.Receipt> receipts = new ArrayList<>(moves.size());
    for (ConversationEvent.CursorMove move : moves) {
      Member member = state.member(move.userId());
      if (member != null) {
        receipts.add(new Delivery.Receipt(member.userId(), member.delivered(), member.read()));
      }
    }
    boolean toAll = !entries.isEmpty() || state.members().size() <= Limits.RECEIPT_MEMBERS;
    List<Delivery.Receipt> shown =
        state.members().size() <= Limits.RECEIPT_MEMBERS ? receipts : List.of();
    if (toAll) {
      for (Member member : state.members()) {
        deliver(member.userId(), member.joinedSeq(), entries, shown, now);
      }
    } else {
      Set<UserId> owners = new LinkedHashSet<>(rowsOf);
      receipts.forEach(receipt -> owners.add(receipt.userId()));
      for (UserId owner : owners) {
        Member member = state.member(owner);
        if (member != null) {
          deliver(member.userId(), member.joinedSeq(), entries, shown, now);
        }
      }
    }
    if (!entries.isEmpty()) {
      long first = entries.getFirst().seq();
      for (FormerMembers.FormerMember gone : state.former().all()) {
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
    MemberPosition position = positions.get(user);
    if (position == null) {
      position = new MemberPosition(joinedSeq - 1);
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
      List<Entry> first = EntrySize.fitIntoMessage(fresh);
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
      MemberPosition position,
      List<Entry> entries,
      List<Delivery.Receipt> receipts,
      long now) {
    RowMember row = rows.of(user);
    if (row == null) {
      return;
    }
    if (!position.outstanding()) {
      position.pauseStart = now;
      position.outstandingSince = now;
    }
    if (!entries.isEmpty()) {
      position.sentSeq = entries.getLast().seq();
    }
    List<Delivery.Receipt> cursors = receipts;
    if (position.resendCursors) {
      position.resendCursors = false;
      cursors = rows.allCursors();
    }
    position.sentVersion = state.eventNr();
    users.tell(
        user,
        new User.Deliver(
            state.id(),
            state.eventNr(),
            rows.header(row.leftSeq() == 0),
            row,
            entries,
            cursors,
            position.ackedSeq + 1,
            followed.tracesFor(entries)));
  }

  /** The last seq that this user may get. */
  private long lastSeqFor(UserId user) {
    FormerMembers.FormerMember gone = state.former().of(user);
    return gone == null ? state.lastSeq() : gone.leftSeq();
  }

  /** A user has everything up to {@code seq} in its own journal, and a row of that version. */
  void acknowledged(UserId user, long seq, long version, long now) {
    MemberPosition position = knownPosition(user);
    if (position != null) {
      acknowledged(user, position, seq, version, false, now);
    }
  }

  /**
   * A user has started again, and its journal holds this much. It has lost everything after that,
   * also cursors that are no version of their own. It gets its row in any case, and the cursors of
   * all members: it waits for them before it shows its inbox.
   */
  void restarted(UserId user, long seq, long version, long now) {
    MemberPosition position = knownPosition(user);
    if (position == null && state.member(user) != null) {
      sendRow(user, now);
    } else if (position != null && position.mayAnswerRestart(now)) {
      position.resendCursors = true;
      acknowledged(user, position, seq, version, true, now);
    }
  }

  private @Nullable MemberPosition knownPosition(UserId user) {
    if (rows.of(user) == null) {
      // The user left so long ago that the conversation no longer knows it as a former member.
      positions.remove(user);
    }
    return positions.get(user);
  }

  private void acknowledged(
      UserId user, MemberPosition position, long seq, long version, boolean restarted, long now) {
    boolean knowsNothing = version == 0 && seq < position.ackedSeq;
    boolean nothingNew = seq <= position.ackedSeq && version <= position.ackedVersion;
    boolean lost = position.lostHeld(seq, version);
    boolean lacks = knowsNothing || lost || ((nothingNew || restarted) && seq < position.sentSeq);
    if (lacks && !position.resendAllowed && !restarted) {
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
      position.resendCursors |= lost;
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
      if ((lost || restarted) && !position.loading && position.sentSeq == position.ackedSeq) {
        send(user, position, List.of(), List.of(), now);
      }
    }
  }

  /**
   * A user has everything up to a seq and a version in memory, and writes it later. It is not
   * repeated for {@link #HOLDING_TIMEOUT}, or for {@link #PUSH_HOLDING_TIMEOUT} if a push waits
   * too. It stays unacknowledged: after a crash of the user it is sent again.
   */
  void held(User.Holding holding, long now) {
    MemberPosition position = positions.get(holding.userId());
    if (position == null) {
      return;
    }
    Duration trust = holding.pushWaits() ? PUSH_HOLDING_TIMEOUT : HOLDING_TIMEOUT;
    position.holds(holding.seq(), holding.version(), now, trust);
  }

  /** Loads and sends the next entries that a user lacks, unless too many are unacknowledged. */
  private void sendNext(UserId user, MemberPosition position, long now) {
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
          boolean known = rows.of(user) != null;
          if (known && entries != null && !entries.isEmpty() && position.sentSeq + 1 == from) {
            send(user, position, EntrySize.fitIntoMessage(entries), List.of(), now);
            sendNext(user, position, now);
          }
        });
  }

  /**
   * What users have not acknowledged.
   *
   * @param waiting entries times users that have them neither in memory nor in their journal, as
   *     far as the conversation knows
   * @param since when the oldest of these began to wait, epoch milliseconds
   * @param held entries times users that have them in memory
   */
  record Backlog(long waiting, long since, long held) {}

  /** What users have not acknowledged now. Costs as much as a look at each member. */
  Backlog backlog(long now) {
    long waiting = 0;
    long since = now;
    long held = 0;
    for (Map.Entry<UserId, MemberPosition> one : positions.entrySet()) {
      MemberPosition position = one.getValue();
      long last = lastSeqFor(one.getKey());
      long known =
          Math.clamp(position.heldSeq, position.ackedSeq, Math.max(position.ackedSeq, last));
      held += known - position.ackedSeq;
      if (known < last) {
        waiting += last - known;
        Entry oldest = state.entryInMemory(known + 1);
        since = Math.min(since, oldest == null ? position.outstandingSince : oldest.at());
      }
    }
    return new Backlog(waiting, since, held);
  }

  /** Repeats messages whose acknowledgement is overdue. Returns to how many users. */
  int tick(long now) {
    int repeated = 0;
    positions.keySet().removeIf(user -> rows.of(user) == null);
    for (Map.Entry<UserId, MemberPosition> one : positions.entrySet()) {
      MemberPosition position = one.getValue();
      if (position.late(now) && !position.held(now) && behind(one.getKey(), position)) {
        position.repeated(now);
        repeated++;
        sendNext(one.getKey(), position, now);
        if (position.sentSeq == position.ackedSeq) {
          send(one.getKey(), position, List.of(), List.of(), now);
        }
      }
    }
    return repeated;
  }

  private boolean behind(UserId user, MemberPosition position) {
    return position.ackedSeq < lastSeqFor(user) || position.ackedVersion < position.sentVersion;
  }

  /** Whether every user has acknowledged everything. */
  boolean allAcknowledged() {
    for (Map.Entry<UserId, MemberPosition> one : positions.entrySet()) {
      if (behind(one.getKey(), one.getValue())) {
        return false;
      }
    }
    return true;
  }

  /** How far an entry has come on its way to a member, or a former one, to whom it goes. */
  ConversationInspection.DispatchStatus statusOf(UserId user, long seq, long now) {
    MemberPosition position = positions.get(user);
    return position == null
        ? ConversationInspection.DispatchStatus.ACKNOWLEDGED
        : position.statusOf(seq, now);
  }

  /** How many users have not acknowledged everything. */
  int notAcknowledged() {
    return (int)
        positions.entrySet().stream()
            .filter(one -> rows.of(one.getKey()) != null && behind(one.getKey(), one.getValue()))
            .count();
  }

  /** The seq up to which every user has everything. */
  long acknowledgedByAll() {
    long floor = state.lastSeq();
    Iterator<Map.Entry<UserId, MemberPosition>> all = positions.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<UserId, MemberPosition> one = all.next();
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
      deliver(user, member.joinedSeq(), List.of(), List.of(), now);
    }
  }
}
