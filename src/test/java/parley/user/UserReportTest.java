package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.user.UserTestData.Mail;

/** What a user reports to the meters of its node. */
final class UserReportTest {
  private final UserHarness harness = new UserHarness();

  @BeforeEach
  void start() {
    harness.start();
    harness.make();
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  @Test
  void rowsWaitUntilTheyAreFlushed() {
    assertThat(harness.entityMeters.unsavedRows().sum()).isZero();
    long flushes = harness.meters.get("parley.user.flush.rows").summary().count();
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(harness.entityMeters.unsavedRows().sum()).isEqualTo(1);
    harness.clock.advance(3_000);
    assertThat(harness.entityMeters.unsavedRows().ageSeconds()).isEqualTo(3);
    harness.flush();
    assertThat(harness.entityMeters.unsavedRows().sum()).isZero();
    assertThat(harness.meters.get("parley.user.flush.rows").summary().count())
        .isEqualTo(flushes + 1);
  }

  @Test
  void aUserThatStopsTakesItsRowsAlong() {
    harness.tell(Mail.of(CHAT, 1, 2).deliver());
    assertThat(harness.entityMeters.unsavedRows().sum()).isEqualTo(1);
    harness.crash();
    assertThat(harness.entityMeters.unsavedRows().sum()).isZero();
  }

  @Test
  void aRecoveryIsTimed() {
    assertThat(
            harness
                .meters
                .get("parley.recovery.time")
                .tag("entity", "user")
                .timer()
                .totalTime(TimeUnit.NANOSECONDS))
        .isPositive();
  }
}
