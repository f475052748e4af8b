package parley.proof.faults;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;
import parley.proof.swarm.Swarm;
import parley.proof.swarm.SwarmUser;

/**
 * Carries out a plan of faults. Between two steps the cluster is whole again and has accepted
 * messages: one fault is tested at a time, because two at once can leave no majority.
 */
public final class Nemesis {
  private final ClusterProcess cluster;
  private final SharedStore store;
  private final Swarm swarm;
  private final RecordedHistory recordedHistory;
  private final RecoveryProber recoveryProber;
  private final int spacing;

  /**
   * A nemesis at rest.
   *
   * @param spacing acknowledged messages between two steps
   */
  public Nemesis(
      ClusterProcess cluster,
      SharedStore store,
      Swarm swarm,
      RecordedHistory recordedHistory,
      RecoveryProber recoveryProber,
      int spacing) {
    this.cluster = cluster;
    this.store = store;
    this.swarm = swarm;
    this.recordedHistory = recordedHistory;
    this.recoveryProber = recoveryProber;
    this.spacing = spacing;
  }

  /** Fails where a step does not end as it should; what failed names the step. */
  public void carryOut(FaultPlan faultPlan) {
    for (FaultPlan.Step step : faultPlan.steps()) {
      long enough = swarm.counts().acknowledged() + spacing;
      try {
        await("messages before " + step)
            .atMost(Duration.ofSeconds(90))
            .pollInterval(Duration.ofMillis(20))
            .until(() -> swarm.counts().acknowledged() >= enough);
        long start = System.nanoTime();
        recordedHistory.add(new HistoryEvent.Killed(step.toString()));
        say("%s begins after %d acknowledgements".formatted(step, swarm.counts().acknowledged()));
        hurt(step);
        cluster.awaitUp(cluster.size());
        say("%s is over after %d s".formatted(step, (System.nanoTime() - start) / 1_000_000_000));
      } catch (ConditionTimeoutException | AssertionError e) {
        throw new AssertionError(step + ": " + e.getMessage() + "\n" + cluster.tails(), e);
      }
    }
  }

  private void hurt(FaultPlan.Step step) {
    int node = step.node();
    switch (step.kind()) {
      case KILL -> kill(node, step.time());
      case PAUSE -> pause(node, step.time());
      case TERM -> terminate(node);
      case ISOLATE ->
          cut(step, IntStream.range(0, cluster.size()).filter(n -> n != node).toArray());
      case LINK, ONE_WAY -> cut(step, step.other());
      case KILL_ALL -> killAll();
      case STORE_THROTTLED, STORE_SLOW, STORE_REFUSES, STORE_ANSWERS_LOST -> {
        store.hurt(step.kind(), node);
        rest(step.time());
        say("%s: %d requests were spoiled".formatted(step, store.heal()));
      }
    }
  }

  private void kill(int node, Duration down) {
    Map<String, SwarmUser> gone = conversationsOn(node);
    cluster.hold(node);
    long since = System.nanoTime();
    cluster.process(node).kill9();
    if (down.isZero()) {
      cluster.release(node);
    }
    Thread later =
        Thread.ofVirtual()
            .start(
                () -> {
                  rest(down);
                  cluster.release(node);
                });
    List<Long> millis = recoveryProber.measure(gone, node, since);
    say("KILL %d: %d conversations were gone for %s ms".formatted(node, gone.size(), millis));
    try {
      later.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A node that has just come back gets shards some seconds later. */
  private Map<String, SwarmUser> conversationsOn(int node) {
    try {
      await("conversations on node " + node)
          .atMost(Duration.ofSeconds(40))
          .pollInterval(Duration.ofMillis(500))
          .until(() -> recoveryProber.on(node).size() > 2);
    } catch (ConditionTimeoutException e) {
      say("node %d has hardly any conversations".formatted(node));
    }
    return recoveryProber.on(node);
  }

  private void pause(int node, Duration still) {
    cluster.process(node).paused(true);
    rest(still);
    int before = cluster.selfStarted(node);
    cluster.process(node).paused(false);
    // The others have downed it: it learns that, ends, and is restarted.
    if (still.toSeconds() >= 18) {
      await("the end of node " + node + ", which the others gave up")
          .atMost(Duration.ofSeconds(60))
          .until(() -> cluster.selfStarted(node) > before);
    }
  }

  private void terminate(int node) {
    cluster.hold(node);
    long since = System.nanoTime();
    cluster.process(node).terminate();
    say("TERM %d: ended after %d ms".formatted(node, (System.nanoTime() - since) / 1_000_000));
    cluster.release(node);
  }

  private void cut(FaultPlan.Step step, int... others) {
    int node = step.node();
    for (int other : others) {
      cluster.network().lose(node, other);
      if (step.kind() != FaultPlan.Kind.ONE_WAY) {
        cluster.network().lose(other, node);
      }
    }
    rest(step.time());
    cluster.network().heal();
  }

  private void killAll() {
    for (int node = 0; node < cluster.size(); node++) {
      cluster.hold(node);
    }
    for (int node = 0; node < cluster.size(); node++) {
      cluster.process(node).kill9();
    }
    for (int node = 0; node < cluster.size(); node++) {
      cluster.release(node);
    }
  }

  /** Waits for the time of a fault. This is not a wait for a condition. */
  private static void rest(Duration time) {
    try {
      var unused = new CountDownLatch(1).await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(String news) {
    System.out.println("[nemesis] " + news);
  }
}
