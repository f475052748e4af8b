package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.user.User;
import parley.user.UserSettings;

/**
 * If a conversation and a user disagree about what was delivered, they do not send messages to each
 * other without end: while the clock stands still, messages without progress are bounded.
 */
class MessageLoopTest {
  /** Requests and answers in a row; a message loop without a pause would exceed this number. */
  private static final int ROUNDS = 500;

  private final ConversationHarness conversationHarness = ConversationHarness.direct();

  @AfterEach
  void close() {
    conversationHarness.close();
  }

  /** Waits long enough for a message loop to show. */
  private void turn() {
    for (int i = 0; i < ROUNDS; i++) {
      conversationHarness.tell(new Conversation.GetView(ANN, conversationHarness.views.getRef()));
      conversationHarness.views.expectMessageClass(
          Conversation.Viewed.class, Duration.ofSeconds(20));
    }
  }

  private int told() {
    return conversationHarness.deliveries(BOB).size();
  }

  @Test
  void repeatedMissingReportsAreAnsweredAfterPausesOnly() {
    conversationHarness.voices.put(
        BOB, deliver -> List.of(new User.Dispatched(BOB, 0, deliver.version())));
    conversationHarness.opening(ANN, BOB, "1");
    conversationHarness.text(ANN, "2", "two");
    conversationHarness.text(ANN, "3", "three");
    turn();
    assertThat(told()).as("times told while no time passed").isLessThan(30);

    List<Integer> repeats = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int before = told();
      conversationHarness.clock.addAndGet(MemberPosition.FIRST_PAUSE.toMillis() * 5);
      await().until(() -> told() > before);
      turn();
      repeats.add(told() - before);
    }
    assertThat(repeats).as("times told after each pause").allMatch(n -> n <= 4);
  }

  @Test
  void userThatKeepsLosingItsRowIsSentAllAfterPausesOnly() {
    conversationHarness.voices.put(BOB, deliver -> List.of(new User.Dispatched(BOB, 0, 0)));
    conversationHarness.opening(ANN, BOB, "1");
    conversationHarness.text(ANN, "2", "two");
    turn();
    assertThat(told()).as("times told while no time passed").isLessThan(30);
  }

  /** Returns how many messages Bob has received by then. */
  private int bobHoldsTwoEntries() {
    conversationHarness.voices.put(
        BOB,
        deliver ->
            List.of(new User.Holding(BOB, deliver.header().lastSeq(), deliver.version(), false)));
    conversationHarness.opening(ANN, BOB, "1");
    conversationHarness.text(ANN, "2", "two");
    turn();
    return told();
  }

  /** Otherwise the conversation would repeat what the user is about to write. */
  @Test
  void heldEntriesAreNotRepeatedBeforeTheirDeadline() {
    assertThat(UserSettings.standard().deferredFlushAfter())
        .isLessThan(Dispatch.HOLDING_TIMEOUT.minusSeconds(15));
  }

  /** Otherwise a push would come late if the node of the user crashes and no device comes back. */
  @Test
  void heldEntryWithAPushThatWaitsIsRepeatedWithinSeconds() {
    conversationHarness.voices.put(
        BOB,
        deliver ->
            List.of(new User.Holding(BOB, deliver.header().lastSeq(), deliver.version(), true)));
    conversationHarness.opening(ANN, BOB, "1");
    conversationHarness.text(ANN, "2", "two");
    turn();
    int before = told();
    conversationHarness.clock.addAndGet(Dispatch.PUSH_HOLDING_TIMEOUT.toMillis() - 1);
    conversationHarness.tell(ConversationLive.Timer.TICK);
    turn();
    assertThat(told()).as("told too early").isEqualTo(before);
    conversationHarness.clock.addAndGet(1);
    conversationHarness.tell(ConversationLive.Timer.TICK);
    await().until(() -> told() > before);
  }

  /** The row alone may have been lost: a cursor, a name, a count. */
  @Test
  void lostHeldRowIsSentAtOnce() {
    int before = bobHoldsTwoEntries();
    long version = conversationHarness.deliveries(BOB).getLast().version();
    conversationHarness.tell(new Conversation.FromUser(new User.Dispatched(BOB, 2, version - 1)));
    await().until(() -> told() > before);
  }

  @Test
  void heldEntriesAreRepeatedWhenOverdue() {
    int before = bobHoldsTwoEntries();
    for (int i = 0; i < 4; i++) {
      conversationHarness.clock.addAndGet(MemberPosition.FIRST_PAUSE.toMillis() * 4);
      conversationHarness.tell(ConversationLive.Timer.TICK);
      turn();
    }
    assertThat(told()).as("times told while it was held").isEqualTo(before);
    conversationHarness.clock.addAndGet(Dispatch.HOLDING_TIMEOUT.toMillis());
    conversationHarness.tell(ConversationLive.Timer.TICK);
    await().until(() -> told() > before);
  }

  @Test
  void lostHeldEntriesAreSentAtOnce() {
    int before = bobHoldsTwoEntries();
    conversationHarness.tell(new Conversation.FromUser(new User.Dispatched(BOB, 0, 0)));
    await().until(() -> told() > before);
  }

  @Test
  void messagesWithoutProgressAreBoundedForAnyAnswers() {
    long seed = new Random().nextLong();
    System.out.println("MessageLoopTest seed " + seed);
    Random random = new Random(seed);
    conversationHarness.voices.put(
        BOB,
        deliver -> {
          List<User.ToConversation> answers = new ArrayList<>();
          for (int i = random.nextInt(3); i >= 0; i--) {
            long seq = random.nextLong(deliver.header().lastSeq() + 2);
            long version =
                switch (random.nextInt(3)) {
                  case 0 -> 0;
                  case 1 -> deliver.version();
                  default -> random.nextLong(deliver.version() + 1);
                };
            answers.add(
                switch (random.nextInt(8)) {
                  case 0 -> new User.Delivered(BOB, seq);
                  case 1 -> new User.Holding(BOB, seq, version, false);
                  default -> new User.Dispatched(BOB, seq, version);
                });
          }
          return answers;
        });
    conversationHarness.opening(ANN, BOB, "1");
    for (int i = 2; i <= 20; i++) {
      conversationHarness.text(ANN, "m" + i, "text " + i);
    }
    turn();
    int events = conversationHarness.events().size();
    assertThat(told()).as("seed %s: told, of %s events", seed, events).isLessThan(20 * events);
    for (int i = 0; i < 10; i++) {
      int before = told();
      conversationHarness.clock.addAndGet(60_000);
      turn();
      assertThat(told() - before).as("seed %s: told after a pause", seed).isLessThan(100);
    }
  }
}
