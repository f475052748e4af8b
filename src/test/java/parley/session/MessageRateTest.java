package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import parley.model.UserId;

class MessageRateTest {
  private static final UserId A = new UserId("a");
  private static final UserId B = new UserId("b");
  private static final long NOW = 1_800_000_000_000L;

  @Test
  void theBucketHoldsOneMinuteAndRefillsSteadily() {
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
  void zeroMeansNoLimit() {
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

  /** Nodes and the user entity; messages between them arrive at once. */
  private static final class Cluster {
    final List<MessageRate> nodes = new ArrayList<>();
    final Map<MessageRate, Integer> reports = new HashMap<>();
    long fullAt;
    long now = 1_000_000;

    Cluster(int size) {
      for (int i = 0; i < size; i++) {
        MessageRate node = new MessageRate(50);
        node.reportTo(
            (user, tokens) -> {
              reports.merge(node, 1, Integer::sum);
              fullAt = Math.max(fullAt, now * 1_000) + tokens * node.intervalMicros();
              nodes.forEach(n -> n.lowerTo(user, fullAt - now * 1_000, now));
            });
        nodes.add(node);
      }
    }

    int take(int tries) {
      int taken = 0;
      for (int i = 0; i < tries; i++) {
        taken += nodes.get(i % nodes.size()).tryTake(A, now) == 0 ? 1 : 0;
      }
      return taken;
    }
  }

  @Test
  void threeNodesShareOneBucket() {
    Cluster cluster = new Cluster(3);
    // Without messages between them it would be 150.
    assertThat(cluster.take(300)).isBetween(50, 50 + 3 * 5);
    cluster.now += 60_000;
    assertThat(cluster.take(300)).isBetween(50 - 3 * 5, 50 + 3 * 5);
    int most = 0;
    for (int second = 0; second < 600; second++) {
      cluster.now += 1_000;
      most += cluster.take(9);
    }
    assertThat(most).as("in ten minutes").isBetween(450, 500 + 3 * 5);
  }

  @Test
  void oneNodeReportsInBatchesAndIsNotLowered() {
    Cluster cluster = new Cluster(1);
    assertThat(cluster.take(100)).isEqualTo(50);
    assertThat(cluster.reports.values()).containsExactly(10);
  }

  @Test
  void aReportedLevelNeverRaisesTheBucket() {
    MessageRate rate = new MessageRate(50);
    for (int i = 0; i < 50; i++) {
      assertThat(rate.tryTake(A, 1_000)).isZero();
    }
    rate.lowerTo(A, 0, 1_000);
    assertThat(rate.tryTake(A, 1_000)).isPositive();
  }
}
