package parley.conversation;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.typed.ActorRef;
import parley.calendar.Calendar;
import parley.calendar.CalendarBucket;
import parley.model.ConversationId;

/** A calendar that records its messages. The test makes it silent, or makes days full. */
final class ManualCalendar implements Calendar {
  final List<Long> registered = new CopyOnWriteArrayList<>();
  final List<Long> finished = new CopyOnWriteArrayList<>();
  volatile boolean deaf;
  volatile long fullUntil;

  @Override
  public void register(ConversationId id, long day, ActorRef<CalendarBucket.Answer> replyTo) {
    if (deaf) {
      return;
    }
    if (day <= fullUntil) {
      replyTo.tell(new CalendarBucket.NotThatDay(id, day, day + 1));
    } else {
      registered.add(day);
      replyTo.tell(new CalendarBucket.Registered(id, day));
    }
  }

  @Override
  public void finished(ConversationId id, long day) {
    finished.add(day);
  }
}
