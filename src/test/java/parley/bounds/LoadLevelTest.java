package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** When the level of load rises and falls, and what the last seconds are. */
class LoadLevelTest {
  private final LoadLevel level = new LoadLevel();

  private int after(double load, int updates) {
    for (int i = 0; i < updates; i++) {
      level.update(load);
    }
    return level.level();
  }

  @Test
  void itRisesByOneInTwoSecondsUpToTheLoad() {
    assertThat(after(1, 1)).as("one slow second").isZero();
    assertThat(after(1, 1)).isEqualTo(1);
    assertThat(after(1.9, 100)).isEqualTo(1);
    assertThat(after(100, 2)).isEqualTo(2);
    assertThat(after(100, 2)).isEqualTo(3);
    assertThat(after(100, 1)).isEqualTo(3);
    assertThat(after(100, 1)).isEqualTo(4);
    assertThat(after(100, 100)).isEqualTo(LoadLevel.MOST);
  }

  @Test
  void oneGoodSecondBreaksARow() {
    for (int i = 0; i < 100; i++) {
      level.update(i % 2 == 0 ? 50 : 0.99);
      assertThat(level.level()).isZero();
    }
  }

  @Test
  void itFallsByOneInFiveSecondsWellUnderItsBeginning() {
    assertThat(after(3, 4)).isEqualTo(2);
    assertThat(after(1.6, 100)).as("between the two marks").isEqualTo(2);
    assertThat(after(1.4, 4)).isEqualTo(2);
    assertThat(after(1.4, 1)).isEqualTo(1);
    assertThat(after(0.8, 100)).isEqualTo(1);
    assertThat(after(0.7, 4)).isEqualTo(1);
    after(0.8, 1);
    assertThat(after(0.7, 4)).as("five in a row").isEqualTo(1);
    assertThat(after(0.7, 1)).isZero();
  }

  /** A load that swings around a mark would switch something on and off each second. */
  @Test
  void aSwingingLoadChangesTheLevelSeldom() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int changes = 0;
    int before = 0;
    for (int i = 0; i < 10_000; i++) {
      int now = level.update(1.6 + random.nextDouble() * 0.8);
      changes += now == before ? 0 : 1;
      before = now;
    }
    assertThat(changes).as("seed %d", seed).isLessThanOrEqualTo(2);
  }

  @Test
  void aQuantileIsOfTheLastSecondsAndAtMostAQuarterTooHigh() {
    RecentTimes times = new RecentTimes(3);
    for (int i = 0; i < 198; i++) {
      times.record(10_000_000);
    }
    times.record(900_000_000);
    times.record(900_000_000);
    assertThat(times.quantile(0.99)).as("the second is not over").isZero();
    times.next();
    assertThat(times.quantile(0.99)).isBetween(10_000_000L, 12_500_000L);
    assertThat(times.quantile(0.995)).isBetween(900_000_000L, 1_125_000_000L);
    times.next();
    times.next();
    assertThat(times.quantile(0.99)).isPositive();
    times.next();
    assertThat(times.quantile(0.99)).as("four seconds ago").isZero();
  }

  @Test
  void fewTimesSayNothingAndOddOnesDoNoHarm() {
    RecentTimes times = new RecentTimes(1);
    for (int i = 0; i < RecentTimes.LEAST - 1; i++) {
      times.record(5_000_000_000L);
    }
    times.next();
    assertThat(times.quantile(0.99)).isZero();
    for (long odd : new long[] {-1, 0, 1, Long.MAX_VALUE}) {
      for (int i = 0; i < 10; i++) {
        times.record(odd);
      }
    }
    times.next();
    assertThat(times.quantile(0.5)).isBetween(0L, 10_000L);
    assertThat(times.quantile(1)).isPositive();
  }

  @Test
  void everyTimeIsInABucketThatEndsAfterIt() {
    for (long nanos = 5_000; nanos < 100_000_000_000L; nanos += 1 + nanos / 7) {
      RecentTimes times = new RecentTimes(1);
      for (int i = 0; i < RecentTimes.LEAST; i++) {
        times.record(nanos);
      }
      times.next();
      assertThat(times.quantile(1)).isBetween(nanos, nanos + nanos / 4 + 1_250);
    }
  }
}
