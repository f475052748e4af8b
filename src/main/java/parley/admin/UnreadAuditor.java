package parley.admin;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Function;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ConversationView;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.Limits;
import parley.model.UserId;
import parley.user.RowSamples;
import parley.user.User;

/**
 * Checks unread counts against the log, all the time and slowly. It takes a sample of the inbox
 * rows that users of this node write, reads the entries behind the read cursor as the member sees
 * them, and counts again.
 *
 * <p><b>No false alarm.</b> A row states how many texts between two places of the log were not
 * deleted up to the second place. That part of the log never changes. But a row can be of two
 * moments for a while: a conversation sends a count before the user has all the entries that it
 * counts, and after a crash it may count from a read cursor that it has partly forgotten. So a
 * difference counts only after two further looks:
 *
 * <pre>
 *   the count differs --&gt; does the conversation still end there, with that read cursor?
 *                     --&gt; {@link #PAUSE}, in which it repeats what it had sent and the user had not got
 *                     --&gt; does the user still show that row?
 * </pre>
 *
 * <p>If one of them is not so, the row has moved, and nothing is known about it. So a wrong row is
 * found when its conversation rests for that long after the row was written. A row that nobody
 * writes any more is not looked at again.
 *
 * <p><b>Cost.</b> At most one page of history at a time, and one row in each interval. Rows that
 * were just written belong to conversations that are awake, whose newest entries are in memory and
 * cost no read of the store. Older ones are read like any page of history: with DynamoDB a page of
 * 100 short texts is about 10 read units, and one of long texts more. A row with more than {@value
 * #MOST_ENTRIES} entries behind its read cursor is skipped, so a row is five pages at most. These
 * count as history that was read. The two further looks read nothing from the store, and follow a
 * difference only.
 *
 * <p><b>Failures.</b> If a conversation refuses or does not answer, the row is skipped. A crash
 * loses the samples, which nobody needs.
 */
public final class UnreadAuditor extends AbstractBehavior<UnreadAuditor.Command> {
  /** Counter: rows that were counted again. */
  public static final String CHECKED = "parley.unread.checked";

  /** Counter: rows whose count was wrong. */
  public static final String DRIFT = "parley.unread.drift";

  /**
   * Counter: rows that were not counted, by {@code why}: {@code long} for too many entries, {@code
   * refused} by the conversation, {@code unavailable} without an answer, {@code moved} for a
   * difference of a row that has changed since, or whose conversation has.
   */
  public static final String SKIPPED = "parley.unread.skipped";

  /** The most entries that are read for a row. */
  static final long MOST_ENTRIES = 500;

  /**
   * The time between the two looks at a row whose count differs. By then a conversation has
   * repeated twice what its user had not acknowledged.
   */
  public static final Duration PAUSE = Duration.ofSeconds(15);

  private static final Logger LOG = LoggerFactory.getLogger(UnreadAuditor.class);
  private static final int MOST_SAMPLES = 64;
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

  private final Samples samples;
  private final Duration pause;
  private final TimerScheduler<Command> timers;
  private final Function<ConversationId, RecipientRef<Conversation.Command>> conversations;
  private final Function<UserId, RecipientRef<User.Command>> users;
  private @Nullable Audit current;

  /** A message to the auditor. */
  public sealed interface Command {}

  private enum Tick implements Command {
    TICK
  }

  private record Answered(
      Audit audit, Conversation.@Nullable PageReply reply, @Nullable Throwable failure)
      implements Command {
    @Override
    public String toString() {
      return "Answered";
    }
  }

  /** The conversation of a row whose count differs. */
  private record Viewed(
      Audit audit, Conversation.@Nullable ViewReply reply, @Nullable Throwable failure)
      implements Command {
    @Override
    public String toString() {
      return "Viewed";
    }
  }

  /** The pause is over. */
  private record LookAgain(Audit audit) implements Command {
    @Override
    public String toString() {
      return "LookAgain";
    }
  }

  /** What the user shows after the pause. */
  private record Shown(Audit audit, User.@Nullable InboxReply reply, @Nullable Throwable failure)
      implements Command {
    @Override
    public String toString() {
      return "Shown";
    }
  }

  /** A row that is being counted. */
  private static final class Audit {
    final RowSamples.Row row;
    final Set<Long> unread = new HashSet<>();
    long next;

    Audit(RowSamples.Row row) {
      this.row = row;
      this.next = Math.max(row.read(), row.joined() - 1);
    }

    void add(Entry entry) {
      if (entry.body().countable() && !entry.senderId().equals(row.user())) {
        unread.add(entry.seq());
      } else if (entry.body() instanceof EntryBody.Delete delete) {
        unread.remove(delete.targetSeq());
      }
      next = entry.seq();
    }

    /** Whether the conversation is where the row says: its end, and the read cursor. */
    boolean isOf(ConversationView view) {
      return view.lastSeq() == row.last()
          && view.members().stream()
              .anyMatch(
                  member -> member.userId().equals(row.user()) && member.readSeq() == row.read());
    }

    boolean isShownIn(InboxPage page) {
      return page.conversations().stream()
          .anyMatch(
              shown ->
                  shown.conversationId().equals(row.conversation())
                      && shown.lastSeq() == row.last()
                      && shown.readSeq() == row.read()
                      && shown.unreadCount() == row.unread());
    }
  }

  /** The rows that wait for the auditor, and its meters. Thread-safe. */
  public static final class Samples implements RowSamples {
    private final ArrayBlockingQueue<Row> waiting = new ArrayBlockingQueue<>(MOST_SAMPLES);
    private final Counter checked;
    private final Counter drift;
    private final Counter tooLong;
    private final Counter moved;
    private final Counter refused;
    private final Counter unavailable;

