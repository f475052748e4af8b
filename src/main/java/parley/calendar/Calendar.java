package parley.calendar;

import org.apache.pekko.actor.typed.ActorRef;
import parley.model.ConversationId;

/**
 * Remembers on which day each conversation is to be looked at again. Days are numbered from 1970,
 * UTC. Never blocks. Messages may be lost, so a caller repeats a registration until it is answered.
 */
public interface Calendar {
  /** One day in milliseconds. */
  long DAY = 86_400_000;

  /** The number of the day of a time in epoch milliseconds. */
  static long day(long time) {
    return Math.floorDiv(time, DAY);
  }

  /**
   * Registers a conversation for a day.
   *
   * @param replyTo receives {@link CalendarBucket.Registered} when the registration is durable, or
   *     {@link CalendarBucket.NotThatDay}
   */
  void register(ConversationId id, long day, ActorRef<CalendarBucket.Answer> replyTo);

  /** Removes the registration of a conversation for that day. */
  void finished(ConversationId id, long day);
}
