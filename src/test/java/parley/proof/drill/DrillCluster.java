package parley.proof.drill;

import static org.awaitility.Awaitility.await;

import com.eatthepath.pushy.apns.server.RejectionReason;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.client.MockApns;
import parley.client.Ports;
import parley.client.ServerProcess;
import parley.proof.faults.SharedStore;

/**
 * Three nodes on the loopback address, and room for two more, with a shared store and a provider of
 * push notifications. Nobody restarts a node but the drill.
 */
final class DrillCluster implements AutoCloseable {
  static final int USUAL = 3;
  private static final int MOST = 5;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final List<String> JVM =
      List.of("-Xmx256m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
  private static final int[] GENERIC = {8080, 8560, 25520};

  final SharedStore store;
  final MockApns apns;
  final DrillCertificates certificates;
  private final Path folder;
  private final List<ServerProcess> nodes = new ArrayList<>();
  private final int[][] ports = new int[MOST][3];
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private DrillCluster(
      SharedStore store, MockApns apns, DrillCertificates certificates, Path folder) {
    this.store = store;
    this.apns = apns;
    this.certificates = certificates;
    this.folder = folder;
  }

  /**
   * Starts three nodes, and returns when they are one cluster.
   *
   * @param jvm more options of the JVM of each node
   */
  static DrillCluster start(Path folder, Transcript transcript, List<String> jvm) throws Exception {
    Files.createDirectories(folder);
    DrillCluster cluster =
        new DrillCluster(
            SharedStore.start("127.0.0.1", MOST, 1),
            new MockApns(folder),
            DrillCertificates.in(folder.resolve("node-ca")),
            folder);
    for (int node = 0; node < MOST; node++) {
      for (int kind = 0; kind < GENERIC.length; kind++) {
        cluster.ports[node][kind] = Ports.free();
        transcript.name(
            "127.0.0.1:" + (GENERIC[kind] + node), "127.0.0.1:" + cluster.ports[node][kind]);
      }
    }
    for (int node = 0; node < MOST; node++) {
      cluster.nodes.add(cluster.prepared(node, Map.of(), jvm));
    }
    for (int node = 0; node < USUAL; node++) {
      cluster.launch(node, node == 0);
    }
    cluster.awaitMembers(USUAL);
    return cluster;
  }

  private ServerProcess prepared(int node, Map<String, String> more, List<String> jvm) {
    List<String> seeds = new ArrayList<>();
    for (int seed = 0; seed < USUAL; seed++) {
      seeds.add("127.0.0.1:" + ports[seed][2]);
    }
    Map<String, String> environment = new HashMap<>(store.settings(node));
    environment.putAll(apns.environment());
    environment.put("PARLEY_PORT", String.valueOf(ports[node][0]));
    environment.put("PARLEY_MANAGEMENT_PORT", String.valueOf(ports[node][1]));
    environment.put("PARLEY_REMOTE_PORT", String.valueOf(ports[node][2]));
    environment.put("PARLEY_CLUSTER", "seed");
    environment.put("PARLEY_SEED_NODES", String.join(",", seeds));
    environment.put("PARLEY_DYNAMODB_CREATE_TABLES", "true");
    environment.put("PARLEY_SHARDS", "128");
    environment.put("PARLEY_UNREADY_SECONDS", "3");
    environment.put("PARLEY_DRAIN_SECONDS", "10");
    environment.put("PARLEY_MANAGEMENT_WRITE", "true");
    environment.put("PARLEY_PUSH_AFTER_SECONDS", "0");
    environment.putAll(certificates.environment());
    environment.putAll(more);
    List<String> options = new ArrayList<>(JVM);
    // Tries of a push follow each other in seconds instead of minutes.
    options.add("-Dparley.user.push.backoff=1s");
    options.add("-Dparley.user.push.again=1s");
    options.addAll(jvm);
    return ServerProcess.prepare(folder.resolve("node-" + node), environment, List.of(), options)
        .alsoTo(folder.resolve("node-" + node + ".log"));
  }

  /**
   * A node that does not run becomes another one at the same address; {@link #launch} starts it.
   *
   * @param more settings that differ
   * @param jvm more options of the JVM
   */
  ServerProcess replace(int node, Map<String, String> more, List<String> jvm) {
    nodes.get(node).close();
    ServerProcess other = prepared(node, more, jvm);
    nodes.set(node, other);
    return other;
  }

  ServerProcess node(int node) {
    return nodes.get(node);
  }

  URI clients(int node) {
    return URI.create("http://127.0.0.1:" + ports[node][0]);
  }

  /** Where operators and Prometheus ask it: {@code host:port}. */
  String management(int node) {
    return "127.0.0.1:" + ports[node][1];
  }

  /** The address between nodes: {@code host:port}. */
  String remote(int node) {
    return "127.0.0.1:" + ports[node][2];
  }

  /** Starts a node on a thread of its own, because it may wait for the others. */
  void launch(int node) {
    launch(node, false);
  }

  private void launch(int node, boolean first) {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                nodes.get(node).launch();
              } catch (AssertionError e) {
                System.out.println("node " + node + " did not start: " + e.getMessage());
              }
            });
    if (first) {
      // It creates the tables.
      await().atMost(PATIENCE).until(() -> status(node, "/alive") == 200);
    }
  }

  /** Waits until this many nodes are ready and see this many members. */
  void awaitMembers(int count) {
    await(count + " members")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(250))
        .until(
            () -> {
              int good = 0;
              for (int node = 0; node < MOST; node++) {
                good += status(node, "/ready") == 200 && membersOf(node) == count ? 1 : 0;
              }
              return good == count;
            });
  }

  int membersOf(int node) {
    String body = body(node, "/cluster/members");
    return body.contains("\"unreachable\":[]") ? body.split("\"status\":\"Up\"", -1).length - 1 : 0;
  }

  int status(int node, String path) {
    try {
      return http.send(request(node, path), BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  String body(int node, String path) {
    try {
      return http.send(request(node, path), BodyHandlers.ofString()).body();
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private HttpRequest request(int node, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports[node][1] + path))
        .timeout(Duration.ofSeconds(3))
        .build();
  }

  /** The provider answers that it is away. */
  void providerAway() {
    apns.answer(token -> new MockApns.Answer.Reject(RejectionReason.SERVICE_UNAVAILABLE));
  }

  @Override
  public void close() {
    nodes.forEach(ServerProcess::close);
    store.close();
    apns.close();
    http.shutdownNow();
  }
}
