package parley.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.DynamoLocal;
import parley.client.ParleyClient;
import parley.proof.checker.Checker;
import parley.proof.checker.RecordedHistory;
import parley.proof.faults.ClusterNetwork;
import parley.proof.faults.ClusterProcess;
import parley.proof.faults.SharedStore;
import parley.proof.swarm.DeviceHabits;
import parley.proof.swarm.Swarm;
import parley.store.DynamoStore;

/**
 * Three nodes of the version before are replaced by nodes of this version, one after the other and
 * under load, then by nodes of the version before again, and one of this version comes back.
 * Nothing is lost, doubled or reordered, no node meets what it cannot read, and what the version
 * before does not know is not written while one of its nodes is in the cluster. Takes ten minutes
 * and a build of the version before, so only on request:
 *
 * <pre>
 * mvn -B verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=VersionBeforeIT \
 *   -Dparley.before=COMMIT</pre>
 */
class VersionBeforeIT {
  private static final long SEED = Long.getLong("parley.seed", new Random().nextLong());
  private static final int NODES = 3;

  /** How many nodes are replaced before the way back; with fewer than all nothing is switched. */
  private static final int REPLACED = Integer.getInteger("parley.before.replaced", NODES);

  private static final int CLIENTS = Integer.getInteger("parley.before.clients", 60);
  private static final int DRAIN_SECONDS = Integer.getInteger("parley.before.drain", 5);
  private static final int PACE_MILLIS = Integer.getInteger("parley.before.pace", 1000);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** The switch: the version before has no such call and does not know what is stored. */
  private static final String SETTING = "/admin/settings/flag.unread-audit";

  private static final String STORED = "runtime-settings|";
  private static final Pattern BUILD = Pattern.compile("parley_build\\{version=\"([^\"]+)\"");

  /** A warning about a message or an event that cannot be read. */
  private static final Pattern UNREADABLE =
      Pattern.compile("(WARN|ERROR).*([Ss]erializ|[Mm]anifest|UnrecognizedProperty|InvalidTypeId)");

  /** What the nodes run now: null for this version. */
  private final List<@Nullable Path> running = new ArrayList<>();

