package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PauseWatchTest {
  private final AtomicLong nanos = new AtomicLong(-5);
  private final AtomicInteger ended = new AtomicInteger();

  @Test
  void aGapBetweenBeatsIsSeenByWhoeverLooksFirstAndStaysSeen() {
    try (PauseWatch watch =
        new PauseWatch(Duration.ofSeconds(10), nanos::get, ended::incrementAndGet)) {
      for (int i = 0; i < 100; i++) {
        pass(9);
        watch.heartbeat();
      }
      assertThat(watch.getAsBoolean()).isFalse();
      pass(11);
      assertThat(watch.getAsBoolean()).isTrue();
      assertThat(ended).hasValue(0);
      watch.heartbeat();
      assertThat(ended).hasValue(1);
      assertThat(watch.getAsBoolean()).isTrue();
    }
  }

  @Test
  void theBeatItselfSeesIt() {
    try (PauseWatch watch =
        new PauseWatch(Duration.ofSeconds(10), nanos::get, ended::incrementAndGet)) {
      pass(11);
      watch.heartbeat();
      assertThat(ended).hasValue(1);
      assertThat(watch.getAsBoolean()).isTrue();
    }
  }

  private void pass(long seconds) {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }
}
