package parley.conversation;

import java.time.Duration;
import java.util.List;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;

/**
 * When a conversation stays in memory, takes over from another incarnation, leaves, and stops.
 *
 * <p>An incarnation that has not written yet cannot know whether it is the only writer ({@link
 * #isOnlyWriter}). So it takes the next sequence number if members lack entries, and otherwise
 * checks the journal before it passivates.
 */
final class ConversationLifecycle {
  /**
   * The result of {@link #checkJournal}: whether the journal holds an event that this incarnation
   * does not know.
   *
   * @param at the number of the last event that this incarnation knew when the read began
   * @param handled the number of commands counted when the read began
   * @param quiet whether the entity may passivate if there is no such event
   * @param found null if the read failed
   */
  record JournalChecked(long at, long handled, boolean quiet, @Nullable Boolean found)
      implements Conversation.Internal {}

  /** How long a stop waits for open work, such as a reminder or a user's answer. */
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

  private final ConversationLive live;
  private final EffectFactories<ConversationEvent, ConversationState> effects;
  private final ConversationState state;
  private final ConversationWrites writes;
  private final Runnable onStop;
  private long recoveredEventNr;
  private long handledCommands;
  private long handledAtIdle = -1;
  private boolean stopping;
  private boolean stopDue;

  /**
   * Starts nothing before {@link #recovered}.
   *
   * @param onStop asks the entity to handle its stop message; called when the open work that held
   *     up a stop is done
   */
  ConversationLifecycle(
      ConversationLive live,
      EffectFactories<ConversationEvent, ConversationState> effects,
      ConversationWrites writes,
      Runnable onStop) {
    this.live = live;
    this.effects = effects;
    this.state = live.state;
    this.writes = writes;
    this.onStop = onStop;
  }

  /** Starts the timers, and goes on with what was not finished when the entity ended. */
  void recovered() {
    live.timers.startTimerWithFixedDelay(
        ConversationLive.Timer.IDLE,
        ConversationLive.Timer.IDLE,
        live.dependencies.settings().idle());
    recoveredEventNr = state.eventNr();
    live.noteExistence(state.exists());
    if (!state.exists()) {
      return;
    }
    live.dispatch.recover(live.now());
    live.startTick();
    live.archiver.recovered();
    if (!state.isSettled()) {
      live.reminderClient.ask();
      if (live.dependencies.settings().shared()) {
        live.context.getSelf().tell(ConversationLive.Timer.TAKE_OVER);
      }
    }
  }

  /** Counts a command that is use of the conversation. A used conversation stays in memory. */
  void noteUse() {
    handledCommands++;
  }

  /** Called after each command: continues a stop that waited for open work. */
  void commandHandled() {
    if (stopping && !live.hasOpenWork()) {
      stopping = false;
      onStop.run();
    }
  }

  /** Stops although work is open: its time is over. */
  Effect<ConversationEvent, ConversationState> stopDue() {
    stopDue = true;
    return stop();
  }

  Effect<ConversationEvent, ConversationState> tick() {
    long now = live.now();
    live.userCheck.tick(now);
    live.backlogReport.repeated(live.dispatch.tick(now));
    live.backlogReport.report(live.dispatch.backlog(now));
    live.cursorMoves.tick();
    live.previewSearch.searchIfMissing(now);
    if (live.dispatch.allAcknowledged()
        && live.userCheck.isIdle()
        && live.cursorMoves.isEmpty()
        && !live.cursorLogClient.isWaiting()
        && !state.newestText().isLost()) {
      live.timers.cancel(ConversationLive.Timer.TICK);
    }
    return writes.flush();
  }

  /**
   * Answers {@link Conversation.Wake}, which a reminder sends if it watches no incarnation of this
   * conversation.
   *
   * <ul>
   *   <li>A conversation with undelivered entries asks for the reminder again.
   *   <li>A conversation whose members have everything releases the reminder, but only after a
   *       write of this incarnation. Until then a node that was removed from the cluster and does
   *       not know it may have written, or may be about to. The reminder makes sure that such an
   *       entry is found.
   *   <li>A conversation that does not exist cannot write. It answers {@link
   *       ConversationReminder.NotThere}, and the reminder repeats its question a few times.
   * </ul>
   */
  Effect<ConversationEvent, ConversationState> handleWake() {
    if (live.reminderClient.mustRelease()) {
      live.reminderClient.repeatRequest();
      return effects.none();
    }
    if (!state.exists()) {
      if (live.hasNoPendingCreation()) {
        if (isOnlyWriter()) {
          live.reminderClient.sendRelease();
        } else {
          live.reminderClient.notThere();
        }
      }
      return effects.none();
    }
    if (!state.isSettled()) {
      live.reminderClient.ask();
      return effects.none();
    }
    if (isOnlyWriter()) {
      live.reminderClient.sendRelease();
      return effects.none();
    }
    return effects
        .persist((ConversationEvent) new ConversationEvent.Settled(state.archive().promisedDay()))
        .thenRun(after -> live.reminderClient.sendRelease());
  }

