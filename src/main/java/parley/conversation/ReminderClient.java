package parley.conversation;

import java.time.Duration;
import java.util.ArrayDeque;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/**
 * The conversation's side of its {@link ConversationReminder}: before the first write of a life the
 * reminder must be durable, so that whatever was accepted is told even if nobody asks for this
 * conversation ever again. Until then what may write waits here, {@value #WAITING} at most, in
 * order; one more is refused.
 */
final class ReminderClient {
  static final int WAITING = 512;

  private static final Duration REPEAT = Duration.ofSeconds(1);

  /** It is time to ask the reminder again. */
  enum Again implements ConversationInternal {
    AGAIN
  }

  /** The next of what waited for the reminder. */
  enum Next implements ConversationInternal {
    NEXT
  }

  private final ConversationId id;
  private final ConversationReminder.@Nullable Port reminders;
  private final ActorRef<Conversation.Command> self;
  private final TimerScheduler<Conversation.Command> timers;
  private final ArrayDeque<Conversation.Command> waiting = new ArrayDeque<>();
  private boolean held;
  private boolean asking;
  private long nr;
  private int repeats;

  /**
   * Nothing is kept yet.
   *
   * @param reminders null where nobody is to be reminded: then it is always held
   */
  ReminderClient(
      ConversationId id,
      ConversationReminder.@Nullable Port reminders,
      ActorRef<Conversation.Command> self,
      TimerScheduler<Conversation.Command> timers) {
    this.id = id;
    this.reminders = reminders;
    this.self = self;
    this.timers = timers;
  }

  /** Whether the conversation may write. */
  boolean held() {
    return reminders == null || held;
  }

  /** Whether there is a reminder, or may be one, that is to be let go some time. */
  boolean owesRelease() {
    return reminders != null && (held || asking);
  }

  /** Whether nothing waits for it. */
  boolean isIdle() {
    return !asking && waiting.isEmpty();
  }

  /** How often the reminder was asked again in vain. */
  int repeats() {
    return repeats;
  }

  /** Asks for the reminder, unless it is there or was asked for. */
  void ask() {
    if (!held() && !asking) {
      asking = true;
      repeats = 0;
      nr++;
      tellKeep();
      timers.startTimerWithFixedDelay(Again.AGAIN, Again.AGAIN, REPEAT);
    }
  }

  /** Asks again; also tells a reminder that lost its watch that this conversation is there. */
  void again() {
    repeats++;
    tellKeep();
  }

  private void tellKeep() {
    if (reminders != null) {
      reminders.tell(id, new ConversationReminder.Keep(nr, self));
    }
  }

  /** Whether a command that may write waits; it is kept then, or refused. */
  boolean mustWait(Conversation.Command command) {
    if (held() && waiting.isEmpty()) {
      return false;
    }
    ask();
    if (waiting.size() >= WAITING) {
      OverloadReplies.refuse(command);
    } else {
      waiting.add(command);
    }
    return true;
  }

  /** The reminder is there. Answers whether that is news. */
  boolean kept(long number) {
    if (!asking || number != nr) {
      return false;
    }
    asking = false;
    held = true;
    timers.cancel(Again.AGAIN);
    if (!waiting.isEmpty()) {
      self.tell(Next.NEXT);
    }
    return true;
  }

  /** The next that waited; what comes meanwhile waits behind it. */
  Conversation.@Nullable Command next() {
    Conversation.Command next = waiting.poll();
    if (!waiting.isEmpty()) {
      self.tell(Next.NEXT);
    }
    return next;
  }

  /** Everybody has heard of everything, and the journal says so. */
  void release() {
    if (owesRelease()) {
      held = false;
      asking = false;
      timers.cancel(Again.AGAIN);
      letGo();
    }
  }

  /** Lets a reminder go that this life did not ask for. */
  void letGo() {
    if (reminders != null) {
      reminders.tell(id, new ConversationReminder.Release(self));
    }
  }

  /** A life that was woken has found no conversation, and cannot know that none is being made. */
  void notThere() {
    if (reminders != null) {
      reminders.tell(id, new ConversationReminder.NotThere());
    }
  }

  /** The entity ends. */
  void refuseAll() {
    waiting.forEach(OverloadReplies::refuse);
    waiting.clear();
  }
}
