package parley.conversation;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import parley.calendar.Calendar;
import parley.calendar.CalendarBucket;
import parley.model.ConversationId;

/**
 * Registers one conversation with the calendar, which reminds it to archive again.
 *
 * <pre>
 *   Conversation --register(day)--&gt; Calendar    (repeated until it is answered)
 *   Conversation &lt;--Registered----- Calendar    (the day is promised; waiting buckets are told)
 *   Conversation &lt;--NotThatDay----- Calendar    (the day is full: ask for a later one)
 * </pre>
 *
 * <p>A calendar bucket that asked the conversation to archive waits until the conversation has
 * registered for another day, or has nothing more to archive. Days are counted since 1970, in UTC.
 *
 * <p>Bounds: one request at a time, and {@value #MAX_UNANSWERED_DAYS} buckets that wait.
 */
final class CalendarRegistration {
  /** The pause between two requests to the calendar. */
  private static final Duration REPEAT = Duration.ofSeconds(5);

  /**
   * Most calendar days that wait for an answer at the same time. Normally there is one; a change of
   * the clock can add others.
   */
  private static final int MAX_UNANSWERED_DAYS = 16;

  /** After so many full days in a row, the next request waits for {@link #REPEAT}. */
  private static final int MAX_FULL_DAYS = 16;

  /**
   * Days by which the calendar may be late. A conversation that was not asked by then registers
   * again.
   */
  private static final int LATE_DAYS = 7;

  /** The messages that this class sends to its entity. */
  sealed interface Message extends ConversationArchiver.Message {}

  private enum RepeatTimer implements Message {
    REGISTER
  }

  /** An answer of the calendar. */
  private record Answered(CalendarBucket.Answer answer) implements Message {}

  private final ConversationId id;
  private final Calendar calendar;
  private final TimerScheduler<Conversation.Command> timers;
  private final ActorRef<CalendarBucket.Answer> answers;

  /** Days whose calendar bucket waits to be told that this conversation is finished. */
  private final Set<Long> unansweredDays = new LinkedHashSet<>();

  /** The day for which the calendar has promised to remember this conversation; 0 is none. */
  private long promisedDay;

  /** The day that the calendar is being asked for; 0 is none. */
  private long requestedDay;

  /** Full days in a row since the last request by the timer. */
  private int fullDaysInRow;

  /** The day that this incarnation first asked for, before full days moved it; 0 is none. */
  private long firstRequestedDay;

  /**
   * A registration that has not asked for anything yet.
   *
   * @param promisedDay the day that the calendar promised an earlier incarnation; 0 is none
   */
  CalendarRegistration(
      ConversationId id,
      Calendar calendar,
      ActorContext<Conversation.Command> context,
      TimerScheduler<Conversation.Command> timers,
      long promisedDay) {
    this.id = id;
    this.calendar = calendar;
    this.timers = timers;
    this.answers = context.messageAdapter(CalendarBucket.Answer.class, Answered::new);
    this.promisedDay = promisedDay;
  }

  /** Notes that the calendar bucket of that day waits until this conversation is finished. */
  void noteWaitingBucket(long day) {
    if (unansweredDays.size() < MAX_UNANSWERED_DAYS) {
      unansweredDays.add(day);
    }
  }

  /** Whether the calendar has not answered the current request yet. */
  boolean isPending() {
    return requestedDay != 0;
  }

  /** The day for which the calendar has promised to remember this conversation; 0 is none. */
  long promisedDay() {
    return promisedDay;
  }

  /**
   * Whether the calendar will ask this conversation in time.
   *
   * @param due the first day on which there is something to archive
   */
  boolean isPromisedFor(long due, long today) {
    // Full days delay the promised day. If it is later than that explains, it was promised under
    // another setting.
    boolean intime =
        promisedDay <= due + LATE_DAYS || (firstRequestedDay != 0 && firstRequestedDay <= due + 1);
    return promisedDay >= today - LATE_DAYS && intime;
  }

  /** Asks the calendar to remember this conversation on that day, until the calendar answers. */
  void register(long day) {
    requestedDay = day;
    firstRequestedDay = day;
    fullDaysInRow = 0;
    request();
    timers.startTimerWithFixedDelay(RepeatTimer.REGISTER, RepeatTimer.REGISTER, REPEAT);
  }

  /** Tells the waiting buckets that this conversation has nothing to archive any more. */
  void nothingDue() {
    promisedDay = 0;
    answerBuckets();
  }

  /** Handles an answer of the calendar, or the time for the next request. */
  void handle(Message message) {
    switch (message) {
      case RepeatTimer timer -> {
        fullDaysInRow = 0;
        request();
      }
      case Answered answered -> answered(answered.answer());
    }
  }

  private void request() {
    if (requestedDay != 0) {
      calendar.register(id, requestedDay, answers);
    }
  }

  private void answered(CalendarBucket.Answer answer) {
    if (answer.day() != requestedDay) {
      return;
    }
    switch (answer) {
      case CalendarBucket.Registered registered -> {
        promisedDay = requestedDay;
        requestedDay = 0;
        timers.cancel(RepeatTimer.REGISTER);
        answerBuckets();
      }
      case CalendarBucket.NotThatDay other -> {
        requestedDay = Math.max(other.earliest(), requestedDay + 1);
        fullDaysInRow++;
        if (fullDaysInRow <= MAX_FULL_DAYS) {
          request();
        }
      }
    }
  }

  /** Tells each waiting calendar bucket that this conversation is finished. */
  private void answerBuckets() {
    for (long day : unansweredDays) {
      // The conversation has just registered for this day again, so its registration must stay.
      if (day != promisedDay) {
        calendar.finished(id, day);
      }
    }
    unansweredDays.clear();
  }
}
