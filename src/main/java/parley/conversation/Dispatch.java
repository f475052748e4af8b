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
 * <p>At most {@value MemberPosition#AHEAD} entries are sent beyond what a user has acknowledged.
 *
 * <p><b>No endless exchange.</b> The timer repeats what is not acknowledged, after pauses that
 * double from {@link MemberPosition#FIRST_PAUSE} to {@link MemberPosition#LONGEST_PAUSE}. An answer
 * of a user which says that it lacks entries is followed at once, but only one time. After that,
 * such an answer counts again only when the user has acknowledged more than ever before, or when
 * the timer has repeated its entries. So whatever a user answers, and however often, it gets a
 * bounded number of messages without progress and without a pause. (Rejected: to follow every such
 * answer. A user that had forgotten the conversation, and a conversation that had not, sent each
 * other the same messages a million times a second.)
 */
final class Dispatch {
  /** Most entries that one read of the log loads for a user. */
  private static final int CHUNK = 100;

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
        position.everythingAcknowledged(state.lastSeq());
      } else {
        sendRow(member.userId(), position, now);
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

  /** Sends persisted cursor moves to the users whom they concern. */
  void cursorsMoved(List<ConversationEvent.CursorMove> moves, long now) {
    persisted(List.of(), moves, Set.of(), FollowedEntries.NONE, now);
  }

  /**
   * Sends persisted entries and cursor moves to the users whom they concern.
   *
   * @param rowsOf members whose cursors have become part of the version. They were told before, but
   *     a user acknowledges versions only, so a lost message would not be noticed
   * @param traced entries that are traced. Their traces go along, but not with what is repeated
   *     later
   */
  void persisted(
      List<Entry> entries,
      List<ConversationEvent.CursorMove> moves,
      Set<UserId> rowsOf,
      FollowedEntries traced,
      long now) {
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
        deliver(member.userId(), member.joinedSeq(), entries, shown, traced, now);
      }
    } else {
      Set<UserId> owners = new LinkedHashSet<>(rowsOf);
      receipts.forEach(receipt -> owners.add(receipt.userId()));
      for (UserId owner : owners) {
        Member member = state.member(owner);
        if (member != null) {
          deliver(member.userId(), member.joinedSeq(), entries, shown, traced, now);
        }
      }
    }
    if (!entries.isEmpty()) {
      long first = entries.getFirst().seq();
      for (FormerMembers.FormerMember gone : state.former().all()) {
        if (gone.leftSeq() >= first) {
          List<Entry> seen = upTo(entries, gone.leftSeq());
          deliver(gone.userId(), gone.joinedSeq(), seen, List.of(), traced, now);
        }
      }
    }
  }

  private static List<Entry> upTo(List<Entry> entries, long seq) {
    return entries.stream().filter(entry -> entry.seq() <= seq).toList();
  }

  private void deliver(
      UserId user,
      long joinedSeq,
      List<Entry> entries,
      List<Delivery.Receipt> receipts,
      FollowedEntries traced,
      long now) {
    MemberPosition position = positions.get(user);
    if (position == null) {
      position = new MemberPosition(joinedSeq - 1);
      positions.put(user, position);
    } else {
      position.rejoined(joinedSeq);
    }
    long next = position.nextSeq();
    boolean inOrder =
        entries.isEmpty() || (entries.getFirst().seq() <= next && entries.getLast().seq() >= next);
    if (inOrder && position.mayTakeMore()) {
      List<Entry> fresh = entries;
      if (!entries.isEmpty() && entries.getFirst().seq() < next) {
        fresh = entries.stream().filter(entry -> entry.seq() >= next).toList();
      }
      List<Entry> first = EntrySize.fitIntoMessage(fresh);
      send(user, position, first, receipts, traced, now);
      if (first.size() < fresh.size()) {
        sendNext(user, position, now);
      }
    } else {
      // The user lacks earlier entries and is being caught up. Only the row and the receipts go
      // now.
      send(user, position, List.of(), receipts, FollowedEntries.NONE, now);
    }
  }

  private void send(
      UserId user,
      MemberPosition position,
      List<Entry> entries,
      List<Delivery.Receipt> receipts,
      FollowedEntries traced,
      long now) {
    RowMember row = rows.of(user);
    if (row == null) {
      return;
    }
    position.sends(entries.isEmpty() ? 0 : entries.getLast().seq(), state.eventNr(), now);
    List<Delivery.Receipt> cursors = position.takeResendCursors() ? rows.allCursors() : receipts;
    users.tell(
        user,
        new User.Deliver(
            state.id(),
            state.eventNr(),
            rows.header(row.leftSeq() == 0),
            row,
            entries,
            cursors,
            position.ackedSeq() + 1,
            traced.tracesFor(entries)));
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
      position.resendCursors();
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
    MemberPosition.Next next =
        position.acknowledged(seq, version, restarted, lastSeqFor(user), state.eventNr(), now);
    if (next == MemberPosition.Next.WAIT) {
      return;
    }
    if (state.member(user) == null && position.ackedSeq() >= lastSeqFor(user)) {
      positions.remove(user);
    } else {
      sendNext(user, position, now);
      if (next == MemberPosition.Next.CONTINUE_WITH_ROW
          && !position.isLoading()
          && position.nothingOnItsWay()) {
        sendRow(user, position, now);
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
    long from = position.nextSeq();
    if (from > target || !position.mayTakeMore()) {
      return;
    }
    position.loadingBegins();
    historyPages.load(
        from,
        Math.min(from + CHUNK - 1, target),
        state.member(user) == null ? target : Long.MAX_VALUE,
        (entries, entrySource) -> {
          position.loadingEnded();
          boolean known = rows.of(user) != null;
          if (known && entries != null && !entries.isEmpty() && position.nextSeq() == from) {
            List<Entry> first = EntrySize.fitIntoMessage(entries);
            send(user, position, first, List.of(), FollowedEntries.NONE, now);
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
      long known = position.knownSeq(last);
      held += known - position.ackedSeq();
      if (known < last) {
        waiting += last - known;
        Entry oldest = state.entryInMemory(known + 1);
        since = Math.min(since, oldest == null ? position.outstandingSince() : oldest.at());
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
        if (position.nothingOnItsWay()) {
          sendRow(one.getKey(), position, now);
        }
      }
    }
    return repeated;
  }

  private boolean behind(UserId user, MemberPosition position) {
    return position.behind(lastSeqFor(user));
  }

  /** Sends the row alone. */
  private void sendRow(UserId user, MemberPosition position, long now) {
    send(user, position, List.of(), List.of(), FollowedEntries.NONE, now);
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
      long acked = one.getValue().ackedSeq();
      if (acked < lastSeqFor(one.getKey())) {
        floor = Math.min(floor, acked);
      }
    }
    return Math.max(floor, state.dispatchedTo());
  }

  /** Sends the inbox row alone to a member that waits for it. */
  void sendRow(UserId user, long now) {
    Member member = state.member(user);
    if (member != null) {
      deliver(user, member.joinedSeq(), List.of(), List.of(), FollowedEntries.NONE, now);
    }
  }
}
