package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;

import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Refusal;

/** The limit of messages of one conversation, whoever sends them. */
class ConversationRateTest {
  private static Refusal refused(ConversationHarness h, String id) {
    return ((Conversation.PostRefused) h.post(BOB, id, new EntryIntent.Text("x", null, List.of())))
        .refusal();
  }

  @Test
  void newMessagesTakeFromItAndRetriesDoNot() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.messagesPerSecond(4);
      h.opening(ANN, BOB, "c1");
      for (int i = 2; i <= 4; i++) {
        assertThat(h.text(i % 2 == 0 ? ANN : BOB, "c" + i, "x").seq()).isEqualTo(i);
      }
      Refusal refusal = refused(h, "c5");
      assertThat(refusal.code()).isEqualTo(ErrorCode.RATE_LIMITED);
      assertThat(refusal.retryAfterMillis()).isEqualTo(250);
      // A retry of a stored message is answered as before, and takes nothing.
      for (int i = 0; i < 10; i++) {
        Conversation.Posted again = h.text(ANN, "c4", "x");
        assertThat(again.seq()).isEqualTo(4);
        assertThat(again.duplicate()).isTrue();
      }
      assertThat(h.telemetry.scrape()).contains("parley_limited_total{limit=\"conversation\"} 1.0");
      h.clock.addAndGet(250);
      assertThat(h.text(BOB, "c5", "x").seq()).isEqualTo(5);
      assertThat(refused(h, "c6").code()).isEqualTo(ErrorCode.RATE_LIMITED);
    }
  }

  @Test
  void aMessageThatIsRefusedTakesNothing() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.messagesPerSecond(2);
      h.opening(ANN, BOB, "c1");
      for (int i = 0; i < 10; i++) {
        assertThat(h.post(BOB, "e" + i, new EntryIntent.Edit(1, "not mine")))
            .isInstanceOf(Conversation.PostRefused.class);
      }
      assertThat(h.text(ANN, "c2", "x").seq()).isEqualTo(2);
    }
  }

  @Test
  void aChangeHoldsForTheNextMessage() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.messagesPerSecond(1);
      h.opening(ANN, BOB, "c1");
      assertThat(refused(h, "c2").retryAfterMillis()).isEqualTo(1_000);
      h.messagesPerSecond(0);
      for (int i = 2; i < 100; i++) {
        assertThat(h.text(ANN, "c" + i, "x").seq()).isEqualTo(i);
      }
    }
  }
}
