package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;
import parley.model.Refusal;

class LogScansTest {
  private static final int BUDGET = 10_000;

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger refused = new AtomicInteger();
  private final LogScans scans = new LogScans(refused::incrementAndGet, nanos::get, BUDGET);

  private @Nullable Refusal taken(long entries) {
    return LogScans.refusalOf(scans.take(ConversationHarness.ANN, entries));
  }

  @Test
  void budgetIsSpentAndThenRefilledByTime() {
    assertThat(taken(BUDGET - 1)).isNull();
    assertThat(taken(1)).isNull();
    Refusal refusal = Objects.requireNonNull(taken(2_000));
    assertThat(refusal.code()).isEqualTo(ErrorCode.RATE_LIMITED);
    assertThat(refusal.message()).startsWith("client_msg_id: ");
    assertThat(refusal.retryAfterMillis())
        .isBetween(2_000 * 1_000L / LogScans.PER_SECOND, 2_001 * 1_000L / LogScans.PER_SECOND);
    assertThat(refused).hasValue(1);
    assertThat(scans.take(ConversationHarness.BOB, BUDGET)).isNull();
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(refusal.retryAfterMillis()));
    assertThat(taken(2_000)).isNull();
    assertThat(taken(2)).isNotNull();
  }

  @Test
  void searchLargerThanTheBudgetTakesAFullBudget() {
    assertThat(taken(1_000L * BUDGET)).isNull();
    assertThat(taken(1)).isNotNull();
    scans.giveBack(ConversationHarness.ANN, 1_000L * BUDGET - 1);
    assertThat(taken(BUDGET)).isNull();
  }

  @Test
  void unreadEntriesAreReturnedToTheBudget() {
    assertThat(taken(BUDGET)).isNull();
    scans.giveBack(ConversationHarness.ANN, 300);
    assertThat(taken(301)).isNotNull();
    assertThat(taken(300)).isNull();
  }
}
