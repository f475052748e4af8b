package parley.calendar;

import org.apache.pekko.actor.typed.ActorRef;
import parley.model.ConversationId;

/**
 * Who remembers on which day a conversation is to be looked at again. Days are numbered from 1970,
 * UTC. Never blocks; messages may be lost, so whoever registers repeats it until it is answered.
 */
public interface Calendar {
  /** One day in milliseconds. */
  long DAY = 86_400_000;

  /** The number of the day of a time, epoch milliseconds. */
  static long day(long time) {
    return Math.floorDiv(time, DAY);
  }

  /**
   * Asks to be remembered on that day.
   *
   * @param replyTo is told {@link CalendarBucket.Registered} when it is durable, or {@link
   *     CalendarBucket.NotThatDay}
   */
  void register(ConversationId id, long day, ActorRef<CalendarBucket.Answer> replyTo);

  /** The conversation need not be remembered on that day any more. */
  void finished(ConversationId id, long day);
}