  @Test
  void nodesOfBothVersionsRunBesideEachOther(@TempDir Path folder) throws Exception {
    VersionBefore before = VersionBefore.find();
    System.out.println("version before: " + before + ", seed " + SEED);
    DynamoLocal.credentials();
    Map<String, String> settings =
        Map.of(
            "PARLEY_DRAIN_SECONDS",
            String.valueOf(DRAIN_SECONDS),
            // On a busy machine the others take longer than 5 s to answer a node that joins, and
            // the first seed node would begin a cluster of its own.
            "JAVA_TOOL_OPTIONS",
            "-Dpekko.cluster.seed-node-timeout=30s");
    try (SharedStore store = SharedStore.start("127.0.0.1", NODES, SEED);
        ClusterProcess cluster =
            new ClusterProcess(
                NODES,
                folder,
                new ClusterNetwork.Loopback(),
                store::settings,
                settings,
                before.jar(),
                VersionBeforeIT::say);
        RecordedHistory recordedHistory =
            RecordedHistory.to(Path.of("target", "before-history.jsonl"));
        Swarm swarm =
            new Swarm(
                cluster.uris(),
                recordedHistory,
                SEED,
                new DeviceHabits(PACE_MILLIS, 12, 0, false, false))) {
      for (int node = 0; node < NODES; node++) {
        running.add(before.jar());
      }
      String old = only(versions(cluster));
      swarm.begin(CLIENTS);
      swarm.start();
      awaitWork(swarm);
      swarm.counts().measurePauses(swarm.deviceNames());
      // The last one first, as a StatefulSet does.
      for (int node = NODES - 1; node >= NODES - REPLACED; node--) {
        replace(cluster, swarm, node, null);
        if (node > 0) {
          assertNotWrittenYet(cluster, store);
        }
      }
      Set<String> both = new TreeSet<>(versions(cluster));
      if (REPLACED == NODES) {
        assertThat(both).as("the version under test").hasSize(1).doesNotContain(old);
        assertSwitched(cluster, store);
      } else {
        assertThat(both).as("both versions").hasSize(2).contains(old);
      }
      for (int node = NODES - REPLACED; node < NODES; node++) {
        replace(cluster, swarm, node, before.jar());
        assertRefused(cluster);
      }
      assertThat(only(versions(cluster))).isEqualTo(old);
      if (REPLACED == NODES) {
        replace(cluster, swarm, NODES - 1, null);
        awaitInForce(cluster, NODES - 1);
      }
      List<Long> pauses = swarm.counts().pausesMillis();
      swarm.finish();
      System.out.printf(
          "from version %s (%s) with %d of %d nodes to %s and back under load, seed %d: %d clients;"
              + " %s; %s; messages dropped at hand-overs: %d; longest pause of a client without an"
              + " answered message: median %.1f s, worst %.1f s%n",
          old,
          before.name(),
          REPLACED,
          NODES,
          both,
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
      assertThat(unreadable()).isEmpty();
      assertThat(cluster.selfStarted()).as("nodes that ended by themselves").isZero();
    }
  }

  private void replace(ClusterProcess cluster, Swarm swarm, int node, @Nullable Path jar) {
    cluster.hold(node);
    long since = System.currentTimeMillis();
    cluster.process(node).terminate();
    cluster.process(node).from(jar);
    running.set(node, jar);
    cluster.release(node);
    cluster.awaitUp(NODES);
    say(
        "node %d runs %s; whole again after %.1f s"
            .formatted(
                node,
                jar == null ? "this version" : "the version before",
                (System.currentTimeMillis() - since) / 1000.0));
    awaitWork(swarm);
  }

  /** Each client has got something done, on average several times. */
  private static void awaitWork(Swarm swarm) {
    long before = swarm.counts().acknowledged();
    await("work")
        .atMost(PATIENCE)
        .until(() -> swarm.counts().acknowledged() >= before + 5L * CLIENTS);
  }

  // ---- what the version before does not know

  private void assertNotWrittenYet(ClusterProcess cluster, SharedStore store) throws Exception {
    assertRefused(cluster);
    assertThat(stored(store)).isEmpty();
  }

  /** Each node of this version refuses the change, and says why. */
  private void assertRefused(ClusterProcess cluster) {
    for (int node = 0; node < NODES; node++) {
      if (running.get(node) == null) {
        assertThat(change(cluster, node).expect(409).body().path("detail").asText())
            .contains("does not know run-time settings");
      }
    }
  }

  private static void assertSwitched(ClusterProcess cluster, SharedStore store) throws Exception {
    change(cluster, 0).expect(204);
    assertThat(stored(store)).hasSize(1);
    for (int node = 0; node < NODES; node++) {
      awaitInForce(cluster, node);
    }
  }

  private static Answer change(ClusterProcess cluster, int node) {
    try (ParleyClient operator = new ParleyClient(cluster.operators(node))) {
      return operator.call("PUT", SETTING, null, Map.of("value", "off"));
    }
  }

  private static void awaitInForce(ClusterProcess cluster, int node) {
    try (ParleyClient operator = new ParleyClient(cluster.operators(node))) {
      await("the setting on node " + node)
          .atMost(PATIENCE)
          .until(
              () -> {
                JsonNode all = operator.get("/admin/settings", null).expect(200).body();
                for (JsonNode one : all.path("settings")) {
                  if (SETTING.endsWith("/" + one.path("name").asText())) {
                    return one.path("value").asText().equals("off");
                  }
                }
                return false;
              });
    }
  }

  private static List<String> stored(SharedStore store) throws Exception {
    Map<String, String> settings = store.settings(0);
    try (DynamoStore journal =
            DynamoStore.open(
                URI.create(settings.getOrDefault("PARLEY_DYNAMODB_ENDPOINT", "")),
                settings.getOrDefault("PARLEY_DYNAMODB_TABLE_PREFIX", ""),
                false);
        Stream<String> names = journal.persistenceIds(STORED)) {
      return names.toList();
    }
  }

  // ---- what runs, and what it says

  private static Set<String> versions(ClusterProcess cluster) {
    Set<String> versions = new TreeSet<>();
    for (int node = 0; node < NODES; node++) {
      try (ParleyClient operator = new ParleyClient(cluster.operators(node))) {
        Matcher build = BUILD.matcher(operator.get("/metrics", null).expect(200).text());
        assertThat(build.find()).isTrue();
        versions.add(build.group(1));
      }
    }
    return versions;
  }

  private static String only(Set<String> versions) {
    assertThat(versions).hasSize(1);
    return versions.iterator().next();
  }

  private static List<String> unreadable() throws IOException {
    List<String> found = new ArrayList<>();
    for (int node = 0; node < NODES; node++) {
      try (Stream<String> lines = Files.lines(ClusterProcess.logFile(node))) {
        lines.filter(line -> UNREADABLE.matcher(line).find()).limit(20).forEach(found::add);
      }
    }
    return found;
  }

  private static void say(String news) {
    System.out.println("[before] " + news);
  }
}
