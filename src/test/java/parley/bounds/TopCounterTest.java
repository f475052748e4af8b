package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who occurs most often, in bounded memory and with a bounded error. */
class TopCounterTest {
  private static final int KEYS = 20;
  private static final long PERIOD = 60_000_000_000L;

  private final AtomicLong nanos = new AtomicLong(-5);
  private final TopCounter counter = new TopCounter(KEYS, PERIOD, nanos::get);

  @Test
  void theMostFrequentComeFirst() {
    for (String key : "b a c a b a".split(" ", -1)) {
      counter.add(key);
    }
    TopCounter.Top top = counter.top(2);
    assertThat(top.counted())
        .containsExactly(new TopCounter.Counted("a", 3), new TopCounter.Counted("b", 2));
    assertThat(top.total()).isEqualTo(6);
    assertThat(top.error()).isZero();
  }

  /** Against exact counts, for many more keys than are remembered. */
  @Test
  void aCountIsNeverTooHighAndTooLowByTheErrorAtMost() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Map<String, Long> exact = new HashMap<>();
    int total = 50_000;
    for (int i = 0; i < total; i++) {
      int skewed = (int) Math.pow(random.nextDouble() * 12, 3);
      String key = "k" + (random.nextInt(4) == 0 ? random.nextInt(5_000) + 10_000 : skewed);
      exact.merge(key, 1L, Long::sum);
      counter.add(key);
    }
    TopCounter.Top top = counter.top(Integer.MAX_VALUE);
    assertThat(top.counted()).hasSizeLessThanOrEqualTo(KEYS);
    assertThat(top.error()).isBetween(1L, (long) total / (KEYS + 1));
    for (TopCounter.Counted one : top.counted()) {
      long real = exact.getOrDefault(one.key(), 0L);
      assertThat(one.count()).isBetween(real - top.error(), real);
    }
    exact.forEach(
        (key, count) -> {
          if (count > top.error()) {
            assertThat(top.counted()).anyMatch(one -> one.key().equals(key));
          }
        });
  }

  @Test
  void aPeriodIsForgottenAfterTheNext() {
    counter.add("a");
    nanos.addAndGet(PERIOD);
    counter.add("b");
    assertThat(counter.top(9).counted()).hasSize(2);
    assertThat(counter.top(9).seconds()).isEqualTo(60);
    nanos.addAndGet(PERIOD - 1);
    assertThat(counter.top(9).seconds()).isEqualTo(119);
    nanos.addAndGet(1);
    assertThat(counter.top(9).counted()).containsExactly(new TopCounter.Counted("b", 1));
    nanos.addAndGet(5 * PERIOD);
    assertThat(counter.top(9).counted()).isEmpty();
    assertThat(counter.top(9).total()).isZero();
  }
}
