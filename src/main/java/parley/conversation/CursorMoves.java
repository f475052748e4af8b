package parley.conversation;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.CursorMove;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Cursor moves that wait to be written, at most one for each member. This class also counts the
 * unread entries after a move, from the log itself. It reads the newest entries in memory, and
 * older ones with a scan of the log.
 */
final class CursorMoves {
  /** Most callers that wait for the move of one member. */
  private static final int MAX_CALLERS = 64;

  /** Most failed counts in a row for one move. The first and the last are about a minute apart. */
  static final int MAX_TRIES = 6;

  private final ActorContext<Conversation.Command> context;
  private final LogReader logReader;
  private final ConversationState state;
  private final Map<UserId, Move> moves = new LinkedHashMap<>();

  /** The requested cursors of one member. */
  private static final class Move {
    long delivered;
    long read;
    boolean urgent;
    @Nullable Scan scan;

    /** Failed counts in a row. */
    int failures;

    /** Ticks until the next attempt. */
    int ticksToRetry;

    final List<ActorRef<Conversation.ReadReply>> callers = new ArrayList<>();
  }

  /**
   * A count of entries that are unread for a member. It may take several reads. It counts what is
   * behind the new cursor, up to the oldest entry in memory; or, if that is less, what the move
   * passes. So a member who reads on in small steps has each entry read once.
   */
  private static final class Scan {
    final UserId user;
    final long from;

    /** The last entry that the move passes, if those are counted, else 0. */
    final long passedTo;

    long countedTo;
    long count;
    boolean running;
    long countingTo;
    final List<EntryBody.Delete> deletedSince = new ArrayList<>();

    private Scan(UserId user, long from, long passedTo) {
      this.user = user;
      this.from = from;
      this.passedTo = passedTo;
      this.countedTo = from - 1;
    }

    /**
     * For a move to {@code read}.
     *
     * @param inMemory the oldest entry in memory, above {@code read}
     */
    static Scan of(Member member, long read, long inMemory) {
      return read - member.read() < inMemory - read
          ? new Scan(member.userId(), member.read() + 1, read)
          : new Scan(member.userId(), read + 1, 0);
    }

    /** The last entry to count from the log. */
    long last(long inMemory) {
      return passedTo > 0 ? passedTo : inMemory - 1;
    }

    /** The counted entries, minus those that were deleted since. */
    long counted() {
      long gone =
          deletedSince.stream()
              .filter(d -> d.targetSeq() >= from && !d.targetSender().equals(user))
              .count();
      return count - gone;
    }
  }

  /**
   * A count has ended.
   *
   * @param count null if the count failed
   * @param failure null if it did not
   */
  record Counted(
      CursorMoves moves, Move move, Scan scan, @Nullable Long count, @Nullable Throwable failure)
      implements Conversation.Internal {
    @Override
    public String toString() {
      return "Counted";
    }
  }

  CursorMoves(
      ActorContext<Conversation.Command> context, LogReader logReader, ConversationState state) {
    this.context = context;
    this.logReader = logReader;
    this.state = state;
  }

  /** Records a requested move. Both cursors are limited to the end of the log and never go back. */
  boolean request(
      Member member,
      long delivered,
      long read,
      @Nullable ActorRef<Conversation.ReadReply> caller,
      boolean urgent) {
    long newRead = Math.min(read, state.lastSeq());
    long newDelivered = Math.max(newRead, Math.min(delivered, state.lastSeq()));
    Move move = moves.get(member.userId());
    if (move == null) {
      if (newRead <= member.read() && newDelivered <= member.delivered()) {
        answer(caller, new Conversation.ReadDone());
        return false;
      }
      move = new Move();
      move.read = member.read();
      move.delivered = member.delivered();
      moves.put(member.userId(), move);
    }
    move.read = Math.max(move.read, newRead);
    move.delivered = Math.max(move.delivered, newDelivered);
    move.urgent |= urgent;
    if (caller != null) {
      if (move.callers.size() >= MAX_CALLERS) {
        answer(
            caller,
            new Conversation.Refused(Refusal.unavailable("too many reads of one user at once")));
      } else {
        move.callers.add(caller);
      }
    }
    return true;
  }

  private static void answer(
      @Nullable ActorRef<Conversation.ReadReply> caller, Conversation.ReadReply reply) {
    if (caller != null) {
      caller.tell(reply);
    }
  }

  boolean isEmpty() {
    return moves.isEmpty();
  }

  /**
   * The moves that can be written now, and the callers that wait for them.
   *
   * @param urgent whether a caller waits that should not wait long
   */
  record Batch(
      List<CursorMove> moves, List<ActorRef<Conversation.ReadReply>> callers, boolean urgent) {
    void done() {
      callers.forEach(caller -> caller.tell(new Conversation.ReadDone()));
    }
  }

