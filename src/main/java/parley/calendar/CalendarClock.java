package parley.calendar;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import parley.model.ConversationId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * Opens the buckets of some slots when their day has come, one after the other, and asks the
 * conversations in them until each has said that it is done. There are {@link #CLOCKS} of them in
 * the cluster, wherever there is a node; each keeps the day it is at in the journal, one small
 * event a day.
 *
 * <p>At most {@value #AT_ONCE} conversations of a clock are asked at the same time, so 128 in the
 * cluster are in memory for it, however many are due; how fast they write is up to each node's
 * pace. One that has not been done after {@value #TIMES} times is put into the next day's bucket,
 * so that one that cannot be started does not hold up the others. Where more is due than is done in
 * a day, days are opened late, none is left out.
 *
 * <p><b>Jumps of the clock.</b> Forward: buckets are opened early, their conversations look at the
 * time themselves and register anew. Backward: a clock that finds itself ahead of today goes back
 * to it, and opens all days from there on again.
 */
final class CalendarClock
    extends EventSourcedBehavior<CalendarClock.Command, CalendarClockEvent, CalendarClock.State> {
  /** Clocks of a cluster. For ever: each keeps the days of its own slots. */
  static final int CLOCKS = 8;

  /** Conversations asked at the same time. */
  static final int AT_ONCE = 16;

  /** How often a conversation is asked, {@link #AGAIN} apart. */
  static final int TIMES = 20;

  private static final Duration AGAIN = Duration.ofSeconds(30);

  /** Nodes whose clocks differ by less agree which buckets still take somebody. */
  private static final Duration AFTER_MIDNIGHT = Duration.ofHours(1);

  /** What can be told to a clock. */
  sealed interface Command extends Wire permits Tick, Told, Moved {}

  /** Stop: sent by whoever keeps the clocks running. */
  enum Tick implements Command, Local {
    TICK,
    STOP
  }

  /** A bucket has answered. */
  private record Told(CalendarBucket.Waiting waiting) implements Command, Local {}

  /** Another day has answered. */
  private record Moved(CalendarBucket.Answer answer) implements Command, Local {}

  /** The day it is at, or 0 before it ever ran. */
  static final class State {
    long day;
  }

  /** The way to buckets and conversations. */
  interface Ways {
    /** Tells a bucket something, at most once. */
    void bucket(long day, int slot, CalendarBucket.Command message);

    /** Asks a conversation to archive, for that day; at most once. */
    void conversation(ConversationId id, long day);
  }

  /** How often a conversation was asked, and when. */
  private static final class Asked {
    int times;
    long at;
  }

  private final int number;
  private final InstantSource time;
  private final Ways ways;
  private final ActorContext<Command> context;
  private final ActorRef<CalendarBucket.Waiting> told;
  private final ActorRef<CalendarBucket.Answer> moved;
  private final Map<ConversationId, Asked> asked = new HashMap<>();
  private final Map<ConversationId, Long> moving = new HashMap<>();
  private int slot;

  /** The behaviour of one clock; {@code every} is how often it looks. */
  static Behavior<Command> create(int number, InstantSource time, Duration every, Ways ways) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, every);
                  return new CalendarClock(number, time, ways, context);
                }));
  }

  private CalendarClock(int number, InstantSource time, Ways ways, ActorContext<Command> context) {
    super(PersistenceId.ofUniqueId("archive-clock|" + number));
    this.number = number;
    this.time = time;
    this.ways = ways;
    this.context = context;
    this.told = context.messageAdapter(CalendarBucket.Waiting.class, Told::new);
    this.moved = context.messageAdapter(CalendarBucket.Answer.class, Moved::new);
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
          case Told told -> told(state, told.waiting());
          case Moved moved -> {
            moved(state, moved.answer());
            yield Effect().none();
          }
        };
  }

  private long today() {
    return Calendar.day(time.millis() - AFTER_MIDNIGHT.toMillis());
  }

  private Effect<CalendarClockEvent, State> tick(State state) {
    long today = today();
    if (state.day == 0) {
      // No bucket takes anybody for a day that has come, so there is nobody before tomorrow.
      return Effect().persist(new CalendarClockEvent.Turned(today + 1)).thenRun(after -> again());
    }
    if (state.day > today + 1) {
      return Effect().persist(new CalendarClockEvent.Turned(today)).thenRun(after -> again());
    }
    if (state.day <= today) {
      ask(state);
    }
    return Effect().none();
  }

  private void ask(State state) {
    ways.bucket(state.day, slot, new CalendarBucket.Ask(AT_ONCE, told));
  }

  private Effect<CalendarClockEvent, State> told(State state, CalendarBucket.Waiting waiting) {
    if (waiting.day() != state.day || waiting.slot() != slot) {
      return Effect().none();
    }
    if (waiting.ids().isEmpty()) {
      asked.clear();
      moving.clear();
      slot += CLOCKS;
      if (slot >= CalendarBucket.SLOTS) {
        return Effect()
            .persist(new CalendarClockEvent.Turned(state.day + 1))
            .thenRun(after -> again());
      }
      return Effect().none();
    }
    asked.keySet().retainAll(new HashSet<>(waiting.ids()));
    long now = time.millis();
    for (ConversationId id : waiting.ids()) {
      Asked one = asked.computeIfAbsent(id, i -> new Asked());
      boolean due = one.times == 0 || now - one.at >= AGAIN.toMillis() || now < one.at;
      if (due) {
        one.at = now;
        one.times++;
        if (one.times <= TIMES) {
          ways.conversation(id, state.day);
        } else {
          move(id, moving.getOrDefault(id, Calendar.day(now) + 1));
        }
      }
    }
    return Effect().none();
  }

  private void again() {
    slot = number;
    asked.clear();
    moving.clear();
  }

  /** It cannot be started, it seems: another day, so that this one ends. */
  private void move(ConversationId id, long day) {
    context.getLog().warn("{} was asked to archive in vain, again on day {}", id, day);
    moving.put(id, day);
    ways.bucket(day, CalendarBucket.slot(id), new CalendarBucket.Register(id, moved));
  }

  private void moved(State state, CalendarBucket.Answer answer) {
    Long day = moving.get(answer.id());
    if (day == null || day != answer.day()) {
      return;
    }
    switch (answer) {
      case CalendarBucket.Registered registered ->
          ways.bucket(state.day, slot, new CalendarBucket.Finished(answer.id()));
      case CalendarBucket.NotThatDay other -> moving.put(answer.id(), other.earliest());
    }
  }
}
