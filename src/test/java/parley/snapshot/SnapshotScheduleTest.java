package parley.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SnapshotScheduleTest {
  private final SnapshotSchedule schedule = new SnapshotSchedule(125, 4_000);

  @Test
  void intervalGrowsWithTheSizeUpToTheLongest() {
    assertThat(schedule.interval(0)).isEqualTo(125);
    assertThat(schedule.interval(8_000)).isEqualTo(125);
    assertThat(schedule.interval(8_001)).isEqualTo(250);
    assertThat(schedule.interval(178 * 1024)).isEqualTo(4_000);
    assertThat(schedule.interval(Long.MAX_VALUE / 1024)).isEqualTo(4_000);
  }

  /** A KB is written and removed: two units. */
  @Test
  void aSnapshotCostsAtMostAnEighthOfAUnitForEachEvent() {
    for (long bytes = 10_000; bytes <= 250 * 1024; bytes += 1_000) {
      assertThat(2.0 * bytes / 1024 / schedule.interval(bytes)).as(bytes + "").isLessThan(0.126);
    }
  }

  @Test
  void aChangingSizeNeverWaitsLongerThanTheLongestInterval() {
    Random random = new Random(7);
    long last = 0;
    for (long number = 1; number <= 100_000; number++) {
      if (schedule.isDue(number, () -> random.nextInt(400_000))) {
        assertThat(number - last).isLessThanOrEqualTo(4_000);
        last = number;
      }
    }
    assertThat(last).isEqualTo(100_000);
  }

  @Test
  void theSizeIsAskedForOnlyWhereTheNumberAllowsASnapshot() {
    assertThat(
            schedule.isDue(
                124,
                () -> {
                  throw new IllegalStateException("asked");
                }))
        .isFalse();
    assertThat(schedule.isDue(250, () -> 0)).isTrue();
  }
}