  /** Takes the moves that can be written. A move whose unread count is not known yet stays. */
  Batch take() {
    List<CursorMove> ready = new ArrayList<>(moves.size());
    List<ActorRef<Conversation.ReadReply>> callers = new ArrayList<>();
    boolean urgent = false;
    Iterator<Map.Entry<UserId, Move>> all = moves.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<UserId, Move> one = all.next();
      Move move = one.getValue();
      Member member = state.member(one.getKey());
      if (member == null) {
        all.remove();
        move.callers.forEach(caller -> caller.tell(new Conversation.Refused(Refusal.notFound())));
        continue;
      }
      Resolved resolved = resolve(member, move);
      if (resolved != null) {
        ready.add(
            new CursorMove(member.userId(), move.delivered, resolved.read(), resolved.unread()));
        if (resolved.read() >= move.read) {
          all.remove();
          callers.addAll(move.callers);
          urgent |= move.urgent;
        } else {
          // The member has read further since the count began. The next count starts at the new
          // cursor.
          move.scan = null;
        }
      } else if (move.delivered > member.delivered()) {
        // The delivered cursor need not wait for the count.
        ready.add(new CursorMove(member.userId(), move.delivered, member.read(), member.unread()));
      }
    }
    return new Batch(ready, callers, urgent);
  }

  /** A read cursor and the unread texts behind it. */
  private record Resolved(long read, long unread) {}

  /**
   * The read cursor that can be written now with its unread count, or null while a count is
   * running.
   */
  private @Nullable Resolved resolve(Member member, Move move) {
    if (move.read <= member.read()) {
      return new Resolved(move.read, member.unread());
    }
    if (move.read >= state.lastSeq()) {
      return new Resolved(move.read, 0);
    }
    long inMemory = state.firstSeqInMemory();
    if (move.read + 1 >= inMemory) {
      return new Resolved(move.read, countInMemory(member.userId(), move.read + 1));
    }
    Scan scan = move.scan;
    if (scan == null) {
      if (move.ticksToRetry > 0) {
        return null;
      }
      scan = Scan.of(member, move.read, inMemory);
      move.scan = scan;
    }
    if (scan.running) {
      return null;
    }
    if (scan.countedTo < scan.last(inMemory)) {
      // New entries have pushed older ones out of memory meanwhile. Only those are counted in
      // addition.
      start(move, scan, scan.last(inMemory));
      return null;
    }
    if (scan.passedTo > 0) {
      return new Resolved(scan.passedTo, member.unread() - scan.counted());
    }
    return new Resolved(
        scan.from - 1, scan.counted() + countInMemory(member.userId(), scan.countedTo + 1));
  }

  private long countInMemory(UserId user, long from) {
    return state.entriesInMemory(from, state.lastSeq()).stream()
        .filter(entry -> countsAsUnread(user, entry) && !state.isDeleted(entry.seq()))
        .count();
  }

  private static boolean countsAsUnread(UserId user, Entry entry) {
    return entry.body().countable() && !entry.senderId().equals(user);
  }

  private void start(Move move, Scan scan, long to) {
    long from = scan.countedTo + 1;
    scan.running = true;
    scan.countingTo = to;
    long[] deleted = state.deletedIn(from, to);
    context.pipeToSelf(
        logReader.count(
            state,
            scan.user,
            from,
            to,
            entry ->
                countsAsUnread(scan.user, entry)
                    && java.util.Arrays.binarySearch(deleted, entry.seq()) < 0),
        (count, failure) -> new Counted(this, move, scan, count, failure));
  }

  void counted(Counted counted) {
    if (counted.count() == null) {
      if (LogScans.refusalOf(counted.failure()) == null) {
        context
            .getLog()
            .warn(
                "{}: counting the unread entries failed; the count is repeated",
                state.id(),
                counted.failure());
      }
      // The move stays, and the count is repeated some ticks later. The callers get their answer
      // now.
      counted.move().scan = null;
      counted.move().ticksToRetry = 1 << counted.move().failures;
      counted.move().failures++;
      counted
          .move()
          .callers
          .forEach(
              caller ->
                  caller.tell(
                      new Conversation.Refused(Refusal.unavailable("the log cannot be read"))));
      counted.move().callers.clear();
    } else {
      counted.move().failures = 0;
      counted.scan().running = false;
      counted.scan().count += counted.count();
      counted.scan().countedTo = counted.scan().countingTo;
    }
  }

  /**
   * Counts down to the next attempts. Failed counts are repeated after 1, 2, 4 … ticks. A move that
   * could not be counted {@value #MAX_TRIES} times is dropped: its callers were refused, and the
   * member's cursor stays where it is until the member reads again.
   */
  void tick() {
    Iterator<Move> all = moves.values().iterator();
    while (all.hasNext()) {
      Move move = all.next();
      move.ticksToRetry = Math.max(0, move.ticksToRetry - 1);
      if (move.failures >= MAX_TRIES) {
        all.remove();
        context
            .getLog()
            .warn(
                "{}: a read cursor was not moved, because its unread entries cannot be counted",
                state.id());
        move.callers.forEach(
            caller ->
                caller.tell(
                    new Conversation.Refused(Refusal.unavailable("the log cannot be read"))));
      }
    }
  }

  /**
   * Corrects running counts after a delete. A read that has not started knows that the entry is
   * deleted. A read that has ended or is running may have counted the entry, so it is subtracted.
   */
  void deleted(EntryBody.Delete delete) {
    for (Move move : moves.values()) {
      Scan scan = move.scan;
      if (scan != null && delete.targetSeq() <= (scan.running ? scan.countingTo : scan.countedTo)) {
        scan.deletedSince.add(delete);
      }
    }
  }

  /** Refuses all waiting callers, because the entity stops. */
  void refuseAll(Refusal refusal) {
    moves
        .values()
        .forEach(
            move -> move.callers.forEach(caller -> caller.tell(new Conversation.Refused(refusal))));
    moves.clear();
  }
}
