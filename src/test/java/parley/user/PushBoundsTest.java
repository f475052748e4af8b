package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.SOON;
import static parley.user.UserTestData.ALICE;
import static parley.user.UserTestData.PHONE;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.user.UserHarness.Sent;
import parley.user.UserTestData.Mail;

/** How many pushes of a user are in flight, and how many may be pending. */
class PushBoundsTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness harness = push.harness;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void pushesInFlightAreBounded() {
    push.away(PHONE);
    for (int i = 0; i < 20; i++) {
      harness.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
    }
    harness.flush();
    assertThat(harness.sends).hasSize(PushSender.IN_FLIGHT);
    List<ConversationId> seen = new ArrayList<>();
    while (!harness.sends.isEmpty()) {
      seen.add(harness.answer(DELIVERED).notification().conversationId());
      assertThat(harness.sends.size()).isLessThanOrEqualTo(PushSender.IN_FLIGHT);
    }
    assertThat(seen).hasSize(20).doesNotHaveDuplicates();
    assertThat(harness.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void fullOutboxRefusesMore() {
    push.away(PHONE);
    for (int i = 0; i <= PushSchedule.MAX_PENDING; i++) {
      harness.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
    }
    harness.flush();
    harness.pass(SOON);
    harness.remind();
    assertThat(harness.durable().outbox().all()).hasSize(PushSchedule.MAX_PENDING);
    assertThat(harness.meters.counter(PushOutboxMeters.OUTCOMES, "outcome", "outbox_full").count())
        .isEqualTo(1);
    // The user accepts the message itself all the same.
    assertThat(harness.conversations)
        .contains(
            new Sent(
                new ConversationId("g_" + PushSchedule.MAX_PENDING),
                new User.Dispatched(ALICE, 1, 1)));
  }
}
