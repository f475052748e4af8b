package parley.conversation;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import parley.calendar.Calendar;
import parley.model.Entry;
import parley.model.EntryBody;

/**
 * Moves the oldest entries of one conversation to the cold tier, while the conversation works on.
 *
 * <pre>
 *   the calendar asks (or recovery finds an unfinished segment)
 *     │ a turn of the node's {@link ArchiveRate}
 *     ▼
 *   gather ──▶ plan ──▶ write, read back ──▶ seal ──▶ snapshot ──▶ remove ──▶ note ──▶ next segment
 *   (journal)  (event)  (cold tier)          (event)   (read back)  (journal)  (event)
 *     └──────▶ nothing (more) to archive: register for another day, then answer the calendar
 * </pre>
 *
 * <p><b>Crashes.</b> After a crash at any step, the next incarnation goes on from what is durable.
 * Before the plan, nothing has happened. After the plan, every attempt writes exactly the planned
 * entries, so that a repetition gives the same segment. Until the segment is sealed, its entries
 * are read from the journal. After that they are read from the cold tier, whether or not the events
 * are still in the journal. Events are removed only if a snapshot covers them. If there is no such
 * snapshot, the seal is repeated, which takes one. A removal can be repeated.
 *
 * <p><b>Which entries are archived</b> ({@link ArchiveRules}). Whole events whose entries are old
 * enough and acknowledged by every member's user entity, if they make a segment of some size
 * ({@link ArchiveRules#WORTH_ENTRIES}). A smaller segment is written in two cases: nobody has
 * written in the conversation for that long (then all entries are archived), or the oldest entry is
 * twice as old. So a busy conversation archives daily, and a slow one about once in {@code
 * PARLEY_HOT_DAYS}. A conversation that is no longer used archives once. Deleted texts and their
 * edits are archived without content.
 *
 * <p><b>Registration with the calendar.</b> A conversation with entries to archive does not leave
 * memory before the calendar has promised to remember it ({@link CalendarRegistration}). The
 * promise is persisted only when the conversation leaves memory ({@link
 * ConversationEvent.Settled}). After a crash the conversation registers again. A conversation from
 * before there was an archive registers when it is next used, or when an operator enrols it.
 */
final class SegmentArchiver implements ConversationArchiver {
  /** The timeout of a write to the cold tier. Longer than any timeout of the tier itself. */
  private static final Duration WRITE = Duration.ofMinutes(5);

  /** The pause before another attempt to get a turn of {@link ArchiveRate}. */
  private static final Duration TURN = Duration.ofSeconds(1);

  /** The result of a step, or the time to try one again. */
  sealed interface Step extends ConversationArchiver.Message {}

  private enum RetryTimer implements Step {
    TURN
  }

  /** The result of the gather step; a null segment means that the step failed. */
  private record Gathered(int stepNumber, @Nullable SegmentSelection segment) implements Step {}

  /** The planned entries; null if they could not be read. */
  private record Loaded(int stepNumber, @Nullable List<Entry> entries) implements Step {
    @Override
    public String toString() {
      return "Loaded";
    }
  }

  /** Whether the segment is in the cold tier. */
  private record Written(int stepNumber, boolean done) implements Step {}

  /** Whether a snapshot covers the sealed segment; null if that could not be checked. */
  private record Covered(int stepNumber, @Nullable Boolean covered) implements Step {}

  /** Whether the archived events were removed from the journal. */
  private record Removed(int stepNumber, boolean done) implements Step {}

  private final ActorContext<Conversation.Command> context;
  private final TimerScheduler<Conversation.Command> timers;
  private final ArchiveDependencies archiveDependencies;
  private final InstantSource clock;
  private final LogReader logReader;
  private final ConversationState state;
  private final Dispatch dispatch;
  private final JournalRemoval journalRemoval;
  private final CalendarRegistration calendarRegistration;

  private boolean running;
  private boolean hasTurn;
  private boolean wrote;
  private boolean sealedAgain;

  /** The number of the current step. A result with an older number is ignored. */
  private int stepNumber;

