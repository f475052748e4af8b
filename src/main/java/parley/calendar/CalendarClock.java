package parley.calendar;

import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import parley.model.ConversationId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Opens the buckets of some slots when their day has come, one after the other, and asks the
 * conversations in a bucket until each has reported that it is done. A cluster has {@link #CLOCKS}
 * clocks, on any of its nodes. Each clock stores its current day in the journal, one small event a
 * day.
 *
 * <p>A clock asks at most {@value #MAX_CONCURRENT} conversations at the same time. So at most 128
 * conversations in the cluster are in memory for the clocks, however many are due. Each node limits
 * how fast they write. A conversation that is not done after {@value #MAX_REQUESTS} requests is
 * moved to the next day's bucket, so that a conversation that cannot start does not delay the
 * others. If more is due than one day can process, days are opened late; none is left out.
 *
 * <p><b>Jumps of the time.</b> Forward: buckets are opened early, and their conversations check the
 * time themselves and register again. Backward: a clock that is ahead of today goes back to today,
 * and opens all days from there on again.
 */
final class CalendarClock
    extends EventSourcedBehavior<CalendarClock.Command, CalendarClockEvent, CalendarClock.State> {
  /** Clocks of a cluster. The number never changes: each clock stores the days of its own slots. */
  static final int CLOCKS = 8;

  /** Conversations asked at the same time. */
  static final int MAX_CONCURRENT = 16;

  /** Requests to one conversation, {@link #RETRY_INTERVAL} apart. */
  static final int MAX_REQUESTS = 20;

  private static final Duration RETRY_INTERVAL = Duration.ofSeconds(30);

  /**
   * A day begins for a clock this long after midnight. Nodes whose system times differ by less
   * agree on which buckets still accept registrations.
   */
  private static final Duration DAY_START_DELAY = Duration.ofHours(1);

  /** The messages of a clock. */
  sealed interface Command extends Wire permits Tick, BucketAnswered, MoveAnswered {}

  /** The timer, and the stop message of the daemon process that keeps the clocks running. */
  enum Tick implements Command, Local {
    TICK,
    STOP
  }

  /** A bucket has answered {@link CalendarBucket.Ask}. */
  private record BucketAnswered(CalendarBucket.Waiting waiting) implements Command, Local {}

  /** The bucket of another day has answered a registration. */
  private record MoveAnswered(CalendarBucket.Answer answer) implements Command, Local {}

  /** The current day, or 0 before the clock ever ran. */
  static final class State {
    long day;
  }

  /** Sends messages to buckets and conversations. */
  interface Recipients {
    /** Sends a message to a bucket, at most once. */
    void tellBucket(long day, int slot, CalendarBucket.Command message);

    /** Asks a conversation to archive, for that day; at most once. */
    void askConversation(ConversationId id, long day);
  }

  /** How often a conversation was asked, and when it was last asked. */
  private static final class Attempts {
    int times;
    long lastAt;
  }

  private final int number;
  private final InstantSource time;
  private final Recipients recipients;
  private final CalendarMeters meters;
  private final ActorContext<Command> context;
  private final ActorRef<CalendarBucket.Waiting> bucketAnswered;
  private final ActorRef<CalendarBucket.Answer> moveAnswered;
  private final Map<ConversationId, Attempts> attempts = new HashMap<>();
  private final Map<ConversationId, Long> movingTo = new HashMap<>();
  private int slot;

  /** The behaviour of one clock; {@code every} is the interval of its timer. */
  static Behavior<Command> create(
      int number,
      InstantSource time,
      Duration every,
      Recipients recipients,
      CalendarMeters meters) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, every);
                  return new CalendarClock(number, time, recipients, meters, context);
                }));
  }

  private CalendarClock(
      int number,
      InstantSource time,
      Recipients recipients,
      CalendarMeters meters,
      ActorContext<Command> context) {
    super(PersistenceId.ofUniqueId("archive-clock|" + number));
    this.number = number;
    this.time = time;
    this.recipients = recipients;
    this.meters = meters;
    this.context = context;
    this.bucketAnswered = context.messageAdapter(CalendarBucket.Waiting.class, BucketAnswered::new);
    this.moveAnswered = context.messageAdapter(CalendarBucket.Answer.class, MoveAnswered::new);
    this.slot = number;
  }

  @Override
  public State emptyState() {
    return new State();
  }

  @Override
  public EventHandler<State, CalendarClockEvent> eventHandler() {
    return (state, event) -> {
      state.day = event.day();
      return state;
    };
  }

  @Override
  public CommandHandler<Command, CalendarClockEvent, State> commandHandler() {
    return (state, command) ->
        switch (command) {
          case Tick tick -> tick == Tick.STOP ? Effect().stop() : tick(state);
          case BucketAnswered bucketAnswered -> bucketAnswered(state, bucketAnswered.waiting());
          case MoveAnswered moveAnswered -> {
            moveAnswered(state, moveAnswered.answer());
            yield Effect().none();
          }
        };
  }

  @Override
  public SignalHandler<State> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(PostStop.instance(), state -> meters.clockStopped(number))
        .build();
  }

  private long today() {
    return Calendar.day(time.millis() - DAY_START_DELAY.toMillis());
  }

  private Effect<CalendarClockEvent, State> tick(State state) {
    long today = today();
    meters.clockTicked(number, state.day == 0 ? 0 : today - state.day);
    if (state.day == 0) {
      // Buckets accept no registration for a day that has come: the first can be for tomorrow.
      return Effect()
          .persist(new CalendarClockEvent.Turned(today + 1))
          .thenRun(after -> restartSlots());
    }
    if (state.day > today + 1) {
      return Effect()
          .persist(new CalendarClockEvent.Turned(today))
          .thenRun(after -> restartSlots());
    }
    if (state.day <= today) {
      ask(state);
    }
    return Effect().none();
  }

  private void ask(State state) {
    recipients.tellBucket(state.day, slot, new CalendarBucket.Ask(MAX_CONCURRENT, bucketAnswered));
  }

  private Effect<CalendarClockEvent, State> bucketAnswered(
      State state, CalendarBucket.Waiting waiting) {
    if (waiting.day() != state.day || waiting.slot() != slot) {
      return Effect().none();
    }
    if (waiting.ids().isEmpty()) {
      attempts.clear();
      movingTo.clear();
      slot += CLOCKS;
      if (slot >= CalendarBucket.SLOTS) {
        return Effect()
            .persist(new CalendarClockEvent.Turned(state.day + 1))
            .thenRun(after -> restartSlots());
      }
      return Effect().none();
    }
    attempts.keySet().retainAll(new HashSet<>(waiting.ids()));
    long now = time.millis();
    for (ConversationId id : waiting.ids()) {
      Attempts one = attempts.computeIfAbsent(id, i -> new Attempts());
      boolean due =
          one.times == 0 || now - one.lastAt >= RETRY_INTERVAL.toMillis() || now < one.lastAt;
      if (due) {
        one.lastAt = now;
        one.times++;
        if (one.times <= MAX_REQUESTS) {
          recipients.askConversation(id, state.day);
        } else {
          move(id, movingTo.getOrDefault(id, Calendar.day(now) + 1));
        }
      }
    }
    return Effect().none();
  }

  private void restartSlots() {
    slot = number;
    attempts.clear();
    movingTo.clear();
  }

  /**
   * Moves a conversation to another day, so that this day can end: it seems that the conversation
   * cannot start.
   */
  private void move(ConversationId id, long day) {
    context
        .getLog()
        .warn(
            "{} does not archive although it was asked repeatedly, next try on {}",
            id,
            LocalDate.ofEpochDay(day));
    if (movingTo.put(id, day) == null) {
      meters.postponed();
    }
    recipients.tellBucket(
        day, CalendarBucket.slot(id), new CalendarBucket.Register(id, moveAnswered));
  }

  private void moveAnswered(State state, CalendarBucket.Answer answer) {
    Long day = movingTo.get(answer.id());
    if (day == null || day != answer.day()) {
      return;
    }
    switch (answer) {
      case CalendarBucket.Registered registered ->
          recipients.tellBucket(state.day, slot, new CalendarBucket.Finished(answer.id()));
      case CalendarBucket.NotThatDay other -> movingTo.put(answer.id(), other.earliest());
    }
  }
}
