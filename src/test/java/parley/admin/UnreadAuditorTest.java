package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.ConversationView;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.InboxRow;
import parley.model.Refusal;
import parley.model.Role;
import parley.model.UserId;
import parley.user.RowSamples;
import parley.user.User;

/**
 * The count of a row from a log: 120 texts, every third by Ann, and deletions. A test may end the
 * log earlier, move Ann's read cursor, or change the row that Ann's user shows.
 */
class UnreadAuditorTest {
  private static final UserId ANN = new UserId("u_ann");
  private static final UserId BEN = new UserId("u_ben");
  private static final ConversationId ID = ConversationId.group("1");

  private final ActorTestKit kit = ActorTestKit.create("unread-auditor");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final UnreadAuditor.Samples samples = new UnreadAuditor.Samples(registry);
  private final List<Entry> log = new ArrayList<>();
  private final AtomicInteger pages = new AtomicInteger();
  private final AtomicInteger views = new AtomicInteger();
  private final AtomicInteger inboxes = new AtomicInteger();

  /** The read cursor of Ann, as the conversation knows it. */
  private volatile long read;

  /** The rows that Ann's user shows now. */
  private volatile List<InboxRow> shown = List.of();

  UnreadAuditorTest() {
    for (long seq = 1; seq <= 120; seq++) {
      add(seq % 3 == 0 ? ANN : BEN, new EntryBody.Text("text", null, null, false));
    }
    add(BEN, new EntryBody.Delete(100, BEN)); // 121
    add(ANN, new EntryBody.Delete(99, ANN)); // 122: of Ann's own
    add(BEN, new EntryBody.Text("text", null, null, false)); // 123
    add(BEN, new EntryBody.Delete(101, BEN)); // 124
    ActorRef<Conversation.Command> conversation =
        kit.spawn(
            Behaviors.receiveMessage(
                message -> {
                  switch (message) {
                    case Conversation.GetPage get -> answer(get);
                    case Conversation.GetView get -> answer(get);
                    default -> throw new AssertionError(message);
                  }
                  return Behaviors.same();
                }));
    ActorRef<User.Command> user =
        kit.spawn(
            Behaviors.receiveMessage(
                message -> {
                  inboxes.incrementAndGet();
                  User.GetInbox get = (User.GetInbox) message;
                  get.replyTo().tell(new User.Inbox(new InboxPage(shown, null)));
                  return Behaviors.same();
                }));
    kit.spawn(
        UnreadAuditor.create(
            samples, Duration.ofMillis(5), Duration.ofMillis(5), id -> conversation, id -> user));
  }

  private void answer(Conversation.GetView get) {
    views.incrementAndGet();
    get.replyTo()
        .tell(
            new Conversation.Viewed(
                new ConversationView(
                    ID,
                    ConversationType.GROUP,
                    "group",
                    null,
                    List.of(new ConversationView.MemberView(ANN, Role.MEMBER, 1, read, read)),
                    log.size(),
                    1)));
  }

  /** The row that Ann's user shows. */
  private static InboxRow row(long read, long last, long unread) {
    return new InboxRow(
        ID,
        ConversationType.GROUP,
        "group",
        null,
        last,
        null,
        unread,
        read,
        0,
        0,
        false,
        false,
        false,
        false);
  }

  /** Audits a row that Ann's user shows, and that the conversation has sent last. */
  private void auditShown(long readTo, long last, long unread) {
    while (log.size() > last) {
      log.removeLast();
    }
    read = readTo;
    shown = List.of(row(readTo, last, unread));
    audit(ANN, 1, readTo, last, unread);
  }

  private void add(UserId sender, EntryBody body) {
    long seq = log.size() + 1L;
    log.add(new Entry(seq, "m" + seq, sender, seq, null, body));
  }

  private void answer(Conversation.GetPage get) {
    pages.incrementAndGet();
    if (!get.viewer().equals(ANN)) {
      get.replyTo().tell(new Conversation.Refused(Refusal.notFound()));
      return;
    }
    long after = Objects.requireNonNull(get.after());
    List<Entry> entries =
        log.stream().filter(entry -> entry.seq() > after).limit(get.limit()).toList();
    get.replyTo()
        .tell(
            new Conversation.Page(
                new HistoryPage(ID, entries, entries.size() == get.limit(), tier())));
  }

