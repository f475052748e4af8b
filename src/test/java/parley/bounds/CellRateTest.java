package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A rate that may change between two events. */
class CellRateTest {
  private static final long NOW = 1_800_000_000_000L;

  private final CellRate rate = new CellRate();

  private int taken(int perSecond, long now, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      taken += rate.tryTake(perSecond, now) == 0 ? 1 : 0;
    }
    return taken;
  }

  @Test
  void aSecondOfEventsAtOnceThenSteadily() {
    assertThat(taken(100, NOW, 1_000)).isEqualTo(100);
    assertThat(rate.tryTake(100, NOW)).isEqualTo(10);
    assertThat(taken(100, NOW + 10, 1_000)).isEqualTo(1);
    assertThat(taken(100, NOW + 510, 1_000)).isEqualTo(50);
    assertThat(taken(100, NOW + 60_000, 1_000)).isEqualTo(100);
  }

  @Test
  void zeroIsNoLimit() {
    assertThat(taken(0, NOW, 10_000)).isEqualTo(10_000);
  }

  @Test
  void aChangeHoldsAtOnce() {
    assertThat(taken(100, NOW, 1_000)).isEqualTo(100);
    assertThat(taken(1_000, NOW, 1_000)).isZero();
    assertThat(taken(1_000, NOW + 100, 1_000)).isEqualTo(100);
    assertThat(taken(2, NOW + 600, 1_000)).isEqualTo(1);
    assertThat(rate.tryTake(2, NOW + 600)).isEqualTo(500);
  }

  @Test
  void whatIsGivenBackIsThere() {
    assertThat(taken(10, NOW, 100)).isEqualTo(10);
    rate.giveBack(10);
    assertThat(taken(10, NOW, 100)).isEqualTo(1);
    rate.giveBack(0);
    assertThat(taken(10, NOW + 5_000, 100)).as("never more than a second").isEqualTo(10);
  }

  @Test
  void aClockThatIsSetBackCostsASecondAtMost() {
    assertThat(taken(10, NOW, 100)).isEqualTo(10);
    assertThat(rate.tryTake(10, NOW - 3_600_000)).isBetween(1L, 100L);
    assertThat(taken(10, NOW - 3_600_000 + 1_000, 100)).isEqualTo(10);
  }

  @Test
  void threadsShareIt() throws InterruptedException {
    AtomicInteger taken = new AtomicInteger();
    List<Thread> threads =
        IntStream.range(0, 4)
            .mapToObj(i -> new Thread(() -> taken.addAndGet(taken(1_000, NOW, 1_000))))
            .toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(taken).hasValue(1_000);
  }
}
