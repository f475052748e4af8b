package parley.user;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import parley.model.ConversationId;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * Rows of the journal that may be older than what clients have seen. A user that starts again has
 * lost what it held in memory ({@link FlushSchedule}). It asks the conversations that were busy
 * lately for their rows. Until they have answered, requests that show or change rows wait here, so
 * that no unread count and no read cursor goes back.
 *
 * <p>A request waits for {@link #MAX_WAIT} and is then refused as {@code unavailable}. The question
 * is repeated every second. A conversation that gives no answer for {@link #MAX_ASKING} is not
 * waited for any longer: the inbox then shows its row as the journal has it.
 */
final class StaleRows {
  /**
   * The most conversations that are asked, those with the newest texts. All others repeat what the
   * user lacks by themselves, within {@code Dispatch.HOLDING_TIMEOUT}.
   */
  static final int MAX_ASKED = 1_000;

  /** The most requests that wait; one more is refused. */
  static final int MAX_WAITING = 100;

  private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(1);

  /**
   * A conversation on a node of an older version answers the question only if it has news. It sends
   * its row always to a user that seems to miss the confirmation of a cursor, so it is told that
   * too: after the first second, and after this many questions again.
   */
  private static final int OLDER_VERSION_EVERY = 10;

  /** How long a request waits. */
  static final Duration MAX_WAIT = ASK_AGAIN_AFTER.multipliedBy(3);

  /** How long conversations are asked. Longer than a cluster takes to notice a lost node. */
  static final Duration MAX_ASKING = Duration.ofSeconds(60);

  private final UserId id;
  private final User.Conversations conversations;
  private final TimerScheduler<User.Command> timers;
  private final ActorRef<User.Command> self;
  private final Set<ConversationId> asked = new LinkedHashSet<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private long ticks;

  /** A request that waits, and the tick at which it is refused. */
  private record Waiting(User.Command request, long refusedAt) {}

  StaleRows(
      UserId id,
      User.Conversations conversations,
      TimerScheduler<User.Command> timers,
      ActorRef<User.Command> self) {
    this.id = id;
    this.conversations = conversations;
    this.timers = timers;
    this.self = self;
  }

  /** Asks for the rows that may have been newer in memory than they are in the journal. */
  void ask(UserState state, long now) {
    state.rows().rows().values().stream()
        .filter(row -> FlushSchedule.mayHaveWaited(row, now))
        .sorted(Comparator.comparingLong(VisibleRow::orderAt).reversed())
        .limit(MAX_ASKED)
        .forEach(row -> asked.add(row.id()));
    if (!asked.isEmpty()) {
      tell(state);
      timers.startTimerWithFixedDelay(
          UserInternal.AskForRows.class, new UserInternal.AskForRows(), ASK_AGAIN_AFTER);
    }
  }

  private void tell(UserState state) {
    for (ConversationId conversation : asked) {
      ConversationRow row = state.rows().get(conversation);
      if (row != null) {
        conversations.tell(
            conversation, new User.Dispatched(id, row.lastSeq(), row.version(), true));
      }
    }
  }

  /** Repeats the question, and refuses the requests that have waited for too long. */
  void tick(UserState state) {
    ticks++;
    if (ticks >= MAX_ASKING.dividedBy(ASK_AGAIN_AFTER)) {
      asked.clear();
    }
    if (asked.isEmpty()) {
      end();
      return;
    }
    waiting.removeIf(
        one -> {
          boolean late = one.refusedAt() <= ticks;
          if (late) {
            refuse(one.request());
          }
          return late;
        });
    tell(state);
    if (ticks % OLDER_VERSION_EVERY == 1) {
      asked.forEach(conversation -> conversations.tell(conversation, new User.Delivered(id, 0)));
    }
  }

  /** The conversation has sent its row, and the user has taken it. */
  void answered(ConversationId conversation) {
    if (asked.remove(conversation) && asked.isEmpty()) {
      end();
    }
  }

  /** Whether a conversation has not sent its row yet. */
  boolean isAsking(ConversationId conversation) {
    return asked.contains(conversation);
  }

  private void end() {
    timers.cancel(UserInternal.AskForRows.class);
    waiting.forEach(one -> self.tell(one.request()));
    waiting.clear();
  }

  /**
   * Whether this request has to wait for rows. If so, it is kept here and handled again later, or
   * refused.
   */
  boolean mustWait(User.Command request) {
    if (asked.isEmpty()) {
      return false;
    }
    if (waiting.size() >= MAX_WAITING) {
      refuse(request);
    } else {
      waiting.add(new Waiting(request, ticks + MAX_WAIT.dividedBy(ASK_AGAIN_AFTER)));
    }
    return true;
  }

  /** Refuses what waits, because the user stops. */
  void refuseAll() {
    waiting.forEach(one -> refuse(one.request()));
    waiting.clear();
  }

  private static void refuse(User.Command request) {
    UserRefusals.refuse(
        request, Refusal.unavailable("the inbox is being brought up to date; ask again"));
  }
}
