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
import org.jspecify.annotations.Nullable;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage;
import parley.model.Limits;
import parley.user.RowSamples;

/**
 * Checks unread counts against the log, all the time and slowly. It takes a sample of the inbox
 * rows that users of this node write, reads the entries behind the read cursor as the member sees
 * them, and counts again.
 *
 * <p><b>No false alarm.</b> A row states how many texts between two places of the log were not
 * deleted up to the second place. That part of the log never changes, so it does not matter what
 * has happened since.
 *
 * <p><b>Cost.</b> At most one page of history at a time, and one row in each interval. Rows that
 * were just written belong to conversations that are awake, whose newest entries are in memory. A
 * row with more than {@value #MOST_ENTRIES} entries behind its read cursor is skipped.
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
   * refused} by the conversation, {@code unavailable} without an answer.
   */
  public static final String SKIPPED = "parley.unread.skipped";

  /** The most entries that are read for a row. */
  static final long MOST_ENTRIES = 500;

  private static final int MOST_SAMPLES = 64;
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

  private final Samples samples;
  private final Function<ConversationId, RecipientRef<Conversation.Command>> conversations;
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
  }

  /** The rows that wait for the auditor, and its meters. Thread-safe. */
  public static final class Samples implements RowSamples {
    private final ArrayBlockingQueue<Row> waiting = new ArrayBlockingQueue<>(MOST_SAMPLES);
    private final Counter checked;
    private final Counter drift;
    private final Counter tooLong;
    private final Counter refused;
    private final Counter unavailable;

    /** Registers the meters. */
    public Samples(MeterRegistry registry) {
      checked = registry.counter(CHECKED);
      drift = registry.counter(DRIFT);
      tooLong = registry.counter(SKIPPED, "why", "long");
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
      Samples samples,
      Function<ConversationId, RecipientRef<Conversation.Command>> conversations) {
    super(context);
    this.samples = samples;
    this.conversations = conversations;
  }

  /**
   * The job.
   *
   * @param samples where rows come from
   * @param every the interval between two rows
   * @param conversations finds a conversation
   */
  public static Behavior<Command> create(
      Samples samples,
      Duration every,
      Function<ConversationId, RecipientRef<Conversation.Command>> conversations) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Tick.TICK, every);
                  return new UnreadAuditor(context, samples, conversations);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Tick.class, tick -> next())
        .onMessage(Answered.class, this::answered)
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
      judge(audit);
      current = null;
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
      samples.unavailable.increment();
      current = null;
    } else if (answered.reply() instanceof Conversation.Page page && add(audit, page.page())) {
      goOn(audit);
    } else {
      samples.refused.increment();
      current = null;
    }
    return this;
  }

  /** Counts the entries of a page. Returns false if it has none, so that nothing follows. */
  private static boolean add(Audit audit, HistoryPage page) {
    List<Entry> entries =
        page.entries().stream().filter(entry -> entry.seq() <= audit.row.last()).toList();
    entries.forEach(audit::add);
    return !entries.isEmpty();
  }

  private void judge(Audit audit) {
    samples.checked.increment();
    RowSamples.Row row = audit.row;
    if (audit.unread.size() != row.unread()) {
      samples.drift.increment();
      getContext()
          .getLog()
          .warn(
              "The unread count of {} in {} is {} at entry {}, and the log has {} after entry {}",
              row.user(),
              row.conversation(),
              row.unread(),
              row.last(),
              audit.unread.size(),
              row.read());
    }
  }
}
