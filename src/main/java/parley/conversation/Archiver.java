package parley.conversation;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;
import parley.calendar.Calendar;
import parley.calendar.CalendarBucket;
import parley.model.Entry;
import parley.model.EntryBody;

/**
 * Moves the oldest entries of one conversation to the cold tier, beside everything else it does.
 *
 * <pre>
 *   asked by the calendar (or found half done)
 *     │ a turn of the node's {@link ArchiveRate}
 *     ▼
 *   gather ──▶ plan ──▶ write, read back ──▶ seal ──▶ snapshot ──▶ remove ──▶ note ──▶ the next
 *   (journal)  (event)  (cold tier)          (event)   (read back)  (journal)  (event)
 *     └──────▶ nothing (more) is worth it: register for the next day, then say so
 * </pre>
 *
 * <p><b>Cut anywhere</b>, the next life goes on from what is durable. Before the plan: nothing has
 * happened. From the plan on, everybody writes just the planned entries, so that a repetition gives
 * the same segment. Until it is sealed, all is read from the journal; from then on from the cold
 * tier, whether or not the events are still there. Without a snapshot that covers it nothing is
 * removed; then the seal is repeated, which makes one. Removing twice is removing once.
 *
 * <p><b>What goes.</b> Entries of that age that every member's user has acknowledged, whole events,
 * if they make a segment of some size ({@link SegmentCollector#WORTH_ENTRIES}); fewer when nobody
 * has written in the conversation for that long (then all of it goes), or when the oldest is twice
 * as old. So a busy conversation archives daily, a slow one about once in {@code PARLEY_HOT_DAYS},
 * one that is no longer used once, and that is when the calendar is asked to remember it. Deleted
 * texts go without content, and so do their edits.
 *
 * <p><b>Being remembered.</b> A conversation that has entries left does not leave memory before the
 * calendar has promised to remember it. That is kept in its events only when it leaves ({@link
 * ConversationEvent.Settled}); after a crash it registers again. One from before there was an
 * archive registers when it is next used, or is entered by an operator.
 */
final class Archiver {
  /** Longer than any patience of the cold tier itself. */
  private static final Duration WRITE = Duration.ofMinutes(5);

  private static final Duration TURN = Duration.ofSeconds(1);
  private static final Duration REPEAT = Duration.ofSeconds(5);

  /** Most days that ask at the same time; there is one, and strays after a change of the clock. */
  private static final int ASKING = 16;

  /**
   * Days that are full, one after the other, before it is asked again after {@link #REPEAT} only.
   */
  private static final int AT_ONCE = 16;

  /** So long after its day the calendar may take; who was not asked by then registers again. */
  private static final int LATE_DAYS = 7;

  /** What this class tells the entity. */
  sealed interface Message extends ConversationInternal {}

  private enum Wake implements Message {
    TURN,
    REGISTER
  }

  /** A step has ended; a failure is null for what it was to bring. */
  private record Gathered(int round, @Nullable SegmentCollector segment) implements Message {}

  private record Loaded(int round, @Nullable List<Entry> entries) implements Message {
    @Override
    public String toString() {
      return "Loaded";
    }
  }

  private record Written(int round, boolean done) implements Message {}

  private record Covered(int round, @Nullable Boolean covered) implements Message {}

  private record Removed(int round, boolean done) implements Message {}

  private record Answered(CalendarBucket.Answer answer) implements Message {}

  private final ActorContext<Conversation.Command> context;
  private final TimerScheduler<Conversation.Command> timers;
  private final @Nullable ArchiveDependencies archiveDependencies;
  private final java.time.InstantSource clock;
  private final LogReader logReader;
  private final ConversationState state;
  private final Dispatch dispatch;
  private final JournalRemoval journalRemoval;
  private final ActorRef<CalendarBucket.Answer> answers;

  /** Days whose calendar waits to hear that this conversation is done. */
  private final Set<Long> asking = new LinkedHashSet<>();

  private boolean running;
  private boolean turn;
  private boolean wrote;
  private boolean sealedAgain;

  /** Which attempt this is: what an earlier one still brings does not count. */
  private int round;

  /** The day the calendar has promised, and the one it is being asked for; 0 is none. */
  private long promised;

  private long wanted;

  /** Full days in a row since the timer asked. */
  private int full;

  /** The day this life asked for first, before it was sent on to another; 0 is none. */
  private long askedFor;

  Archiver(
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      ConversationEntity.Environment environment,
      LogReader logReader,
      ConversationState state,
      Dispatch dispatch,
      ActorRef<CalendarBucket.Answer> answers) {
    this.context = context;
    this.timers = timers;
    this.archiveDependencies = environment.archive();
    this.clock = environment.clock();
    this.logReader = logReader;
    this.state = state;
    this.dispatch = dispatch;
    this.journalRemoval =
        new JournalRemoval(context.getSystem(), LogReader.persistenceId(state.id));
    this.answers = answers;
    this.promised = state.due;
  }

