package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import parley.model.UserId;

class MessageRateTest {
  private static final UserId A = new UserId("a");
  private static final UserId B = new UserId("b");
  private static final long NOW = 1_800_000_000_000L;

  @Test
  void aBucketHoldsAMinuteAndFillsSteadily() {
    var rate = new MessageRate(60);
    for (int i = 0; i < 60; i++) {
      assertThat(rate.tryTake(A, NOW)).isZero();
    }
    assertThat(rate.tryTake(A, NOW)).isEqualTo(1_000);
    assertThat(rate.tryTake(A, NOW + 400)).isEqualTo(600);
    assertThat(rate.tryTake(A, NOW + 1_000)).isZero();
    assertThat(rate.tryTake(A, NOW + 1_000)).isEqualTo(1_000);
    assertThat(rate.tryTake(B, NOW)).isZero();
    for (int i = 0; i < 60; i++) {
      assertThat(rate.tryTake(A, NOW + 120_000)).isZero();
    }
    assertThat(rate.tryTake(A, NOW + 120_000)).isPositive();
  }

  @Test
  void zeroIsOff() {
    var rate = new MessageRate(0);
    for (int i = 0; i < 1_000; i++) {
      assertThat(rate.tryTake(A, NOW)).isZero();
    }
  }

  @Test
  void aClockThatGoesBackCostsAMinuteAtMost() {
    var rate = new MessageRate(10);
    rate.tryTake(A, NOW);
    assertThat(rate.tryTake(A, NOW - 3_600_000)).isBetween(1L, 60_000L);
    assertThat(rate.tryTake(A, NOW - 3_600_000 + 60_000)).isZero();
  }
}