    /** Registers the meters. */
    public Samples(MeterRegistry registry) {
      checked = registry.counter(CHECKED);
      drift = registry.counter(DRIFT);
      tooLong = registry.counter(SKIPPED, "why", "long");
      moved = registry.counter(SKIPPED, "why", "moved");
      refused = registry.counter(SKIPPED, "why", "refused");
      unavailable = registry.counter(SKIPPED, "why", "unavailable");
    }

    @Override
    public void written(Row row) {
      if (waiting.remainingCapacity() > 0) {
        boolean unused = waiting.offer(row); // full: another row was first
      }
    }

    private @Nullable Row take() {
      Row row = waiting.poll();
      waiting.clear(); // so that the next one is new
      return row;
    }
  }

  private UnreadAuditor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Samples samples,
      Duration pause,
      Function<ConversationId, RecipientRef<Conversation.Command>> conversations,
      Function<UserId, RecipientRef<User.Command>> users) {
    super(context);
    this.timers = timers;
    this.samples = samples;
    this.pause = pause;
    this.conversations = conversations;
    this.users = users;
  }

  /**
   * The job.
   *
   * @param samples where rows come from
   * @param every the interval between two rows
   * @param pause the time between two looks at a row whose count differs; {@link #PAUSE}
   * @param conversations finds a conversation
   * @param users finds a user
   */
  public static Behavior<Command> create(
      Samples samples,
      Duration every,
      Duration pause,
      Function<ConversationId, RecipientRef<Conversation.Command>> conversations,
      Function<UserId, RecipientRef<User.Command>> users) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, every);
                  return new UnreadAuditor(context, timers, samples, pause, conversations, users);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Tick.class, tick -> next())
        .onMessage(Answered.class, this::answered)
        .onMessage(Viewed.class, this::viewed)
        .onMessage(LookAgain.class, this::lookAgain)
        .onMessage(Shown.class, this::shown)
        .build();
  }

  private Behavior<Command> next() {
    RowSamples.Row row = current == null ? samples.take() : null;
    if (row == null) {
      return this;
    }
    Audit audit = new Audit(row);
    if (row.last() - audit.next > MOST_ENTRIES) {
      samples.tooLong.increment();
    } else {
      current = audit;
      goOn(audit);
    }
    return this;
  }

  /** Reads the next page of the row, or judges the row. */
  private void goOn(Audit audit) {
    if (audit.next >= audit.row.last()) {
      if (audit.unread.size() == audit.row.unread()) {
        end(samples.checked);
      } else {
        viewConversation(audit);
      }
      return;
    }
    long after = audit.next;
    getContext()
        .ask(
            Conversation.PageReply.class,
            conversations.apply(audit.row.conversation()),
            ANSWER_TIMEOUT,
            replyTo ->
                new Conversation.GetPage(
                    audit.row.user(), null, after, Limits.PAGE, false, replyTo),
            (reply, failure) -> new Answered(audit, reply, failure));
  }

  private Behavior<Command> answered(Answered answered) {
    Audit audit = answered.audit();
    if (answered.failure() != null) {
      end(samples.unavailable);
    } else if (answered.reply() instanceof Conversation.Page page && add(audit, page.page())) {
      goOn(audit);
    } else {
      end(samples.refused);
    }
    return this;
  }

  private void end(Counter outcome) {
    outcome.increment();
    current = null;
  }

  /** Counts the entries of a page. Returns false if it has none, so that nothing follows. */
  private static boolean add(Audit audit, HistoryPage page) {
    List<Entry> entries =
        page.entries().stream().filter(entry -> entry.seq() <= audit.row.last()).toList();
    entries.forEach(audit::add);
    return !entries.isEmpty();
  }

  private void viewConversation(Audit audit) {
    getContext()
        .ask(
            Conversation.ViewReply.class,
            conversations.apply(audit.row.conversation()),
            ANSWER_TIMEOUT,
            replyTo -> new Conversation.GetView(audit.row.user(), replyTo),
            (reply, failure) -> new Viewed(audit, reply, failure));
  }

  private Behavior<Command> viewed(Viewed viewed) {
    if (viewed.failure() != null) {
      end(samples.unavailable);
    } else if (viewed.reply() instanceof Conversation.Viewed found
        && viewed.audit().isOf(found.view())) {
      timers.startSingleTimer(LookAgain.class, new LookAgain(viewed.audit()), pause);
    } else {
      end(samples.moved);
    }
    return this;
  }

  /** Asks for the top of the inbox: a row whose conversation has just moved is there. */
  private Behavior<Command> lookAgain(LookAgain again) {
    getContext()
        .ask(
            User.InboxReply.class,
            users.apply(again.audit().row.user()),
            ANSWER_TIMEOUT,
            replyTo -> new User.GetInbox(Limits.INBOX_PAGE, null, replyTo),
            (reply, failure) -> new Shown(again.audit(), reply, failure));
    return this;
  }

  private Behavior<Command> shown(Shown shown) {
    if (shown.failure() != null) {
      end(samples.unavailable);
    } else if (shown.reply() instanceof User.Inbox inbox && shown.audit().isShownIn(inbox.page())) {
      end(samples.checked);
      drift(shown.audit());
    } else {
      end(samples.moved);
    }
    return this;
  }

  private void drift(Audit audit) {
    RowSamples.Row row = audit.row;
    samples.drift.increment();
    LOG.warn(
        "The unread count of {} in {} is {} at entry {}, and the log has {} after entry {}",
        row.user(),
        row.conversation(),
        row.unread(),
        row.last(),
        audit.unread.size(),
        row.read());
  }
}
