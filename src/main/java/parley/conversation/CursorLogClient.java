package parley.conversation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.conversation.ConversationEvent.CursorMove;
import parley.cursors.CursorLog;
import parley.cursors.MemberCursors;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Cursor moves on their way to the conversation's own journal. Where conversations share a store,
 * the {@link CursorLog} has them first: as soon as they are durable there, members are told. The
 * own journal gets them with the next entry, or {@link ConversationSettings#cursorWriteAfter}
 * later.
 *
 * <p>An entry takes the moves of up to {@value #MAX_MEMBERS_WITH_ENTRY} members along. More would
 * make its item larger than the kilobyte that is paid for anyway; they are written when {@link
 * ConversationSettings#cursorWriteAfter} is over. Until then only texts, edits and reactions may
 * come after them, and no more than a snapshot holds: so their unread counts can be continued after
 * a crash. Moves that the cursor log has not answered always go with the next entry, because their
 * unread counts are those before it.
 *
 * <p>Without a cursor log, or while it does not answer, moves go to the own journal and members are
 * told after that.
 */
final class CursorLogClient {
  /** How long the cursor log may take. After that the moves are written to the own journal. */
  static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

  /**
   * Most requests that the cursor log has not answered. More than one, so that what a message moves
   * one after the other (delivered, then read) can share an event of the log.
   */
  static final int MAX_REQUESTS = 4;

  /**
   * A user that starts again asks a conversation with a text this recent for what it has lost. The
   * row of an older one is in the journal a moment after it has changed, but a crash in that moment
   * is not noticed before the cursors are written here. So that happens after {@link #WRITE_SOON}.
   */
  private static final Duration RECENT_TEXT = Duration.ofMinutes(3);

  private static final Duration WRITE_SOON = Duration.ofSeconds(30);

  /** How long the log is not asked after it gave no answer, or refused. */
  static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(30);

  /** The most members whose cursors an entry takes along. */
  static final int MAX_MEMBERS_WITH_ENTRY = 6;

  private final ConversationState state;
  private final CursorMoves cursorMoves;
  private final CursorLog.Sender log;
  private final ActorRef<CursorLog.Reply> replyTo;
  private final TimerScheduler<Conversation.Command> timers;
  private final Duration writeAfter;

  /** Members with cursors that only the cursor log has. */
  private final Set<UserId> kept = new LinkedHashSet<>();

  /** Entries that came since the first of {@link #kept} was kept. */
  private int entriesSince;

  /** The size of these entries. */
  private long bytesSince;

  /** Requests to the cursor log without an answer, the oldest first. */
  private final Deque<Request> requests = new ArrayDeque<>();

  private long nr;
  private long failedAt = Long.MIN_VALUE;
  private boolean writeDue;

  /**
   * A request to the cursor log. It repeats the moves of the requests before it, because a message
   * may be lost. So its answer is an answer to those as well.
   *
   * @param at when it was sent, epoch milliseconds
   */
  private record Request(long nr, long at, CursorMoves.Batch ready) {}

  CursorLogClient(
      ConversationState state,
      CursorMoves cursorMoves,
      CursorLog.Sender log,
      ActorRef<CursorLog.Reply> replyTo,
      TimerScheduler<Conversation.Command> timers,
      Duration writeAfter) {
    this.state = state;
    this.cursorMoves = cursorMoves;
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
    return requests.isEmpty() && kept.isEmpty();
  }

  /** Whether the cursor log has not answered yet. */
  boolean isWaiting() {
    return !requests.isEmpty();
  }

  /**
   * Sends the moves that are ready to the cursor log. Returns false if the own journal has to take
   * everything now.
   */
  boolean sendToLog(long now) {
    if (state.isSettled() || !log.isOpen() || isWriteDue(now)) {
      return false;
    }
    if (requests.size() < MAX_REQUESTS && !cursorMoves.isEmpty()) {
      CursorMoves.Batch ready = cursorMoves.take();
      if (ready.moves().isEmpty()) {
        ready.done();
      } else {
        ask(ready, now);
      }
    }
    return true;
  }

  private void ask(CursorMoves.Batch ready, long now) {
    nr++;
    LinkedHashMap<UserId, CursorMove> all = new LinkedHashMap<>();
    if (!requests.isEmpty()) {
      merge(requests.getLast().ready().moves(), all);
    }
    merge(ready.moves(), all);
    List<CursorMove> moves = List.copyOf(all.values());
    requests.add(
        new Request(nr, now, new CursorMoves.Batch(moves, ready.callers(), ready.urgent())));
    log.tell(new CursorLog.Keep(state.id(), nr, cursors(moves), replyTo, ready.urgent()));
  }

  private static void merge(List<CursorMove> moves, Map<UserId, CursorMove> all) {
    moves.forEach(move -> all.merge(move.userId(), move, CursorLogClient::further));
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
    Request oldest = requests.peek();
    boolean late =
        oldest != null && (now < oldest.at() || now - oldest.at() > ANSWER_TIMEOUT.toMillis());
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
   *
   * @param now epoch milliseconds
   */
  CursorMoves.@Nullable Batch logKept(long number, long now) {
    if (requests.stream().noneMatch(request -> request.nr() == number)) {
      return null;
    }
    CursorMoves.Batch durable = takeRequests(number);
    kept(durable.moves(), now);
    return durable;
  }

  /**
   * How long cursors wait for an entry that takes them along.
   *
   * @param usual the setting
   * @param textAge the age of the newest text, in milliseconds
   */
  static Duration pauseBeforeWrite(Duration usual, long textAge) {
    boolean recent = textAge < RECENT_TEXT.toMillis();
    return recent || usual.compareTo(WRITE_SOON) < 0 ? usual : WRITE_SOON;
  }

  /** Takes the requests up to this number: their moves, and all their callers. */
  private CursorMoves.Batch takeRequests(long upTo) {
    List<CursorMove> moves = List.of();
    List<ActorRef<Conversation.ReadReply>> callers = new ArrayList<>();
    while (!requests.isEmpty() && requests.getFirst().nr() <= upTo) {
      CursorMoves.Batch ready = requests.removeFirst().ready();
      moves = ready.moves();
      callers.addAll(ready.callers());
    }
    return new CursorMoves.Batch(moves, callers, false);
  }

  private void kept(List<CursorMove> moves, long now) {
    state.applyKeptCursors(moves);
    if (kept.isEmpty()) {
      entriesSince = 0;
      bytesSince = 0;
      timers.startSingleTimer(
          ConversationLive.Timer.WRITE_CURSORS,
          ConversationLive.Timer.WRITE_CURSORS,
          pauseBeforeWrite(writeAfter, now - state.newestText().lastTextAt()));
    }
    moves.forEach(move -> kept.add(move.userId()));
  }

  /** The log has refused the cursors of a request. */
  void logRefused(long number, long now) {
    if (requests.stream().anyMatch(request -> request.nr() == number)) {
      failedAt = now;
    }
  }

  /** Notes that the time is over in which an entry could have taken the moves along. */
  void markWriteDue() {
    writeDue = !isEmpty();
  }

  /**
   * Takes the moves for one event of the own journal: all that were not told yet, and those that
   * only the cursor log has, unless they can wait.
   *
   * @param batch the entries of the event; may be empty
   */
  Taken take(EntryBatch batch) {
    CursorMoves.Batch ready = cursorMoves.take();
    CursorMoves.Batch unanswered = takeRequests(nr);
    LinkedHashMap<UserId, CursorMove> all = new LinkedHashMap<>();
    if (batch.isEmpty() || !mayWaitBehind(batch)) {
      kept.forEach(user -> addCurrentCursors(user, all));
      kept.clear();
      writeDue = false;
      timers.cancel(ConversationLive.Timer.WRITE_CURSORS);
    }
    List<CursorMove> news = new ArrayList<>(unanswered.moves());
    news.addAll(ready.moves());
    List<ActorRef<Conversation.ReadReply>> callers = new ArrayList<>(unanswered.callers());
    callers.addAll(ready.callers());
    merge(news, all);
    List<CursorMove> own = ownEntries(batch, all);
    news.addAll(own);
    merge(own, all);
    return new Taken(List.copyOf(all.values()), new CursorMoves.Batch(news, callers, false));
  }

  /**
   * Moves the delivered cursors of senders past the entries that their own devices have sent. A
   * sender that lacks an entry before that gets it first, and acknowledges both.
   *
   * @param moves the moves that are written with these entries
   */
  private List<CursorMove> ownEntries(EntryBatch batch, Map<UserId, CursorMove> moves) {
    Map<UserId, CursorMove> own = new LinkedHashMap<>();
    for (Entry entry : batch.entries()) {
      UserId sender = entry.senderId();
      Member member = state.member(sender);
      if (member == null || !batch.isSentByDevice(entry.seq())) {
        continue;
      }
      CursorMove before = own.getOrDefault(sender, moves.get(sender));
      if (before == null) {
        before = new CursorMove(sender, member.delivered(), member.read(), member.unread());
      }
      if (Math.max(before.delivered(), member.delivered()) >= entry.seq() - 1) {
        own.put(sender, new CursorMove(sender, entry.seq(), before.read(), before.unread()));
      }
    }
    return List.copyOf(own.values());
  }

  private boolean mayWaitBehind(EntryBatch batch) {
    entriesSince += batch.size();
    bytesSince += batch.bytes();
    return kept.size() > MAX_MEMBERS_WITH_ENTRY
        && !writeDue
        && batch.leavesMembersAndCountsAsTheyAre()
        && entriesSince <= RecentEntries.STORED_ENTRIES
        && bytesSince <= RecentEntries.STORED_BYTES;
  }

  /** Adds the cursors of a member as they are before the next entry. */
  private void addCurrentCursors(UserId user, Map<UserId, CursorMove> moves) {
    Member member = state.member(user);
    if (member != null) {
      moves.put(user, new CursorMove(user, member.delivered(), member.read(), member.unread()));
    }
  }

  /**
   * Moves for one event.
   *
   * @param stored what the event holds: the furthest cursors of each member
   * @param news what members are told after that
   */
  record Taken(List<CursorMove> stored, CursorMoves.Batch news) {
    /** The members whose cursors the event holds. */
    Set<UserId> owners() {
      return stored.stream().map(CursorMove::userId).collect(Collectors.toUnmodifiableSet());
    }
  }

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
   * them with the next write, which is due at once: the log forgets them some time after it has
   * kept them, and this incarnation may crash too.
   *
   * @return members whose read cursor cannot be moved without another count of unread entries,
   *     because the log of entries has gone on since
   */
  List<MemberCursors> restore(List<MemberCursors> told) {
    List<CursorMove> moves = new ArrayList<>();
    List<MemberCursors> toCount = new ArrayList<>();
    for (MemberCursors one : told) {
      Member member = state.member(one.userId());
      if (member == null) {
        continue;
      }
      long delivered = Math.min(one.delivered(), state.lastSeq());
      long read = Math.min(one.read(), state.lastSeq());
      OptionalLong unread = unreadNow(one);
      boolean readMoves = read > member.read();
      if (readMoves && unread.isEmpty()) {
        toCount.add(one);
      }
      if (readMoves && unread.isPresent()) {
        moves.add(new CursorMove(one.userId(), delivered, read, unread.getAsLong()));
      } else if (delivered > member.delivered()) {
        moves.add(new CursorMove(one.userId(), delivered, member.read(), member.unread()));
      }
    }
    if (!moves.isEmpty()) {
      kept(moves, state.newestText().lastTextAt());
      writeDue = true;
    }
    return toCount;
  }

  /**
   * The unread count of a member that was told these cursors, at the current end of the log. Empty
   * if that cannot be known without another count.
   */
  private OptionalLong unreadNow(MemberCursors told) {
    if (told.asOf() < state.lastSeq() && told.asOf() + 1 < state.firstSeqInMemory()) {
      return OptionalLong.empty();
    }
    long unread = told.unread();
    for (Entry entry : state.entriesInMemory(told.asOf() + 1, state.lastSeq())) {
      if (entry.body() instanceof EntryBody.Delete) {
        return OptionalLong.empty();
      }
      if (entry.body().countable() && !entry.senderId().equals(told.userId())) {
        unread++;
      }
    }
    return OptionalLong.of(unread);
  }

  /** Refuses all waiting callers, because the entity stops. */
  void refuseAll(Refusal refusal) {
    takeRequests(nr).callers().forEach(caller -> caller.tell(new Conversation.Refused(refusal)));
  }
}
