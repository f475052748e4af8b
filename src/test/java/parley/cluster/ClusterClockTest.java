package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.Test;
import parley.telemetry.Telemetry;

class ClusterClockTest {
  private static final long NOW = 1_800_000_000_000L;
  private static final long HOUR = 3_600_000;

  private static ClusterClock clock(long millis) {
    return new ClusterClock(InstantSource.fixed(Instant.ofEpochMilli(millis)));
  }

  private static long corrected(Long... others) {
    ClusterClock clock = clock(NOW);
    clock.updateCorrection(List.of(others));
    return clock.millis() - NOW;
  }

  @Test
  void theMedianIsRight() {
    assertThat(corrected()).as("alone").isZero();
    assertThat(corrected(-3 * HOUR, -3 * HOUR)).as("ahead of two").isEqualTo(-3 * HOUR);
    assertThat(corrected(3 * HOUR, 3 * HOUR)).as("behind two").isEqualTo(3 * HOUR);
    assertThat(corrected(3 * HOUR, 10L)).as("another one is ahead").isZero();
    assertThat(corrected(-3 * HOUR, 10L)).as("another one is behind").isZero();
    assertThat(corrected(-3 * HOUR)).as("of two the earlier").isEqualTo(-3 * HOUR);
    assertThat(corrected(3 * HOUR)).as("of two the earlier").isZero();
    assertThat(corrected(1_500L, 1_800L, 1_900L)).as("small differences").isZero();
  }

  @Test
  void itIsBelievedAgain() {
    ClusterClock clock = clock(NOW);
    Telemetry telemetry = new Telemetry();
    clock.registerMeters(telemetry);
    clock.updateCorrection(List.of(-HOUR, -HOUR));
    assertThat(clock.instant()).isEqualTo(Instant.ofEpochMilli(NOW - HOUR));
    assertThat(telemetry.scrape())
        .contains("parley_clock_offset_seconds -3600.0")
        .contains("parley_clock_correction_seconds -3600.0");
    clock.updateCorrection(List.of(3L, -4L));
    assertThat(clock.millis()).isEqualTo(NOW);
    assertThat(clock.ownMillis()).isEqualTo(NOW);
    telemetry.close();
  }

  /** Three clock watches that find each other, each with the receptionist of its own system. */
  @Test
  void theNodeWhoseClockIsWrongUsesTheOthersTime() {
    ActorTestKit kit = ActorTestKit.create();
    try {
      AtomicLong wrong = new AtomicLong(NOW + 3 * HOUR);
      InstantSource ahead = () -> Instant.ofEpochMilli(wrong.get());
      List<ClusterClock> clocks =
          new ArrayList<>(List.of(clock(NOW), clock(NOW + 20), new ClusterClock(ahead)));
      clocks.forEach(clock -> kit.spawn(ClockWatch.create(clock, System::nanoTime)));
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () ->
                  assertThat(clocks)
                      .allMatch(clock -> Math.abs(clock.millis() - NOW) <= 2_000)
                      .allMatch(
                          clock -> clock.ownMillis() == clock.millis() || clock == clocks.get(2)));
      // The clock is corrected, and used again after the next round.
      wrong.set(NOW + 40);
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(clocks.get(2).millis()).isEqualTo(NOW + 40));
    } finally {
      kit.shutdownTestKit();
    }
  }
}