  /** Makes a message of the calendar's answer. */
  static ActorRef<CalendarBucket.Answer> answers(ActorContext<Conversation.Command> context) {
    return context.messageAdapter(CalendarBucket.Answer.class, Answered::new);
  }

  // ---- from outside

  /** Finishes what an earlier life has begun. */
  void recovered() {
    if (archiveDependencies != null && halfDone()) {
      start();
    }
  }

  /** The calendar asks, for that day. */
  void asked(long day) {
    if (archiveDependencies == null || !state.exists()) {
      // Whoever is registered here was so by a node that archives; it keeps asking.
      return;
    }
    if (asking.size() < ASKING) {
      asking.add(day);
    }
    if (!running && wanted == 0) {
      start();
    }
  }

  /**
   * Whether the conversation may leave memory: nothing is under way, and the calendar will remember
   * it, if there is something to remember. If not, this asks the calendar.
   */
  boolean mayLeave() {
    if (archiveDependencies == null || !state.exists()) {
      return true;
    }
    if (running || wanted != 0) {
      return false;
    }
    long due = due(archiveDependencies);
    long today = Calendar.day(clock.millis());
    // Days that are full put it off; more than that, and it was promised under another setting.
    boolean intime = promised <= due + LATE_DAYS || (askedFor != 0 && askedFor <= due + 1);
    boolean remembered = promised >= today - LATE_DAYS && intime;
    if (due != 0 && !remembered) {
      register(Math.max(due, today + 1));
      return false;
    }
    return true;
  }

  /** What {@link ConversationEvent.Settled} has to keep. */
  long promised() {
    if (archiveDependencies == null) {
      return state.due;
    }
    return due(archiveDependencies) == 0 ? 0 : promised;
  }

  /** This life ends. */
  void end() {
    giveBack();
    running = false;
    round++;
  }

  // ---- steps

  /** Returns what is to be persisted, or null. */
  @Nullable ConversationEvent handle(Message message) {
    return switch (message) {
      case Wake wake -> {
        if (wake == Wake.REGISTER) {
          full = 0;
          repeat();
        } else if (running) {
          step();
        }
        yield null;
      }
      case Gathered gathered -> gathered.round() == round ? gathered(gathered.segment()) : null;
      case Loaded loaded -> {
        if (loaded.round() == round) {
          loaded(loaded.entries());
        }
        yield null;
      }
      case Written written -> written.round() == round ? written(written.done()) : null;
      case Covered covered -> covered.round() == round ? covered(covered.covered()) : null;
      case Removed removed -> removed.round() == round ? removed(removed.done()) : null;
      case Answered answered -> {
        answered(answered.answer());
        yield null;
      }
    };
  }

  /** One of this class's events is durable (with its snapshot, if it could be stored). */
  void persisted(ConversationEvent event) {
    if (!running) {
      return;
    }
    if (event instanceof ConversationEvent.EventsRemoved) {
      // The next segment waits for a turn of its own.
      giveBack();
    }
    step();
  }

  private boolean halfDone() {
    return state.planned != null || state.removedTo < state.archivedEvent;
  }

  private void start() {
    running = true;
    sealedAgain = false;
    step();
  }

  /** The next step by what is durable. */
  private void step() {
    if (archiveDependencies == null) {
      return;
    }
    round++;
    if (!turn) {
      turn = archiveDependencies.pace().begin();
      wrote = false;
      if (!turn) {
        timers.startSingleTimer(Wake.TURN, Wake.TURN, TURN);
        return;
      }
    }
    ConversationEvent.SegmentPlanned plan = state.planned;
    int now = round;
    if (state.removedTo < state.archivedEvent) {
      context.pipeToSelf(
          journalRemoval.covered(state.archivedEvent),
          (covered, failure) -> new Covered(now, failed("its snapshot", failure) ? null : covered));
    } else if (plan != null) {
      context.pipeToSelf(
          logReader.range(state, plan.from(), plan.to()),
          (entries, failure) -> new Loaded(now, failed("reading", failure) ? null : entries));
    } else {
      gather(archiveDependencies, now);
    }
  }

  private void gather(ArchiveDependencies to, int now) {
    SegmentCollector segment =
        new SegmentCollector(state.archivedTo + 1, dispatch.floor(), cutoff(to, 1));
    context.pipeToSelf(
        logReader
            .events(state.archivedEvent + 1, state.eventNr)
            .takeWhile(segment::add)
            .runWith(Sink.ignore(), context.getSystem()),
        (done, failure) -> new Gathered(now, failed("reading", failure) ? null : segment));
  }

  private long cutoff(ArchiveDependencies to, int times) {
    return clock.millis() - times * to.hot().toMillis();
  }

  private @Nullable ConversationEvent gathered(@Nullable SegmentCollector segment) {
    if (archiveDependencies == null || segment == null) {
      return failed();
    }
    List<Entry> entries = segment.entries();
    boolean all = !entries.isEmpty() && entries.getLast().seq() == state.lastSeq;
    boolean old = !entries.isEmpty() && entries.getFirst().at() <= cutoff(archiveDependencies, 2);
    if (all || old || segment.worthwhile()) {
      return segment.plan();
    }
    finish();
    return null;
  }

