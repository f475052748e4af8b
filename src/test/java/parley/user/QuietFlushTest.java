package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.CHAT;
import static parley.user.UserFixtures.PHONE;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.user.UserFixtures.Mail;

/** Which changes may wait in memory, and what the conversation is told of them. */
class QuietFlushTest {
  private static final long LONGER_THAN_LIVELY = 120_000;

  private final UserHarness rig = new UserHarness();

  @BeforeEach
  void start() {
    rig.changesMayWait();
    rig.start();
    rig.make();
    rig.attach(PHONE, "s1", false);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private List<Long> held() {
    return List.copyOf(rig.conversations).stream()
        .filter(sent -> sent.message() instanceof User.Holding)
        .map(sent -> ((User.Holding) sent.message()).seq())
        .toList();
  }

  @Test
  void firstEntryIsFlushedSoonAndTheNextMayWait() {
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    assertThat(held()).as("a row that the journal does not have").isEmpty();
    rig.flush();
    rig.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(held()).containsExactly(2L);
    assertThat(rig.dispatched()).as("durable").containsExactly(1L);
    rig.flush();
    assertThat(rig.dispatched()).containsExactly(1L, 2L);
  }

  @Test
  void repeatedEntryIsHeldAgain() {
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.flush();
    rig.tell(Mail.of(CHAT, 2, 2).deliver());
    rig.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(held()).containsExactly(2L, 2L);
  }

  @Test
  void firstEntryAfterAPauseIsFlushedSoon() {
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.flush();
    rig.clock.advance(LONGER_THAN_LIVELY);
    rig.tell(Mail.of(CHAT, 2, 2).deliver());
    assertThat(held()).isEmpty();
  }

  @Test
  void removalIsFlushedSoon() {
    rig.tell(Mail.of(UserFixtures.GROUP, 1, 1).deliver());
    rig.flush();
    rig.tell(Mail.of(UserFixtures.GROUP, 2, 2).left(2).deliver());
    assertThat(held()).isEmpty();
  }

  /** The user has lost what it held, and a device of the user may be back at once. */
  @Test
  void crashedUserReportsTheStoredHeadsOfActiveConversations() {
    rig.tell(Mail.of(CHAT, 1, 1).deliver());
    rig.flush();
    rig.tell(Mail.of(CHAT, 2, 2).deliver());
    rig.conversations.clear();
    rig.crash();
    assertThat(rig.dispatched()).containsExactly(1L);

    rig.clock.advance(LONGER_THAN_LIVELY);
    rig.conversations.clear();
    rig.crash();
    assertThat(rig.dispatched()).as("the next entry may have waited").containsExactly(1L);

    rig.clock.advance(LONGER_THAN_LIVELY);
    rig.conversations.clear();
    rig.crash();
    assertThat(rig.dispatched()).as("nothing can have waited").isEmpty();
  }
}