  /**
   * Whether no other node can have written after the events that this incarnation knows: the
   * journal belongs to this node alone, or this incarnation has persisted an event, which took the
   * next sequence number.
   */
  private boolean isOnlyWriter() {
    return !live.dependencies.settings().shared() || state.eventNr() > recoveredEventNr;
  }

  /**
   * Persists an empty event, if this incarnation has written nothing yet. An incarnation that
   * recovers undelivered entries does this first. The event changes nothing, but takes the next
   * sequence number. A node that was removed from the cluster and does not know it may have written
   * since this incarnation read the journal. Then the number is taken: this write fails, the entity
   * stops, and the next incarnation reads and delivers that event. If the other node writes later,
   * its write fails. An incarnation that finds everything delivered takes its number with its first
   * real write, and until then checks the journal from time to time ({@link #checkJournal}).
   */
  Effect<ConversationEvent, ConversationState> takeOver() {
    if (state.eventNr() != recoveredEventNr) {
      return effects.none();
    }
    return effects.persist(new ConversationEvent.CursorsMoved(List.of()));
  }

  /**
   * Runs once per idle period. If no command came since the last run and all members have
   * everything, this persists {@link ConversationEvent.Settled}, so that a restart delivers nothing
   * again, and passivates the entity.
   */
  Effect<ConversationEvent, ConversationState> idle() {
    // Called also for a busy conversation: it has to register with the calendar while it is in
    // memory.
    boolean remembered = live.archiver.mayLeave();
    boolean quiet =
        handledCommands == handledAtIdle
            && live.pendingWrites.isEmpty()
            && live.cursorMoves.isEmpty()
            && live.userCheck.isIdle()
            && live.messageLookups.isIdle()
            && live.reminderClient.isIdle()
            && live.dispatch.allAcknowledged()
            && remembered;
    handledAtIdle = handledCommands;
    boolean mustWriteSettled =
        !state.isSettled()
            || live.archiver.promisedDay() != state.archive().promisedDay()
            || (live.reminderClient.mustRelease() && !isOnlyWriter());
    if (quiet && !live.cursorLogClient.isEmpty()) {
      // No entry takes these cursors along any more.
      live.cursorLogClient.markWriteDue();
      return writes.flush();
    }
    if (quiet && state.exists() && mustWriteSettled) {
      return effects
          .persist((ConversationEvent) new ConversationEvent.Settled(live.archiver.promisedDay()))
          .thenRun(after -> passivate());
    }
    if (state.exists() && !isOnlyWriter()) {
      checkJournal(quiet);
    } else if (quiet) {
      passivate();
    }
    return effects.none();
  }

  /**
   * Checks whether another node has written since this incarnation read the journal. The check
   * costs one read of the journal, each time an incarnation that has written nothing could
   * passivate.
   */
  private void checkJournal(boolean quiet) {
    long at = state.eventNr();
    long handled = handledCommands;
    live.context.pipeToSelf(
        live.logReader.event(at + 1).runWith(Sink.headOption(), live.context.getSystem()),
        (found, failure) ->
            new JournalChecked(at, handled, quiet, failure == null ? found.isPresent() : null));
  }

  Effect<ConversationEvent, ConversationState> journalChecked(JournalChecked seen) {
    if (seen.at() != state.eventNr() || seen.found() == null) {
      return effects.none();
    }
    if (seen.found()) {
      live.context
          .getLog()
          .warn("{}: another node has written to the journal; the entity restarts", live.id);
      live.dependencies.wake().accept(live.id);
      return effects.stop();
    }
    if (seen.quiet() && seen.handled() == handledCommands) {
      passivate();
    }
    return effects.none();
  }

  /**
   * Stops the entity. Sharding asked for this after a passivation or a rebalance. Open work and
   * entries that are still in the batch are finished and written first, for at most {@link
   * #STOP_TIMEOUT}. If members lack entries, the conversation is woken again at once: its reminder
   * would do the same, but later.
   */
  Effect<ConversationEvent, ConversationState> stop() {
    if (live.hasOpenWork() && !stopDue) {
      stopping = true;
      live.startTick();
      live.timers.startSingleTimer(
          ConversationLive.Timer.STOP_DUE, ConversationLive.Timer.STOP_DUE, STOP_TIMEOUT);
      return effects.none();
    }
    PendingWrites.Write write = live.reminderClient.mayWrite() ? live.pendingWrites.take() : null;
    if (write == null) {
      return effects.stop().thenRun(this::stopped);
    }
    return effects
        .persist(write.event())
        .thenRun((ConversationState after) -> writes.flushed(write))
        .thenRun(after -> stopped(after))
        .thenStop();
  }

  private void stopped(ConversationState last) {
    if (last.exists() && !last.isSettled()) {
      live.dependencies.wake().accept(live.id);
    }
  }

  void passivate() {
    if (state.exists() || isOnlyWriter()) {
      live.reminderClient.release();
    }
    // Otherwise the reminder stays: this incarnation has taken no sequence number. The reminder
    // wakes the next incarnation and asks it.
    live.requestPassivation();
  }
}
