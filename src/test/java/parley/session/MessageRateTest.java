package parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** The rate of a user changes while its bucket is half empty. */
  @Test
  void aRateThatChangesHoldsAtOnce() {
    AtomicInteger perMinute = new AtomicInteger(60);
    var rate = new MessageRate(user -> perMinute.get(), NodeRate.none());
    for (int i = 0; i < 30; i++) {
      assertThat(rate.tryTake(A, NOW)).isZero();
    }
    perMinute.set(6);
    for (int i = 0; i < 3; i++) {
      assertThat(rate.tryTake(A, NOW)).as("half of the smaller bucket is left").isZero();
    }
    assertThat(rate.tryTake(A, NOW)).isEqualTo(10_000);
    perMinute.set(0);
    assertThat(rate.tryTake(A, NOW)).isZero();
    perMinute.set(600);
    assertThat(rate.tryTake(A, NOW)).isEqualTo(100);
  }

  @Test
  void theNodeAndItsPartOfTheClusterLimitAllUsersTogether() {
    AtomicInteger node = new AtomicInteger(5);
    AtomicInteger cluster = new AtomicInteger();
    AtomicInteger members = new AtomicInteger(3);
    var rate = new MessageRate(user -> 4, new NodeRate(node::get, cluster::get, members::get));
    for (int i = 0; i < 3; i++) {
      assertThat(rate.take(A, NOW)).isNull();
    }
    assertThat(rate.take(B, NOW)).isNull();
    assertThat(rate.take(B, NOW)).isNull();
    assertThat(rate.take(A, NOW)).isEqualTo(new OverRate("node", 200));
    // The message of the user was not taken.
    assertThat(rate.take(A, NOW + 200)).isNull();
    assertThat(rate.take(A, NOW + 5_000)).isEqualTo(new OverRate("messages", 10_000));
    assertThat(rate.take(B, NOW + 5_000)).isNull();
    rate.giveBack(B, NOW + 5_000);
    node.set(0);
    cluster.set(7);
    var other = new MessageRate(user -> 0, new NodeRate(node::get, cluster::get, members::get));
    for (int i = 0; i < 3; i++) {
      assertThat(other.take(A, NOW)).as("7 / 3, rounded up").isNull();
    }
    assertThat(other.take(A, NOW)).isEqualTo(new OverRate("cluster", 334));
    members.set(1);
    assertThat(other.take(A, NOW)).as("a part of the second is left at the new rate").isNotNull();
    assertThat(other.take(A, NOW + 143)).isNull();
    cluster.set(0);
    assertThat(other.take(A, NOW)).isNull();
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
            (user, tokens, interval) -> {
              reports.merge(node, 1, Integer::sum);
              fullAt = Math.max(fullAt, now * 1_000) + tokens * interval;
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
