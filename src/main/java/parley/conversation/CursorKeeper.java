package parley.conversation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.CursorMove;
import parley.cursors.CursorLog;
import parley.cursors.MemberCursors;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Cursor moves on their way to the conversation's own journal. Where conversations share a store,
 * the {@link CursorLog} has them first: as soon as they are durable there, members are told. The
 * own journal gets them with the next entry, or {@link ConversationSettings#cursorWriteAfter}
 * later.
 *
 * <p>Every event with entries, and every event with cursors, holds all moves that are here. So a
 * move in the cursor log that the own journal lacks is newer than the last entry.
 *
 * <p>Without a cursor log, or while it does not answer, moves go to the own journal and members are
 * told after that.
 */
final class CursorKeeper {
  /** How long the cursor log may take. After that the moves are written to the own journal. */
  static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);

  /** How long the log is not asked after it gave no answer, or refused. */
  static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(30);

  private final ConversationState state;
  private final CursorLog.Port log;
  private final ActorRef<CursorLog.Reply> replyTo;
  private final TimerScheduler<Conversation.Command> timers;
  private final Duration writeAfter;
  private final LinkedHashMap<UserId, CursorMove> kept = new LinkedHashMap<>();
  private CursorMoves.@Nullable Ready inFlight;
  private long nr;
  private long askedAt;
  private long failedAt = Long.MIN_VALUE;
  private boolean writeDue;

  CursorKeeper(
      ConversationState state,
      CursorLog.Port log,
      ActorRef<CursorLog.Reply> replyTo,
      TimerScheduler<Conversation.Command> timers,
      Duration writeAfter) {
    this.state = state;
    this.log = log;
    this.replyTo = replyTo;
    this.timers = timers;
    this.writeAfter = writeAfter;
  }

  /** Whether a conversation that was not settled must ask for its cursors after a crash. */
  boolean mustAsk() {
    return log.mayHold();
  }

  /** Asks for the cursors that members were told and the own journal may lack. */
  void find() {
    log.tell(new CursorLog.Find(state.id(), replyTo));
  }

  /** Whether the own journal has every move, and none is on its way. */
  boolean isEmpty() {
    return inFlight == null && kept.isEmpty();
  }

  /** Whether the cursor log has not answered yet. */
  boolean isWaiting() {
    return inFlight != null;
  }

  /**
   * Sends the moves that are ready to the cursor log. Returns false if the own journal has to take
   * everything now.
   */
  boolean keep(CursorMoves moves, long now) {
    if (state.isSettled() || !log.isOpen() || isWriteDue(now)) {
      return false;
    }
    if (inFlight == null && !moves.isEmpty()) {
      CursorMoves.Ready ready = moves.take();
      if (ready.moves().isEmpty()) {
        ready.done();
      } else {
        inFlight = ready;
        askedAt = now;
        nr++;
        log.tell(new CursorLog.Keep(state.id(), nr, cursors(ready.moves()), replyTo));
      }
    }
    return true;
  }

  private List<MemberCursors> cursors(List<CursorMove> moves) {
    return moves.stream()
        .map(
            move ->
                new MemberCursors(
                    move.userId(), move.delivered(), move.read(), move.unread(), state.lastSeq()))
        .toList();
  }

  private boolean isWriteDue(long now) {
    boolean late = inFlight != null && (now < askedAt || now - askedAt > ANSWER_TIMEOUT.toMillis());
    if (late) {
      failedAt = now;
    }
    boolean paused =
        failedAt != Long.MIN_VALUE
            && now >= failedAt
            && now - failedAt < PAUSE_AFTER_FAILURE.toMillis();
    return writeDue || late || paused;
  }

  /**
   * The log has kept the cursors of a request: they are durable. Returns the moves that members can
   * be told now, or null if the own journal has had them meanwhile.
   */
  CursorMoves.@Nullable Ready answered(long number) {
    CursorMoves.Ready durable = inFlight;
    if (durable == null || number != nr) {
      return null;
    }
    inFlight = null;
    state.kept(durable.moves());
    durable.moves().forEach(move -> kept.merge(move.userId(), move, CursorKeeper::further));
    if (!timers.isTimerActive(ConversationLive.Timer.WRITE_CURSORS)) {
      timers.startSingleTimer(
          ConversationLive.Timer.WRITE_CURSORS, ConversationLive.Timer.WRITE_CURSORS, writeAfter);
    }
    return durable;
  }

  /** The log has not kept them. */
  void refused(long number, long now) {
    if (inFlight != null && number == nr) {
      failedAt = now;
    }
  }

  /** The time is over in which an entry could have taken the moves along. */
  void writeNow() {
    writeDue = !isEmpty();
  }

  /** Takes everything for one event of the own journal, with what became ready meanwhile. */
  Taken take(CursorMoves.Ready ready) {
    CursorMoves.Ready untold = inFlight;
    inFlight = null;
    writeDue = false;
    timers.cancel(ConversationLive.Timer.WRITE_CURSORS);
    LinkedHashMap<UserId, CursorMove> all = new LinkedHashMap<>(kept);
    kept.clear();
    List<CursorMove> news = new ArrayList<>(ready.moves());
    List<ActorRef<Conversation.ReadReply>> callers = new ArrayList<>(ready.callers());
    if (untold != null) {
      news.addAll(0, untold.moves());
      callers.addAll(untold.callers());
    }
    news.forEach(move -> all.merge(move.userId(), move, CursorKeeper::further));
    return new Taken(List.copyOf(all.values()), new CursorMoves.Ready(news, callers));
  }

  /**
   * Moves for one event.
   *
   * @param stored what the event holds: the furthest cursors of each member
   * @param news what members are told after that
   */
  record Taken(List<CursorMove> stored, CursorMoves.Ready news) {}

  /**
   * The further cursors of two moves. The later one counts the unread entries of its read cursor.
   */
  private static CursorMove further(CursorMove before, CursorMove later) {
    CursorMove reading = later.read() >= before.read() ? later : before;
    return new CursorMove(
        before.userId(),
        Math.max(before.delivered(), later.delivered()),
        reading.read(),
        reading.unread());
  }

  /**
   * After a crash: moves the cursors to where members were told that they are. The own journal gets
   * them as if they had just been kept.
   *
   * @return members whose read cursor cannot be moved without another count of unread entries,
   *     because the log of entries has gone on since
   */
  List<MemberCursors> found(List<MemberCursors> told) {
    List<CursorMove> moves = new ArrayList<>();
    List<MemberCursors> toCount = new ArrayList<>();
    for (MemberCursors one : told) {
      Member member = state.member(one.userId());
      if (member == null) {
        continue;
      }
      boolean counted = one.read() <= member.read() || one.asOf() == state.lastSeq();
      long delivered = Math.min(one.delivered(), state.lastSeq());
      if (!counted) {
        toCount.add(one);
      }
      boolean readMoves = counted && one.read() > member.read();
      if (readMoves || delivered > member.delivered()) {
        moves.add(
            new CursorMove(
                one.userId(),
                delivered,
                readMoves ? one.read() : member.read(),
                readMoves ? one.unread() : member.unread()));
      }
    }
    if (!moves.isEmpty()) {
      state.kept(moves);
      Map<UserId, CursorMove> byUser = kept;
      moves.forEach(move -> byUser.merge(move.userId(), move, CursorKeeper::further));
      timers.startSingleTimer(
          ConversationLive.Timer.WRITE_CURSORS, ConversationLive.Timer.WRITE_CURSORS, writeAfter);
    }
    return toCount;
  }

  /** Refuses all waiting callers, because the entity stops. */
  void refuseAll(Refusal refusal) {
    CursorMoves.Ready untold = inFlight;
    inFlight = null;
    if (untold != null) {
      untold.callers().forEach(caller -> caller.tell(new Conversation.Refused(refusal)));
    }
  }
}