  private static HistoryPage.Tier tier() {
    return HistoryPage.Tier.MEMORY;
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private double count(String meter, String... tags) {
    return registry.get(meter).tags(tags).counter().count();
  }

  /** Offers a row, and waits until it has been handled. */
  private void audit(UserId user, long joined, long read, long last, long unread) {
    double before = handled();
    samples.written(new RowSamples.Row(user, ID, joined, read, last, unread));
    await().until(() -> handled() > before);
  }

  private double handled() {
    return count(UnreadAuditor.CHECKED)
        + count(UnreadAuditor.SKIPPED, "why", "long")
        + count(UnreadAuditor.SKIPPED, "why", "moved")
        + count(UnreadAuditor.SKIPPED, "why", "refused")
        + count(UnreadAuditor.SKIPPED, "why", "unavailable");
  }

  @Test
  void rightCountsAreNoDrift() {
    audit(ANN, 1, 0, 120, 80); // two pages
    assertThat(pages).hasValue(2);
    audit(ANN, 1, 0, 121, 79); // without 100
    audit(ANN, 1, 0, 122, 79); // her own does not count
    audit(ANN, 1, 0, 124, 79); // 123 more, 101 less
    audit(ANN, 1, 120, 123, 1);
    audit(ANN, 100, 3, 120, 14); // joined later
    audit(ANN, 1, 120, 120, 0); // nothing to read
    assertThat(count(UnreadAuditor.CHECKED)).isEqualTo(7);
    assertThat(count(UnreadAuditor.DRIFT)).isZero();
  }

  @Test
  void wrongCountsAreDrift() {
    auditShown(120, 124, 7);
    auditShown(0, 121, 80);
    auditShown(0, 120, 81);
    auditShown(120, 120, 1);
    assertThat(count(UnreadAuditor.DRIFT)).isEqualTo(4);
    assertThat(count(UnreadAuditor.CHECKED)).isEqualTo(4);
    assertThat(views).hasValue(4);
    assertThat(inboxes).hasValue(4);
  }

  /**
   * A conversation sends a row with its count before the user has all the entries that it counts.
   */
  @Test
  void aCountOfEntriesThatTheUserHasNotGotYetIsNoDrift() {
    audit(ANN, 1, 0, 110, 79); // the count at 124
    assertThat(count(UnreadAuditor.DRIFT)).isZero();
    assertThat(count(UnreadAuditor.SKIPPED, "why", "moved")).isEqualTo(1);
    assertThat(inboxes).hasValue(0);
  }

  /** A conversation that starts again may have forgotten a cursor that the user knows. */
  @Test
  void aCountAtAnotherReadCursorIsNoDrift() {
    read = 100;
    shown = List.of(row(120, 124, 14));
    audit(ANN, 1, 120, 124, 14);
    assertThat(count(UnreadAuditor.DRIFT)).isZero();
    assertThat(count(UnreadAuditor.SKIPPED, "why", "moved")).isEqualTo(1);
  }

  /** It was corrected between the two looks. */
  @Test
  void aRowThatIsShownOtherwiseLaterIsNoDrift() {
    read = 120;
    shown = List.of(row(120, 124, 1));
    audit(ANN, 1, 120, 124, 2);
    shown = List.of();
    audit(ANN, 1, 120, 124, 2);
    assertThat(inboxes).hasValue(2);
    assertThat(count(UnreadAuditor.DRIFT)).isZero();
    assertThat(count(UnreadAuditor.SKIPPED, "why", "moved")).isEqualTo(2);
  }

  @Test
  void whatCannotBeCountedIsSkipped() {
    audit(ANN, 1, 0, UnreadAuditor.MOST_ENTRIES + 1, 7);
    assertThat(pages).hasValue(0);
    audit(BEN, 1, 0, 120, 7);
    audit(ANN, 1, 0, 200, 7); // the log ends before
    assertThat(count(UnreadAuditor.SKIPPED, "why", "long")).isEqualTo(1);
    assertThat(count(UnreadAuditor.SKIPPED, "why", "refused")).isEqualTo(2);
    assertThat(count(UnreadAuditor.CHECKED)).isZero();
    audit(ANN, 1, 0, 120, 80);
    assertThat(count(UnreadAuditor.CHECKED)).isEqualTo(1);
    assertThat(count(UnreadAuditor.DRIFT)).isZero();
  }
}
