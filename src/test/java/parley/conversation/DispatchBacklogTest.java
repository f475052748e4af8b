package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.user.User;

/** The meters of entries that users have not acknowledged. */
final class DispatchBacklogTest {

  private final ConversationHarness harness = ConversationHarness.direct();

  @AfterEach
  void stop() {
    harness.kit.shutdownTestKit();
    harness.telemetry.close();
  }

  @Test
  void entriesThatAUserDoesNotAcknowledgeWaitUntilItDoes() {
    assertThat(waiting()).isZero();
    harness.deaf.add(BOB);
    harness.opening(ANN, BOB, "1");
    harness.text(ANN, "2", "two");
    tick();
    await().until(() -> waiting() == 2);
    assertThat(harness.telemetry.entities().waiting().ageSeconds()).isPositive();
    assertThat(held()).isZero();
    assertThat(repeats()).isZero();

    harness.clock.addAndGet(MemberPosition.FIRST_PAUSE.toMillis() * 2);
    tick();
    await().until(() -> repeats() == 1);

    harness.tell(new Conversation.FromUser(new User.Dispatched(BOB, 2, Long.MAX_VALUE)));
    tick();
    await().until(() -> waiting() == 0);
    assertThat(harness.telemetry.entities().waiting().ageSeconds()).isZero();
  }

  @Test
  void entriesThatAUserHoldsDoNotCountAsWaiting() {
    harness.voices.put(
        BOB,
        deliver ->
            List.of(new User.Holding(BOB, deliver.header().lastSeq(), deliver.version(), false)));
    harness.opening(ANN, BOB, "1");
    harness.text(ANN, "2", "two");
    await()
        .until(
            () -> {
              tick();
              return held() == 2 && waiting() == 0;
            });
  }

  /** Otherwise the meters would show for ever what another node looks after. */
  @Test
  void aConversationThatLeavesTakesItsBacklogAlong() {
    harness.deaf.add(BOB);
    harness.opening(ANN, BOB, "1");
    tick();
    await().until(() -> waiting() == 1);
    harness.kit.stop(harness.entity());
    await().until(() -> waiting() == 0);
  }

  private void tick() {
    harness.tell(ConversationLive.Timer.TICK);
  }

  private long waiting() {
    return harness.telemetry.entities().waiting().sum();
  }

  private long held() {
    return harness.telemetry.entities().held().sum();
  }

  private double repeats() {
    return harness.telemetry.registry().get("parley.dispatch.repeats").counter().count();
  }
}
