package parley.user;

import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * When unsaved changes are written. Most changes are gathered for a moment ({@link
 * UserSettings#flushAfter}). A change that can be had again may wait longer ({@link
 * UserSettings#deferredFlushAfter}), which saves most writes of people who are talking.
 *
 * <p>What may be lost until then, and what brings it back:
 *
 * <ul>
 *   <li>Entries and rows of a lively conversation: the conversation has not been told that they are
 *       durable. A user that starts again asks the conversations whose rows may have waited. Each
 *       conversation repeats after {@code Dispatch.HOLDING_TIMEOUT}, and after a crash of its own
 *       at once.
 *   <li>Cursors of devices: a device gets entries again that it had acknowledged, and knows them by
 *       their seq.
 * </ul>
 */
final class FlushSchedule {
  /**
   * Unsaved entries after which the flush is immediate. A conversation sends at most a thousand
   * entries beyond those that the user has acknowledged. In a busy conversation these arrive in
   * less time than the normal flush delay.
   */
  static final int IMMEDIATE_FLUSH_ENTRIES = 300;

  /**
   * A row with a text this recent, in the journal, may change again without being written soon.
   * Longer than {@link UserSettings#deferredFlushAfter}, or rows would be written sooner than that.
   */
  private static final long LIVELY_MILLIS = 210_000;

  /**
   * A row of the journal with an older text has lost nothing in memory by a crash that its
   * conversation does not send again by itself: {@link #LIVELY_MILLIS}, and the five minutes until
   * the conversation sends a row of which only cursors had moved ({@code cursorWriteAfter}), with
   * half a minute of reserve. Entries and other rows are sent again sooner.
   */
  private static final long MAY_HAVE_WAITED_MILLIS = 540_000;

  private final UserSettings settings;
  private final TimerScheduler<User.Command> timers;
  private final ActorRef<User.Command> self;
  private int unflushedEntries;

  /** Whether the scheduled flush is one for changes that may wait. */
  private boolean waiting;

  FlushSchedule(
      UserSettings settings, TimerScheduler<User.Command> timers, ActorRef<User.Command> self) {
    this.settings = settings;
    this.timers = timers;
    this.self = self;
  }

  /**
   * Whether a newer form of this row of the journal may have been in memory when the user ended.
   */
  static boolean mayHaveWaited(VisibleRow row, long now) {
    return now - row.orderAt() < MAY_HAVE_WAITED_MILLIS;
  }

  /** Whether the row changed in its conversation so lately that it is likely to change again. */
  private static boolean isLively(VisibleRow row, long now) {
    return now - row.orderAt() < LIVELY_MILLIS;
  }

  /**
   * Whether a change may stay in memory for a while. The conversation keeps it until the journal
   * has it, and is asked for it after a crash. So only a change of a row that the journal knows as
   * a lively one may wait: neither a new row nor one that leaves the inbox.
   */
  boolean mayWait(UserState state, DeliveryResult.Applied taken, long now) {
    return settings.mayWait()
        && taken.row() instanceof VisibleRow
        && state.rows().get(taken.row().id()) instanceof VisibleRow known
        && isLively(known, now);
  }

  /**
   * Something has changed.
   *
   * @param entries how many new entries it has
   * @param mayWait whether it may wait
   */
  void changed(int entries, boolean mayWait) {
    unflushedEntries += entries;
    if (unflushedEntries < IMMEDIATE_FLUSH_ENTRIES) {
      if (mayWait) {
        later();
      } else {
        soon();
      }
    } else {
      unflushedEntries = 0;
      self.tell(new UserInternal.Flush());
    }
  }

  /** Schedules a flush after {@link UserSettings#flushAfter}, to gather changes into one event. */
  void soon() {
    if (waiting || !timers.isTimerActive(UserInternal.Flush.class)) {
      waiting = false;
      timers.startSingleTimer(
          UserInternal.Flush.class, new UserInternal.Flush(), settings.flushAfter());
    }
  }

  /** Schedules a flush after {@link UserSettings#deferredFlushAfter}, unless one is scheduled. */
  private void later() {
    if (!timers.isTimerActive(UserInternal.Flush.class)) {
      waiting = true;
      timers.startSingleTimer(
          UserInternal.Flush.class, new UserInternal.Flush(), settings.deferredFlushAfter());
    }
  }

  /** Whether changes wait in memory, and none of them has to be written soon. */
  boolean isWaiting() {
    return waiting;
  }

  /** All changes, or the oldest of them, are being written. */
  void flushed() {
    unflushedEntries = 0;
    waiting = false;
    timers.cancel(UserInternal.Flush.class);
  }
}
