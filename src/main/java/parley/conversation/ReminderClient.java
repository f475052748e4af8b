package parley.conversation;

import java.time.Duration;
import java.util.ArrayDeque;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;

/**
 * The conversation's side of its {@link ConversationReminder}. The reminder must be durable before
 * the first write of an incarnation, so that accepted entries are delivered even if nobody uses the
 * conversation again. Until then commands that may write wait here in order, {@value #MAX_WAITING}
 * at most; one more is refused.
 */
final class ReminderClient {
  static final int MAX_WAITING = 512;

  private static final Duration REPEAT = Duration.ofSeconds(1);

  /** Ask the reminder again. */
  enum RepeatRequest implements Conversation.Internal {
    INSTANCE
  }

  /** Handle the next command that waited for the reminder. */
  enum NextRequest implements Conversation.Internal {
    INSTANCE
  }

  private final ConversationId id;
  private final ConversationReminder.Sender reminders;
  private final ActorRef<Conversation.Command> self;
  private final TimerScheduler<Conversation.Command> timers;
  private final ArrayDeque<Conversation.Command> waiting = new ArrayDeque<>();
  private boolean reminderDurable;
  private boolean asking;
  private long nr;

  /** A client that has not asked for the reminder yet. */
  ReminderClient(
      ConversationId id,
      ConversationReminder.Sender reminders,
      ActorRef<Conversation.Command> self,
      TimerScheduler<Conversation.Command> timers) {
    this.id = id;
    this.reminders = reminders;
    this.self = self;
    this.timers = timers;
  }

  /** Whether the reminder is durable, so that the conversation may write. */
  boolean mayWrite() {
    return reminderDurable || !reminders.mustBeKept();
  }

  /**
   * Whether this incarnation has a reminder or has asked for one, and so has to release it some
   * time.
   */
  boolean mustRelease() {
    return reminderDurable || asking;
  }

  /** Whether nothing waits for the reminder. */
  boolean isIdle() {
    return !asking && waiting.isEmpty();
  }

  /** Asks for the reminder, unless it is durable or was asked for already. */
  void ask() {
    if (!mayWrite() && !asking) {
      asking = true;
      nr++;
      tellKeep();
      timers.startTimerWithFixedDelay(RepeatRequest.INSTANCE, RepeatRequest.INSTANCE, REPEAT);
    }
  }

  /**
   * Asks again. A reminder that no longer watches this conversation learns from it that the
   * conversation runs.
   */
  void repeatRequest() {
    tellKeep();
  }

  private void tellKeep() {
    reminders.tell(id, new ConversationReminder.Keep(nr, self));
  }

  /** Whether a command that may write has to wait. If so, the command is queued or refused here. */
  boolean mustWait(Conversation.Command command) {
    if (mayWrite() && waiting.isEmpty()) {
      return false;
    }
    ask();
    if (waiting.size() >= MAX_WAITING) {
      BusyAnswers.refuse(command);
    } else {
      waiting.add(command);
    }
    return true;
  }

  /**
   * Notes that the reminder is durable, and starts to hand out the waiting commands.
   *
   * @param number the number of the {@link ConversationReminder.Keep} that was answered
   * @return false if this is not the answer to the current question
   */
  boolean kept(long number) {
    if (!asking || number != nr) {
      return false;
    }
    asking = false;
    reminderDurable = true;
    timers.cancel(RepeatRequest.INSTANCE);
    if (!waiting.isEmpty()) {
      self.tell(NextRequest.INSTANCE);
    }
    return true;
  }

  /**
   * Takes the next waiting command, or null. Commands that arrive meanwhile are queued behind it.
   */
  Conversation.@Nullable Command next() {
    Conversation.Command next = waiting.poll();
    if (!waiting.isEmpty()) {
      self.tell(NextRequest.INSTANCE);
    }
    return next;
  }

  /**
   * Releases the reminder, if this incarnation has one: all members have everything, and the
   * journal says so.
   */
  void release() {
    if (mustRelease()) {
      reminderDurable = false;
      asking = false;
      timers.cancel(RepeatRequest.INSTANCE);
      sendRelease();
    }
  }

  /** Releases a reminder even if this incarnation did not ask for it. */
  void sendRelease() {
    reminders.tell(id, new ConversationReminder.Release(self));
  }

  /**
   * Answers a wake: this incarnation has found no conversation, and cannot know whether one is
   * being created.
   */
  void notThere() {
    reminders.tell(id, new ConversationReminder.NotThere());
  }

  /** Refuses all waiting commands, because the entity stops. */
  void refuseAll() {
    waiting.forEach(BusyAnswers::refuse);
    waiting.clear();
  }
}
