package parley.proof.drill;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Provokes each alert by a fault, end to end: a node, its {@code /metrics}, a Prometheus, the
 * shipped rule with shorter times ({@link parley.monitoring.ShortRules}).
 *
 * <pre>mvn -q test-compile exec:exec@alerts -Dalerts="connections push"</pre>
 *
 * <p>Without names all scenes are played, in some half an hour. Outcomes are kept in {@code
 * target/alerts}, so that scenes can be played one by one; the table over all of them is printed at
 * the end. Needs Prometheus, the right to mount a small disk, {@code prlimit} and, for faults that
 * show after hours, libfaketime ({@link FakeTime}).
 */
public final class AlertDrill {
  private static final Path RESULTS = Path.of("target", "alerts");

  /** Alerts for which there is no fault to provoke them. */
  private static final Map<String, String> REASONS =
      Map.of(
          "ParleyUnreadDrift",
          "needs a wrong count, which only a defect of the program writes;"
              + " `UnreadAuditorTest` plants one",
          "ParleyNoKey",
          "needs a node without keys: no node starts without one, and a running node keeps those"
              + " it has when the file is emptied or deleted",
          "ParleyRowsUnsaved",
          "needs a user that stays in memory for 4 minutes and does not write: a write that fails"
              + " restarts the user, and the rows come again");

  private interface Scene {
    void play() throws Exception;
  }

  private AlertDrill() {}

  /** Plays the named scenes, or all of them. */
  public static void main(String[] arguments) throws Exception {
    List<String> wanted = List.of(System.getProperty("alerts", "").trim().split("\\s+"));
    Path folder = Files.createTempDirectory("alerts");
    try (AlertBoard board =
        AlertBoard.start(
            Files.createDirectory(folder.resolve("prometheus")), RESULTS.resolve("seen.tsv"))) {
      ClientScenes clients = new ClientScenes(board, folder.resolve("single"));
      LaterScenes later = new LaterScenes(board, folder.resolve("later"));
      Map<String, Scene> single = new LinkedHashMap<>();
      single.put("connections", clients::connections);
      single.put("clients", clients::clients);
      single.put("history", clients::history);
      single.put("restarts", clients::restarts);
      single.put("heap", clients::heap);
      single.put("disk", clients::disk);
      single.put("push", later::push);
      single.put("cold-tier", later::coldTier);
      play(single, wanted);
      List<String> ofCluster =
          List.of(
              "slow-store",
              "throttled-store",
              "failing-store",
              "two-clusters",
              "wrong-node",
              "certificates",
              "lost-node",
              "nobody-watched");
      if (wanted.contains("") || wanted.stream().anyMatch(ofCluster::contains)) {
        try (ClusterScenes cluster = ClusterScenes.start(board, folder.resolve("cluster"))) {
          Map<String, Scene> shared = new LinkedHashMap<>();
          shared.put("slow-store", cluster::slowStore);
          shared.put("throttled-store", cluster::throttledStore);
          shared.put("failing-store", cluster::failingStore);
          shared.put("two-clusters", cluster::twoClusters);
          shared.put("wrong-node", cluster::wrongNode);
          shared.put("certificates", cluster::certificates);
          shared.put("lost-node", cluster::lostNode);
          shared.put("nobody-watched", cluster::nobodyWatched);
          play(shared, wanted);
        }
      }
      String table = board.table(REASONS);
      Files.writeString(RESULTS.resolve("table.md"), table);
      System.out.println(table);
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    System.exit(0);
  }

  private static void play(Map<String, Scene> scenes, List<String> wanted) {
    scenes.forEach(
        (name, scene) -> {
          if (wanted.contains("") || wanted.contains(name)) {
            System.out.println("=== " + name);
            try {
              scene.play();
            } catch (Exception | AssertionError e) {
              // The other scenes can still be played; the table shows what is missing.
              System.out.println("=== " + name + " broke off: " + e);
              e.printStackTrace();
            }
          }
        });
  }
}