  private void loaded(@Nullable List<Entry> entries) {
    if (archiveDependencies == null || entries == null) {
      failed();
      return;
    }
    wrote = true;
    int now = round;
    CompletionStage<?> write =
        archiveDependencies
            .tier()
            .write(state.id, entries.stream().map(this::withoutDeleted).toList())
            .toCompletableFuture()
            .copy()
            .orTimeout(WRITE.toSeconds(), TimeUnit.SECONDS);
    context.pipeToSelf(write, (manifest, failure) -> new Written(now, !failed("writing", failure)));
  }

  /** What is deleted by now takes no content with it. */
  private Entry withoutDeleted(Entry entry) {
    if (entry.body() instanceof EntryBody.Text && state.amendments.deleted(entry.seq())) {
      return entry.withBody(new EntryBody.Text(null, null, null, false));
    }
    if (entry.body() instanceof EntryBody.Edit edit && state.amendments.deleted(edit.targetSeq())) {
      return entry.withBody(new EntryBody.Edit(edit.targetSeq(), null));
    }
    return entry;
  }

  private @Nullable ConversationEvent written(boolean done) {
    ConversationEvent.SegmentPlanned plan = state.planned;
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
        context.getLog().warn("{}: no snapshot could be stored", state.id);
        return failed();
      }
      // Said twice it means the same, and makes another snapshot.
      sealedAgain = true;
      return new ConversationEvent.SegmentSealed(
          state.archivedTo, state.archivedTo, state.archivedEvent, 0);
    }
    sealedAgain = false;
    int now = round;
    context.pipeToSelf(
        journalRemoval.remove(state.removedTo, state.archivedEvent),
        (done, failure) -> new Removed(now, !failed("removing events", failure)));
    return null;
  }

  private @Nullable ConversationEvent removed(boolean done) {
    return done ? new ConversationEvent.EventsRemoved(state.archivedEvent) : failed();
  }

  private boolean failed(String what, @Nullable Throwable failure) {
    if (failure != null) {
      context.getLog().warn("{}: archiving stopped at {}: {}", state.id, what, failure.toString());
    }
    return failure != null;
  }

  /** Not now; what is done stays done, and the rest is tried on another day. */
  private @Nullable ConversationEvent failed() {
    rest();
    register(Calendar.day(clock.millis()) + 1);
    return null;
  }

  private void finish() {
    rest();
    if (archiveDependencies != null) {
      long due = due(archiveDependencies);
      if (due == 0) {
        promised = 0;
        done();
      } else {
        register(Math.max(due, Calendar.day(clock.millis()) + 1));
      }
    }
  }

  private void rest() {
    giveBack();
    running = false;
    round++;
  }

  private void giveBack() {
    if (turn && archiveDependencies != null) {
      archiveDependencies.pace().end(wrote);
      turn = false;
    }
  }

  // ---- the calendar

  /** The first day on which there is something to archive if nobody writes any more; 0 is none. */
  private long due(ArchiveDependencies to) {
    if (state.lastSeq == state.archivedTo) {
      return halfDone() ? Calendar.day(clock.millis()) + 1 : 0;
    }
    long hot = to.hot().toMillis();
    long when = Math.min(state.lastAt + hot, state.hotSince + 2 * hot);
    long worth = state.archivedTo + SegmentCollector.WORTH_ENTRIES;
    if (worth <= state.lastSeq) {
      long written = Math.min(state.index.timeAtOrAfter(worth), state.lastAt);
      when = Math.min(when, written + hot);
    }
    return Calendar.day(when) + 1;
  }

  private void register(long day) {
    wanted = day;
    askedFor = day;
    full = 0;
    repeat();
    timers.startTimerWithFixedDelay(Wake.REGISTER, Wake.REGISTER, REPEAT);
  }

  private void repeat() {
    if (archiveDependencies != null && wanted != 0) {
      archiveDependencies.calendar().register(state.id, wanted, answers);
    }
  }

  private void answered(CalendarBucket.Answer answer) {
    if (answer.day() != wanted) {
      return;
    }
    switch (answer) {
      case CalendarBucket.Registered registered -> {
        promised = wanted;
        wanted = 0;
        timers.cancel(Wake.REGISTER);
        done();
      }
      case CalendarBucket.NotThatDay other -> {
        wanted = Math.max(other.earliest(), wanted + 1);
        full++;
        if (full <= AT_ONCE) {
          repeat();
        }
      }
    }
  }

  /** Whoever asked need not ask again. */
  private void done() {
    if (archiveDependencies != null) {
      for (long day : asking) {
        // Registered for the very day it was asked for: that is a new wish, and stays.
        if (day != promised) {
          archiveDependencies.calendar().finished(state.id, day);
        }
      }
    }
    asking.clear();
  }
}