  SegmentArchiver(
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      ArchiveDependencies archiveDependencies,
      InstantSource clock,
      LogReader logReader,
      ConversationState state,
      Dispatch dispatch) {
    this.context = context;
    this.timers = timers;
    this.archiveDependencies = archiveDependencies;
    this.clock = clock;
    this.logReader = logReader;
    this.state = state;
    this.dispatch = dispatch;
    this.journalRemoval =
        new JournalRemoval(context.getSystem(), LogReader.persistenceId(state.id()));
    this.calendarRegistration =
        new CalendarRegistration(
            state.id(),
            archiveDependencies.calendar(),
            context,
            timers,
            state.archive().promisedDay());
  }

  // ---- from outside

  @Override
  public void recovered() {
    if (state.archive().hasUnfinishedSegment()) {
      start();
    }
  }

  @Override
  public void archiveRequested(long day) {
    if (!state.exists()) {
      // The calendar repeats its request.
      return;
    }
    calendarRegistration.noteWaitingBucket(day);
    if (!running && !calendarRegistration.isPending()) {
      start();
    }
  }

  @Override
  public boolean mayLeave() {
    if (!state.exists()) {
      return true;
    }
    if (running || calendarRegistration.isPending()) {
      return false;
    }
    long due = due();
    long today = Calendar.day(clock.millis());
    if (due != 0 && !calendarRegistration.isPromisedFor(due, today)) {
      calendarRegistration.register(Math.max(due, today + 1));
      return false;
    }
    return true;
  }

  @Override
  public long promisedDay() {
    return due() == 0 ? 0 : calendarRegistration.promisedDay();
  }

  @Override
  public void end() {
    returnTurn();
    running = false;
    stepNumber++;
  }

  // ---- steps

  @Override
  public @Nullable ConversationEvent handle(ConversationArchiver.Message message) {
    return switch (message) {
      case CalendarRegistration.Message told -> {
        calendarRegistration.handle(told);
        yield null;
      }
      case Step step -> handleStep(step);
      default -> throw new IllegalStateException("unknown message " + message);
    };
  }

  private @Nullable ConversationEvent handleStep(Step message) {
    return switch (message) {
      case RetryTimer retryTimer -> {
        if (running) {
          step();
        }
        yield null;
      }
      case Gathered gathered ->
          gathered.stepNumber() == stepNumber ? gathered(gathered.segment()) : null;
      case Loaded loaded -> {
        if (loaded.stepNumber() == stepNumber) {
          loaded(loaded.entries());
        }
        yield null;
      }
      case Written written -> written.stepNumber() == stepNumber ? written(written.done()) : null;
      case Covered covered ->
          covered.stepNumber() == stepNumber ? covered(covered.covered()) : null;
      case Removed removed -> removed.stepNumber() == stepNumber ? removed(removed.done()) : null;
    };
  }

  @Override
  public void persisted(ConversationEvent event) {
    if (!running) {
      return;
    }
    if (event instanceof ConversationEvent.EventsRemoved) {
      // The next segment waits for a turn of its own.
      returnTurn();
    }
    step();
  }

  private void start() {
    running = true;
    sealedAgain = false;
    step();
  }

  /** Starts the next step. The durable state decides which one it is. */
  private void step() {
    stepNumber++;
    if (!hasTurn) {
      hasTurn = archiveDependencies.rate().tryBegin();
      wrote = false;
      if (!hasTurn) {
        timers.startSingleTimer(RetryTimer.TURN, RetryTimer.TURN, TURN);
        return;
      }
    }
    ConversationEvent.SegmentPlanned plan = state.archive().planned();
    int now = stepNumber;
    if (state.archive().hasEventsToRemove()) {
      context.pipeToSelf(
          journalRemoval.isCoveredBySnapshot(state.archive().archivedEvent()),
          (covered, failure) -> new Covered(now, failed("its snapshot", failure) ? null : covered));
    } else if (plan != null) {
      context.pipeToSelf(
          logReader.range(state, plan.from(), plan.to()),
          (entries, failure) -> new Loaded(now, failed("reading", failure) ? null : entries));
    } else {
      gather(now);
    }
  }

