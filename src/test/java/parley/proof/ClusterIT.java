package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.proof.checker.Checker;
import parley.proof.checker.RecordedHistory;
import parley.proof.faults.ClusterNetwork;
import parley.proof.faults.ClusterProcess;
import parley.proof.faults.FaultPlan;
import parley.proof.faults.Nemesis;
import parley.proof.faults.RecoveryProber;
import parley.proof.faults.SharedStore;
import parley.proof.swarm.DeviceHabits;
import parley.proof.swarm.Swarm;

/**
 * Three nodes on one store, with clients on all of them, while nodes are killed, paused, stopped
 * and, where the machine has network namespaces, cut off, and while the store throttles, is slow,
 * refuses or loses its answers; nothing that was acknowledged may be lost, doubled, moved or
 * miscounted. A long run:
 *
 * <pre>mvn -B verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=ClusterIT \
 *   -Dparley.cluster.kills=20 -Dparley.cluster.pauses=5 -Dparley.cluster.terms=3 \
 *   -Dparley.cluster.isolations=3 -Dparley.cluster.links=2 -Dparley.cluster.full=1 \
 *   -Dparley.cluster.store=5 \
 *   -Dparley.cluster.clients=100 -Dparley.cluster.pace=1500 -Dparley.it.heap=4g</pre>
 */
class ClusterIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int NODES = number("nodes", 3);
  private static final int CLIENTS = number("clients", 24);
  private static final FaultPlan.Wanted WANTED =
      new FaultPlan.Wanted(
          number("kills", 2),
          number("pauses", 1),
          number("terms", 1),
          number("isolations", 0),
          number("links", 0),
          number("full", 0),
          number("store", 1));

  /** The longest pause of a client between two steps. */
  private static final int PACE_MILLIS = number("pace", 400);

  /** Acknowledged messages between two faults. */
  private static final int SPACING = number("spacing", 200);

  /** How long an access token is valid. */
  private static final Duration TOKENS = Duration.ofMinutes(15);

  @Test
  void nothingAcknowledgedIsLost(@TempDir Path folder) {
    long begun = System.nanoTime();
    Random random = new Random(SEED);
    ClusterNetwork clusterNetwork = ClusterNetwork.best(NODES);
    FaultPlan faultPlan =
        FaultPlan.random(clusterNetwork.canCut() ? WANTED : WANTED.uncut(), NODES, random);
    System.out.printf(
        "cluster test of seed %d, %s: %s%n",
        SEED,
        clusterNetwork.canCut() ? "in namespaces" : "on one address, nothing can be cut",
        faultPlan);
    try (SharedStore store = SharedStore.start(clusterNetwork.outside(), NODES, SEED);
        ClusterProcess cluster =
            new ClusterProcess(
                NODES,
                folder,
                clusterNetwork,
                store::settings,
                Map.of("PARLEY_DRAIN_SECONDS", "5"),
                ClusterIT::say);
        RecordedHistory recordedHistory =
            RecordedHistory.to(Path.of("target", "cluster-history.jsonl"));
        Swarm swarm =
            new Swarm(cluster.uris(), recordedHistory, SEED, DeviceHabits.lively(PACE_MILLIS));
        RecoveryProber recoveryProber = new RecoveryProber(cluster, swarm, recordedHistory)) {
      swarm.begin(CLIENTS);
      swarm.start();
      try {
        new Nemesis(cluster, store, swarm, recordedHistory, recoveryProber, SPACING)
            .carryOut(faultPlan);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + SEED + ", " + faultPlan + ": " + e.getMessage(), e);
      }
      swarm.finish();
      RunReport runReport = new RunReport(recordedHistory);
      System.out.printf(
          "cluster of %d under load, seed %d: %d kills, %d pauses, %d stops, %d isolations, %d cut"
              + " links, %d full stops; the store throttled %d, slow %d, refusing %d, its answers lost"
              + " %d times; %d clients; %s; %s; recovery after a kill %s;"
              + " %d nodes ended by themselves%n",
          NODES,
          SEED,
          runReport.count(FaultPlan.Kind.KILL),
          runReport.count(FaultPlan.Kind.PAUSE),
          runReport.count(FaultPlan.Kind.TERM),
          runReport.count(FaultPlan.Kind.ISOLATE),
          runReport.count(FaultPlan.Kind.LINK) + runReport.count(FaultPlan.Kind.ONE_WAY),
          runReport.count(FaultPlan.Kind.KILL_ALL),
          runReport.count(FaultPlan.Kind.STORE_THROTTLED),
          runReport.count(FaultPlan.Kind.STORE_SLOW),
          runReport.count(FaultPlan.Kind.STORE_REFUSES),
          runReport.count(FaultPlan.Kind.STORE_ANSWERS_LOST),
          CLIENTS,
          swarm.counts(),
          runReport,
          RunReport.spread(recoveryProber.all()),
          cluster.selfStarted());
      Checker.assertNone(recordedHistory);
      Set<String> mayBe = new HashSet<>(Set.of("forbidden", "unavailable", "not_found"));
      if (System.nanoTime() - begun > TOKENS.toNanos()) {
        // The client asks with an expired token, gets a new one and asks again.
        mayBe.add("unauthenticated");
      }
      assertThat(swarm.counts().refused().keySet())
          .as("what a correct client may be refused")
          .isSubsetOf(mayBe);
    }
  }

  private static void say(String news) {
    System.out.println("[cluster] " + news);
  }

  private static int number(String name, int otherwise) {
    return Integer.getInteger("parley.cluster." + name, otherwise);
  }
}
