package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.PHONE;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.user.UserTestData.Mail;

/** Which changes may wait in memory, and what the conversation is told of them. */
class DeferredFlushTest {
  private static final long LONGER_THAN_LIVELY = 240_000;

  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void start() {
    harness.changesMayWait();
    harness.start();
    harness.make();
    harness.attach(PHONE, "s1", false);
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  private List<Long> held() {
    return List.copyOf(harness.conversations).stream()
        .filter(sent -> sent.message() instanceof User.Holding)
        .map(sent -> ((User.Holding) sent.message()).seq())
        .toList();
  }

  @Test
  void firstEntryIsFlushedSoonAndTheNextMayWait() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(held()).as("a row that the journal does not have").isEmpty();
    harness.flush();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(held()).containsExactly(2L);
    assertThat(harness.dispatched()).as("durable").containsExactly(1L);
    harness.flush();
    assertThat(harness.dispatched()).containsExactly(1L, 2L);
  }

  @Test
  void repeatedEntryIsHeldAgain() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(held()).containsExactly(2L, 2L);
  }

  /** A conversation that is told of each of a thousand entries a second is told a hundred times. */
  @Test
  void heldEntriesAreGathered() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    for (long seq = 2; seq <= 9; seq++) {
      harness.tell(Mail.of(CHAT, seq, seq).deliver());
    }
    assertThat(held()).containsExactly(2L);
    harness.clock.advance(HoldingNotices.GATHER_MILLIS);
    harness.tell(new UserInternal.NoticesDue());
    assertThat(held()).containsExactly(2L, 9L);
    harness.clock.advance(HoldingNotices.GATHER_MILLIS);
    harness.tell(Mail.of(CHAT, 10, 10).deliver());
    assertThat(held()).containsExactly(2L, 9L, 10L);
  }

  /** It does not know what the user holds. */
  @Test
  void repeatedEntryIsNotGathered() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    harness.tell(Mail.of(CHAT, 3, 3).deliver());
    harness.tell(Mail.of(CHAT, 3, 3).deliver());
    assertThat(held()).containsExactly(2L, 3L);
    harness.clock.advance(HoldingNotices.GATHER_MILLIS);
    harness.tell(new UserInternal.NoticesDue());
    assertThat(held()).containsExactly(2L, 3L);
  }

  @Test
  void whatWasWrittenMeanwhileIsNoLongerHeld() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    harness.tell(Mail.of(CHAT, 3, 3).deliver());
    harness.flush();
    harness.clock.advance(HoldingNotices.GATHER_MILLIS);
    harness.tell(new UserInternal.NoticesDue());
    assertThat(held()).containsExactly(2L);
  }

  @Test
  void firstEntryAfterAPauseIsFlushedSoon() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    harness.clock.advance(LONGER_THAN_LIVELY);
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(held()).isEmpty();
  }

  @Test
  void removalIsFlushedSoon() {
    harness.tell(Mail.of(UserTestData.GROUP, 1, 1).deliver());
    harness.flush();
    harness.tell(Mail.of(UserTestData.GROUP, 2, 2).left(2).deliver());
    assertThat(held()).isEmpty();
  }

  /** The user has lost what it held, and a device of the user may be back at once. */
  @Test
  void crashedUserReportsTheStoredHeadsOfActiveConversations() {
    harness.tell(Mail.of(CHAT, 1, 1).deliver());
    harness.flush();
    harness.tell(Mail.of(CHAT, 2, 2).deliver());
    harness.conversations.clear();
    harness.crash();
    assertThat(harness.dispatched()).containsExactly(1L);

    harness.clock.advance(LONGER_THAN_LIVELY);
    harness.conversations.clear();
    harness.crash();
    assertThat(harness.dispatched()).as("the next entry may have waited").containsExactly(1L);

    harness.clock.advance(2 * LONGER_THAN_LIVELY);
    harness.conversations.clear();
    harness.crash();
    assertThat(harness.dispatched()).as("nothing can have waited").isEmpty();
  }

  /**
   * A cursor that is no version of its own comes late, waits and is lost. Its conversation sends it
   * again when its own journal gets it.
   */
  @Test
  void cursorThatWaitedIsAskedForUntilItsConversationSendsItAgain() {
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    harness.flush();
    harness.clock.advance(205_000);
    harness.tell(Mail.of(CHAT, 1, 2).read(2, 0).deliver());
    assertThat(held()).containsExactly(2L);
    harness.clock.advance(300_000);
    harness.conversations.clear();
    harness.crash();
    assertThat(harness.dispatched()).containsExactly(2L);
  }
}
