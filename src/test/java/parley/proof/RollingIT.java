package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.proof.checker.Checker;
import parley.proof.checker.RecordedHistory;
import parley.proof.faults.ClusterNetwork;
import parley.proof.faults.ClusterProcess;
import parley.proof.faults.SharedStore;
import parley.proof.swarm.DeviceHabits;
import parley.proof.swarm.Swarm;

/**
 * All nodes are stopped in order (SIGTERM) and started again, one after the other or some at once,
 * under load: nothing is lost, nobody waits long, nobody comes back all at once, and what is
 * refused says when to try again. Takes three minutes, most of them for the drains, so only on
 * request:
 *
 * <pre>mvn -B verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=RollingIT \
 *   -Dparley.rolling.drain=20 -Dparley.rolling.clients=180</pre>
 */
class RollingIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int NODES = Integer.getInteger("parley.rolling.nodes", 3);

  /** How many nodes leave at the same time; less than half of them. */
  private static final int AT_ONCE = Integer.getInteger("parley.rolling.at-once", 1);

  /** At least 50 on each node: with fewer a drain is not spread. */
  private static final int CLIENTS = Integer.getInteger("parley.rolling.clients", 180);

  private static final int DRAIN_SECONDS = Integer.getInteger("parley.rolling.drain", 20);
  private static final int PACE_MILLIS = Integer.getInteger("parley.rolling.pace", 2000);

  @Test
  void aRollingRestartIsHardlySeen(@TempDir Path folder) {
    System.out.println("rolling restart of seed " + SEED);
    try (SharedStore store = SharedStore.start("127.0.0.1", NODES, SEED);
        ClusterProcess cluster =
            new ClusterProcess(
                NODES,
                folder,
                new ClusterNetwork.Loopback(),
                store::settings,
                Map.of(
                    "PARLEY_UNREADY_SECONDS",
                    "1",
                    "PARLEY_DRAIN_SECONDS",
                    String.valueOf(DRAIN_SECONDS)),
                RollingIT::say);
        RecordedHistory recordedHistory =
            RecordedHistory.to(Path.of("target", "rolling-history.jsonl"));
        Swarm swarm =
            new Swarm(
                cluster.uris(),
                recordedHistory,
                SEED,
                new DeviceHabits(PACE_MILLIS, 12, 0, false, false))) {
      swarm.begin(CLIENTS);
      swarm.start();
      await("everybody at work")
          .atMost(Duration.ofMinutes(2))
          .until(() -> swarm.counts().acknowledged() >= 5L * CLIENTS);
      swarm.counts().measurePauses(swarm.deviceNames());
      for (int node = 0; node < NODES; node += AT_ONCE) {
        restart(cluster, swarm, IntStream.range(node, Math.min(node + AT_ONCE, NODES)).toArray());
      }
      List<Long> pauses = swarm.counts().pausesMillis();
      swarm.finish();
      System.out.printf(
          "rolling restart of %d nodes, %d at once, under load, seed %d: %d clients; %s; %s; messages"
              + " dropped at hand-overs: %d; pause of a client without an answered message: median"
              + " %.1f s, worst %.1f s%n",
          NODES,
          AT_ONCE,
          SEED,
          CLIENTS,
          swarm.counts(),
          new RunReport(recordedHistory),
          ClusterProcess.droppedMessages(NODES),
          pauses.get(pauses.size() / 2) / 1000.0,
          pauses.getLast() / 1000.0);
      Checker.assertNone(recordedHistory);
      assertThat(swarm.counts().refused().keySet())
          .as("what a correct client may be refused")
          .isSubsetOf("forbidden", "unavailable", "not_found");
    }
  }

  private static void restart(ClusterProcess cluster, Swarm swarm, int... together) {
    IntStream.of(together).forEach(cluster::hold);
    long since = System.currentTimeMillis();
    CompletableFuture.allOf(
            IntStream.of(together)
                .mapToObj(
                    node -> CompletableFuture.runAsync(() -> cluster.process(node).terminate()))
                .toArray(CompletableFuture[]::new))
        .join();
    say(
        "nodes %s drained and ended after %.1f s; welcomes per second meanwhile: %s"
            .formatted(
                Arrays.toString(together),
                (System.currentTimeMillis() - since) / 1000.0,
                swarm.counts().welcomesPerSecond(since)));
    IntStream.of(together).forEach(cluster::release);
    cluster.awaitUp(cluster.size());
    say("whole again after %.1f s".formatted((System.currentTimeMillis() - since) / 1000.0));
  }

  private static void say(String news) {
    System.out.println("[rolling] " + news);
  }
}