  private void gather(int now) {
    SegmentSelection segment =
        new SegmentSelection(
            state.archive().archivedTo() + 1,
            dispatch.acknowledgedByAll(),
            ArchiveRules.cutoff(1, clock.millis(), archiveDependencies.hotAge()));
    context.pipeToSelf(
        logReader
            .events(state.archive().archivedEvent() + 1, state.eventNr())
            .takeWhile(segment::add)
            .runWith(Sink.ignore(), context.getSystem()),
        (done, failure) -> new Gathered(now, failed("reading", failure) ? null : segment));
  }

  private @Nullable ConversationEvent gathered(@Nullable SegmentSelection segment) {
    if (segment == null) {
      return failed();
    }
    if (ArchiveRules.archivesNow(segment, state, clock.millis(), archiveDependencies.hotAge())) {
      return segment.plan();
    }
    finish();
    return null;
  }

  private void loaded(@Nullable List<Entry> entries) {
    if (entries == null) {
      failed();
      return;
    }
    wrote = true;
    int now = stepNumber;
    CompletionStage<?> write =
        archiveDependencies
            .tier()
            .write(state.id(), entries.stream().map(this::withoutDeleted).toList())
            .toCompletableFuture()
            .copy()
            .orTimeout(WRITE.toSeconds(), TimeUnit.SECONDS);
    context.pipeToSelf(write, (manifest, failure) -> new Written(now, !failed("writing", failure)));
  }

  /** Removes the content of an entry that is deleted by now. */
  private Entry withoutDeleted(Entry entry) {
    if (entry.body() instanceof EntryBody.Text && state.isDeleted(entry.seq())) {
      return entry.withBody(new EntryBody.Text(null, null, null, false));
    }
    if (entry.body() instanceof EntryBody.Edit edit && state.isDeleted(edit.targetSeq())) {
      return entry.withBody(new EntryBody.Edit(edit.targetSeq(), null));
    }
    return entry;
  }

  private @Nullable ConversationEvent written(boolean done) {
    ConversationEvent.SegmentPlanned plan = state.archive().planned();
    if (!done || plan == null) {
      return failed();
    }
    return new ConversationEvent.SegmentSealed(
        plan.from(), plan.to(), plan.lastEvent(), plan.nextAt());
  }

  private @Nullable ConversationEvent covered(@Nullable Boolean covered) {
    if (covered == null) {
      return failed();
    }
    if (!covered) {
      if (sealedAgain) {
        context.getLog().warn("{}: no snapshot could be stored", state.id());
        return failed();
      }
      // A repeated seal changes nothing, but takes another snapshot.
      sealedAgain = true;
      return new ConversationEvent.SegmentSealed(
          state.archive().archivedTo(),
          state.archive().archivedTo(),
          state.archive().archivedEvent(),
          0);
    }
    sealedAgain = false;
    int now = stepNumber;
    context.pipeToSelf(
        journalRemoval.remove(state.archive().removedTo(), state.archive().archivedEvent()),
        (done, failure) -> new Removed(now, !failed("removing events", failure)));
    return null;
  }

  private @Nullable ConversationEvent removed(boolean done) {
    return done ? new ConversationEvent.EventsRemoved(state.archive().archivedEvent()) : failed();
  }

  private boolean failed(String what, @Nullable Throwable failure) {
    if (failure != null) {
      context
          .getLog()
          .warn("{}: archiving stopped at {}: {}", state.id(), what, failure.toString());
    }
    return failure != null;
  }

  /** Ends the attempt. Finished steps stay valid; the rest is tried on another day. */
  private @Nullable ConversationEvent failed() {
    endAttempt();
    calendarRegistration.register(Calendar.day(clock.millis()) + 1);
    return null;
  }

  private void finish() {
    endAttempt();
    long due = due();
    if (due == 0) {
      calendarRegistration.nothingDue();
    } else {
      calendarRegistration.register(Math.max(due, Calendar.day(clock.millis()) + 1));
    }
  }

  private void endAttempt() {
    returnTurn();
    running = false;
    stepNumber++;
  }

  private void returnTurn() {
    if (hasTurn) {
      archiveDependencies.rate().end(wrote);
      hasTurn = false;
    }
  }

  /** See {@link ArchiveRules#due}. */
  private long due() {
    return ArchiveRules.due(state, clock.millis(), archiveDependencies.hotAge());
  }
}
