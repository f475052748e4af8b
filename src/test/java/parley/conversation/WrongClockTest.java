package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.Entry;

/** The times and ids of a log that was written under a wrong clock for a while. */
class WrongClockTest {
  private static final long HOUR = Duration.ofHours(1).toMillis();

  private static List<Entry> entries(ConversationHarness h) {
    return h.page(ANN, null, null, 100, false).entries();
  }

  @Test
  void clockThatWasAheadDoesNotFreezeEntryTimes() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      long right = h.clock.get();
      h.clock.set(right + 3 * HOUR);
      long wrong = h.text(ANN, "wrong", "three hours ahead").at();
      h.clock.set(right);
      h.restart();
      List<Long> times = new ArrayList<>(List.of(wrong));
      for (int i = 1; i <= 20; i++) {
        h.clock.addAndGet(10_000);
        times.add(h.text(i % 2 == 0 ? ANN : BOB, "m" + i, "on").at());
      }
      assertThat(times).isSorted();
      // The first entry of a new incarnation may have the time of the entry before it.
      assertThat(times.subList(1, times.size())).doesNotHaveDuplicates();
      assertThat(times.getLast() - h.clock.get()).as("the lead").isLessThan(3 * HOUR).isPositive();
      // After twice the lead the log follows the clock again, and stays with it.
      h.clock.set(right + 6 * HOUR);
      assertThat(h.text(ANN, "right", "again").at()).isEqualTo(right + 6 * HOUR);
      h.clock.addAndGet(1);
      assertThat(h.text(ANN, "right2", "again").at()).isEqualTo(right + 6 * HOUR + 1);
    }
  }

  @Test
  void clockJumpsNeverTakeEntryTimesBack() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      long right = h.clock.get();
      long[] jumps = {0, 5 * HOUR, -2 * HOUR, HOUR, -3 * HOUR, 4 * HOUR, 0, 1_000, 6 * HOUR};
      long last = 0;
      for (int i = 0; i < jumps.length; i++) {
        h.clock.set(right + jumps[i]);
        for (int k = 0; k < 3; k++) {
          long at = h.text(ANN, "m" + i + "-" + k, "x").at();
          assertThat(at).isBetween(last, Math.max(last, h.clock.get()) + 5 * HOUR);
          last = at;
          h.clock.addAndGet(500);
        }
      }
    }
  }

  @Test
  void retryIsFoundDespiteAWrongEntryTime() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      long right = h.clock.get();
      String early = UlidCreator.getUlid(right).toString();
      h.clock.set(right + 3 * HOUR);
      long seq = h.text(ANN, early, "ahead").seq();
      h.clock.set(right);
      h.restart();
      String later = UlidCreator.getUlid(right + 1_000).toString();
      long second = h.text(ANN, later, "behind the log").seq();
      // So many entries that both have left the window, and are searched for by their time.
      for (int i = 0; i < DedupeWindow.CAPACITY + 10; i++) {
        h.tell(
            new Conversation.Post(
                BOB,
                "fill-" + i,
                new parley.model.EntryIntent.Text("x", null, List.of()),
                null,
                h.posts.getRef()));
        if (i % 100 == 99) {
          h.posts.receiveSeveralMessages(100, Duration.ofSeconds(20));
        }
      }
      h.posts.receiveSeveralMessages(10 + DedupeWindow.CAPACITY % 100, Duration.ofSeconds(20));
      assertThat(h.text(ANN, early, "again"))
          .matches(Conversation.Posted::duplicate)
          .matches(again -> again.seq() == seq);
      assertThat(h.text(ANN, later, "again"))
          .matches(Conversation.Posted::duplicate)
          .matches(again -> again.seq() == second);
    }
  }

  @Test
  void messageIdsAscendAcrossNodes() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      long right = h.clock.get();
      h.messageIds = () -> UlidCreator.getUlid(right + 3 * HOUR).toString();
      h.text(ANN, "ahead", "x");
      // The next node's clock is right.
      h.messageIds = () -> UlidCreator.getUlid(right).toString();
      for (int life = 0; life < 3; life++) {
        h.restart();
        for (int i = 0; i < 5; i++) {
          h.text(ANN, life + "-" + i, "x");
        }
      }
      List<String> ids =
          entries(h).stream().filter(e -> e.seq() > 1).map(Entry::messageId).toList();
      assertThat(ids).hasSize(16).isSorted().doesNotHaveDuplicates();
      // Once the clock is past the last entry, ids carry its time again.
      String now = UlidCreator.getUlid(right + 4 * HOUR).toString();
      h.messageIds = () -> now;
      assertThat(h.text(ANN, "late", "x").messageId()).isEqualTo(now);
    }
  }

  @Test
  void idsOfOneBatchAscend() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      String one = UlidCreator.getUlid(h.clock.get()).toString();
      h.messageIds = () -> one;
      for (int i = 0; i < 40; i++) {
        h.tell(
            new Conversation.Post(
                ANN,
                "m" + i,
                new parley.model.EntryIntent.Text("x", null, List.of()),
                null,
                h.posts.getRef()));
      }
      List<String> ids =
          h.posts.receiveSeveralMessages(40, Duration.ofSeconds(20)).stream()
              .map(reply -> ((Conversation.Posted) reply).messageId())
              .toList();
      assertThat(ids).isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void idAfterTheLargestRandomPartStillAscends() {
    String last = "01HF7YAT00" + "000" + "FZZZZZZZZZZZZ";
    String next = MessageIds.next("00000000000000000000000000", last);
    assertThat(next).isGreaterThan(last).startsWith("01HF7YAT00");
    assertThat(MessageIds.next("m2", "m10")).as("not one of ours").isEqualTo("m2");
    assertThat(MessageIds.next("m1", "m2")).as("not one of ours").isEqualTo("m1");
  }
}
