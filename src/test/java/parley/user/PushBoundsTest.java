package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserFixtures.ALICE;
import static parley.user.UserFixtures.PHONE;
import static parley.user.UserPushHarness.DELIVERED;
import static parley.user.UserPushHarness.SOON;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.user.UserFixtures.Mail;
import parley.user.UserHarness.Sent;

/** How many pushes of a user are on their way, and how many may be owed. */
class PushBoundsTest {
  private final UserPushHarness push = new UserPushHarness();
  private final UserHarness rig = push.rig;

  @AfterEach
  void stop() {
    push.close();
  }

  @Test
  void pushesInFlightAreBounded() {
    push.away(PHONE);
    for (int i = 0; i < 20; i++) {
      rig.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
    }
    rig.flush();
    assertThat(rig.sends).hasSize(PushSender.IN_FLIGHT);
    List<ConversationId> seen = new ArrayList<>();
    while (!rig.sends.isEmpty()) {
      seen.add(rig.answer(DELIVERED).notification().conversationId());
      assertThat(rig.sends.size()).isLessThanOrEqualTo(PushSender.IN_FLIGHT);
    }
    assertThat(seen).hasSize(20).doesNotHaveDuplicates();
    assertThat(rig.durable().outbox().isEmpty()).isTrue();
  }

  @Test
  void fullOutboxRefusesMore() {
    push.away(PHONE);
    for (int i = 0; i <= PushSchedule.MAX_PENDING; i++) {
      rig.tell(Mail.of(new ConversationId("g_" + i), 1, 1).deliver());
    }
    rig.flush();
    rig.pass(SOON);
    rig.remind();
    assertThat(rig.durable().outbox().all()).hasSize(PushSchedule.MAX_PENDING);
    assertThat(rig.meters.counter(PushOutboxMeters.OWED, "outcome", "outbox_full").count())
        .isEqualTo(1);
    // The user takes the message itself all the same.
    assertThat(rig.conversations)
        .contains(
            new Sent(
                new ConversationId("g_" + PushSchedule.MAX_PENDING),
                new User.Dispatched(ALICE, 1, 1)));
  }
}
