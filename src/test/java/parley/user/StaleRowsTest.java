package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;
import static parley.user.UserTestData.PHONE;

import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.InboxRow;
import parley.user.UserTestData.Mail;

/** A user whose rows in the journal may be older than what clients have seen. */
class StaleRowsTest {
  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void crashWithARowThatWaits() {
    harness.changesMayWait();
    harness.start();
    harness.make();
    harness.attach(PHONE, "s1", false);
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    harness.flush();
    harness.tell(read().deliver());
    assertThat(harness.inbox().getFirst().unreadCount()).isZero();
    harness.crash();
    harness.conversations.clear();
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  /** Everything was read. */
  private static Mail read() {
    return Mail.of(CHAT, 1, 2).version(3).read(2, 0);
  }

  private TestProbe<User.InboxReply> askForInbox() {
    TestProbe<User.InboxReply> probe = harness.kit.createTestProbe();
    harness.tell(new User.GetInbox(10, null, probe.getRef()));
    return probe;
  }

  private static List<InboxRow> rows(TestProbe<User.InboxReply> probe) {
    return probe.expectMessageClass(User.Inbox.class).page().conversations();
  }

  private static ErrorCode refusal(TestProbe<User.InboxReply> probe) {
    return probe.expectMessageClass(User.Refused.class).refusal().code();
  }

  private void tick(Duration time) {
    for (int i = 0; i < time.toSeconds(); i++) {
      harness.tell(new UserInternal.AskForRows());
    }
  }

  private List<ConversationId> asked() {
    return List.copyOf(harness.conversations).stream()
        .filter(
            sent -> sent.message() instanceof User.Dispatched dispatched && dispatched.restarted())
        .map(UserHarness.Sent::to)
        .toList();
  }

  @Test
  void inboxWaitsForTheAnswerOfTheConversation() {
    TestProbe<User.InboxReply> inbox = askForInbox();
    inbox.expectNoMessage(Duration.ZERO);
    harness.tell(read().deliver());
    assertThat(rows(inbox)).extracting(InboxRow::unreadCount).containsExactly(0L);
  }

  @Test
  void answerWithoutNewsEndsTheWait() {
    TestProbe<User.InboxReply> inbox = askForInbox();
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(rows(inbox)).hasSize(1);
  }

  /** Its entries come in several messages. */
  @Test
  void answerWithAGapDoesNotEndTheWait() {
    TestProbe<User.InboxReply> inbox = askForInbox();
    harness.tell(Mail.of(CHAT, 4, 5).deliver());
    inbox.expectNoMessage(Duration.ZERO);
    harness.tell(Mail.of(CHAT, 3, 5).deliver());
    assertThat(rows(inbox)).extracting(InboxRow::lastSeq).containsExactly(5L);
  }

  @Test
  void newsOfAnotherConversationDoesNotEndTheWait() {
    TestProbe<User.InboxReply> inbox = askForInbox();
    harness.tell(Mail.of(GROUP, 1, 1).deliver());
    inbox.expectNoMessage(Duration.ZERO);
  }

  @Test
  void inboxIsRefusedIfNoAnswerComes() {
    TestProbe<User.InboxReply> inbox = askForInbox();
    tick(StaleRows.MAX_WAIT.minusSeconds(1));
    inbox.expectNoMessage(Duration.ZERO);
    tick(Duration.ofSeconds(1));
    assertThat(refusal(inbox)).isEqualTo(ErrorCode.UNAVAILABLE);
  }

  @Test
  void questionIsRepeatedAndGivenUp() {
    tick(Duration.ofSeconds(1));
    assertThat(asked()).containsExactly(CHAT);
    tick(StaleRows.MAX_ASKING.minusSeconds(2));
    TestProbe<User.InboxReply> inbox = askForInbox();
    inbox.expectNoMessage(Duration.ZERO);
    tick(Duration.ofSeconds(1));
    assertThat(rows(inbox)).hasSize(1);
    harness.conversations.clear();
    tick(Duration.ofSeconds(1));
    assertThat(asked()).isEmpty();
  }

  /** Which sends its row only to a user that misses the confirmation of a cursor. */
  @Test
  void conversationOfAnOlderVersionIsAskedInItsOwnWay() {
    assertThat(harness.delivered()).isEmpty();
    tick(Duration.ofSeconds(1));
    assertThat(harness.delivered()).containsExactly(0L);
  }

  @Test
  void requestsThatWaitAreBounded() {
    for (int i = 0; i < StaleRows.MAX_WAITING; i++) {
      askForInbox();
    }
    assertThat(refusal(askForInbox())).isEqualTo(ErrorCode.UNAVAILABLE);
  }

  /** Sessions get the whole row with a flag. */
  @Test
  void flagsOfARowWaitToo() {
    TestProbe<User.DoneReply> done = harness.kit.createTestProbe();
    harness.tell(new User.SetRowFlags(CHAT, true, null, null, done.getRef()));
    done.expectNoMessage(Duration.ZERO);
    harness.tell(read().deliver());
    done.expectMessageClass(User.Done.class);
    assertThat(harness.inbox()).extracting(InboxRow::muted).containsExactly(true);
  }

  @Test
  void failedWriteRefusesWhatWaits() {
    harness.attach(PHONE, "s2", false);
    TestProbe<User.InboxReply> inbox = askForInbox();
    harness.tell(Mail.of(GROUP, 1, 1).deliver());
    harness.failNextWrite();
    harness.tellOnly(new UserInternal.Flush());
    harness.awaitTerminated();
    assertThat(refusal(inbox)).isEqualTo(ErrorCode.UNAVAILABLE);
  }

  @Test
  void stopRefusesWhatWaits() {
    harness.attach(PHONE, "s2", false);
    TestProbe<User.InboxReply> inbox = askForInbox();
    harness.stopEntity();
    assertThat(refusal(inbox)).isEqualTo(ErrorCode.UNAVAILABLE);
  }
}
