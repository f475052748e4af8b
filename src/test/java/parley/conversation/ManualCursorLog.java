package parley.conversation;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import parley.cursors.CursorLog;
import parley.cursors.MemberCursors;
import parley.model.UserId;

/** A cursor log that outlives its conversations, and answers as the test says. */
final class ManualCursorLog implements CursorLog.Sender {
  /** What happens to a request to keep cursors. */
  enum Mode {
    /** The cursors are durable at once. */
    KEEP,
    /** The cursors are durable, and the answer is lost. */
    LOSE_THE_ANSWER,
    /** Every request is lost, also one to find cursors. */
    LOSE_THE_QUESTION,
    /** Requests wait for {@link #keepNext}. */
    HOLD,
    REFUSE
  }

  volatile Mode mode = Mode.KEEP;
  volatile boolean open = true;
  private final Map<UserId, MemberCursors> kept = new LinkedHashMap<>();
  private final ArrayDeque<CursorLog.Keep> held = new ArrayDeque<>();
  private int asked;

  @Override
  public synchronized void tell(CursorLog.Command message) {
    if (mode == Mode.LOSE_THE_QUESTION) {
      asked++;
      return;
    }
    switch (message) {
      case CursorLog.Keep keep -> {
        asked++;
        switch (mode) {
          case KEEP, LOSE_THE_ANSWER -> keep(keep);
          case HOLD -> held.add(keep);
          case REFUSE -> keep.replyTo().tell(new CursorLog.NotKept(keep.nr()));
          case LOSE_THE_QUESTION -> throw new IllegalStateException();
        }
      }
      case CursorLog.Find find ->
          find.replyTo().tell(new CursorLog.Found(List.copyOf(kept.values())));
      default -> throw new IllegalArgumentException(message.toString());
    }
  }

  private void keep(CursorLog.Keep keep) {
    keep.members().forEach(this::put);
    if (mode != Mode.LOSE_THE_ANSWER) {
      keep.replyTo().tell(new CursorLog.Kept(keep.nr()));
    }
  }

  /** Adds cursors that an earlier incarnation has kept. */
  synchronized void put(MemberCursors cursors) {
    kept.merge(cursors.userId(), cursors, MemberCursors::with);
  }

  /** Forgets all cursors: nothing was kept for the time of retention. */
  synchronized void forget() {
    kept.clear();
  }

  /** Keeps the cursors of the oldest waiting request. */
  synchronized void keepNext() {
    keep(held.remove());
  }

  /** Loses the oldest waiting request. */
  synchronized void loseNext() {
    held.remove();
  }

  /** Whether somebody waits for the answer to the newest question that is held. */
  synchronized boolean isUrgent() {
    return held.getLast().urgent();
  }

  /** The number of waiting requests. */
  synchronized int held() {
    return held.size();
  }

  /** The number of requests to keep cursors so far, including lost ones. */
  synchronized int asked() {
    return asked;
  }

  @Override
  public boolean mayHold() {
    return true;
  }

  @Override
  public boolean isOpen() {
    return open;
  }
}
