package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.NodeCertificates;
import parley.client.Ports;
import parley.client.ServerProcess;
import parley.client.ThreadDump;

/**
 * Pods as processes, each on a loopback address of its own, against a Kubernetes API that allows
 * what the Role of {@code k8s/base} does.
 */
@Timeout(600)
class KubernetesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String APP = "parley";

  /** A stop need not be announced or spread over time. */
  private static final Map<String, String> STOP =
      Map.of("PARLEY_UNREADY_SECONDS", "0", "PARLEY_DRAIN_SECONDS", "1");

  @TempDir Path folder;

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Map<Integer, Process> pods = new LinkedHashMap<>();
  private final String network = "127.77." + (1 + System.nanoTime() % 250);
  private FakeKubernetes kubernetes;
  private int remotePort;
  private int managementPort;

  @BeforeEach
  void start() throws Exception {
    KubernetesManifests kubernetesManifests = KubernetesManifests.read(Path.of("k8s"));
    kubernetes =
        new FakeKubernetes(folder, call -> ManifestRules.allows(kubernetesManifests, call));
    remotePort = Ports.free();
    managementPort = Ports.free();
  }

  @AfterEach
  void stop() throws Exception {
    for (Process pod : pods.values()) {
      pod.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
    }
    kubernetes.close();
  }

  @Test
  void podsBecomeOneClusterAndTheLeaseDecidesWhoGoesOn() throws Exception {
    // Pods of another app, and pods that do not run, are not waited for.
    kubernetes.run("other-0", "other", ip(90), managementPort);
    kubernetes.pod("parley-8", APP, ip(91), managementPort, "waiting", "Running", false);
    kubernetes.pod("parley-9", APP, ip(92), managementPort, "running", "Running", true);

    // A pod that runs and does not answer might be a cluster already: no pod forms one without it.
    kubernetes.run("parley-12", APP, ip(12), managementPort);
    pod(10);
    pod(11);
    await("looked for longer than the margin of a new cluster")
        .atMost(Duration.ofSeconds(90))
        .until(() -> listings() > 30);
    assertThat(members(10)).isEmpty();
    assertThat(members(11)).isEmpty();
    assertThat(status(10, "/ready")).isEqualTo(503);
    assertThat(status(10, "/alive")).isEqualTo(200);

    // It answers now: they form one cluster together.
    pod(12);
    awaitOneCluster(10, 11, 12);

    // Two more pods with the lowest addresses, one of which would form a cluster if there was none.
    pod(2);
    pod(3);
    awaitOneCluster(2, 3, 10, 11, 12);

    // The nodes that get the lease down the dead one.
    String dead = kill(12);
    awaitOneCluster(2, 3, 10, 11);
    assertThat(kubernetes.holder()).contains(network).doesNotContain(dead);

    // The token is replaced while the lease is held.
    kubernetes.renewToken("second");
    await().atMost(Duration.ofSeconds(60)).until(() -> kubernetes.callsOf("second") > 0);
    kubernetes.onlyTheLatestToken();
    int before = updates(200);
    await().atMost(Duration.ofSeconds(60)).until(() -> updates(200) > before + 1);
    assertThat(kubernetes.calls()).noneMatch(call -> call.status() == 401);

    // Another holder has the lease: its side goes on, and these nodes do not.
    kubernetes.takeLeases("somebody else");
    await().atMost(Duration.ofSeconds(60)).until(() -> updates(409) > 0);
    kill(11);
    for (int left : List.of(2, 3, 10)) {
      awaitEnd(left);
    }
    assertThat(kubernetes.calls()).noneMatch(call -> call.status() == 403);
  }

  /** The number that must find each other follows the StatefulSet; no setting has to. */
  @Test
  void aNewClusterNeedsMoreThanHalfOfTheReplicas() throws Exception {
    String[] set = {"PARLEY_KUBERNETES_STATEFULSET", "parley"};
    kubernetes.scale(5);
    pod(10, "PARLEY_KUBERNETES_STATEFULSET", "parley", "PARLEY_MANAGEMENT_WRITE", "true");
    pod(11, set);
    await("asked by the pod that would form a cluster of two")
        .atMost(Duration.ofSeconds(90))
        .until(() -> replicasRead() > 3);
    assertThat(members(10)).isEmpty();
    assertThat(members(11)).isEmpty();

    pod(12, set);
    awaitOneCluster(10, 11, 12);
    pod(13, set);
    pod(14, set);
    awaitOneCluster(10, 11, 12, 13, 14);

    // Two go in order, the number is three, and everything else dies: two of three may begin.
    kubernetes.scale(3);
    for (int last : List.of(13, 14)) {
      assertThat(change("PUT", 10, member(last), "operation=leave")).isEqualTo(200);
      awaitEnd(last);
      kubernetes.gone("parley-" + last);
    }
    awaitOneCluster(10, 11, 12);
    for (int last : List.of(10, 11, 12)) {
      kill(last);
    }
    pod(10, set);
    pod(11, set);
    awaitOneCluster(10, 11);
    assertThat(kubernetes.calls()).noneMatch(call -> call.status() == 403);
  }

  @Test
  void operatorsMayChangeTheClusterWhereTheyWereAllowedTo() throws Exception {
    pod(10, "PARLEY_MANAGEMENT_WRITE", "true");
    pod(11);
    pod(12);
    awaitOneCluster(10, 11, 12);
    String leaving = member(12);
    assertThat(change("DELETE", 11, leaving, "")).isEqualTo(405);
    assertThat(change("PUT", 11, leaving, "operation=down")).isEqualTo(405);
    assertThat(change("PUT", 11, leaving, "operation=leave")).isEqualTo(405);
    assertThat(change("POST", 11, "", "address=" + leaving)).isEqualTo(405);
    awaitOneCluster(10, 11, 12);

    assertThat(change("PUT", 10, leaving, "operation=leave")).isEqualTo(200);
    awaitOneCluster(10, 11);
    awaitEnd(12);
    assertThat(change("PUT", 10, member(11), "operation=down")).isEqualTo(200);
    awaitOneCluster(10);
  }

  /** Pods call each other by that port and by address before one of them forms a cluster. */
  @Test
  void podsFindEachOtherWhereTheOperatorsPortHasACertificate() throws Exception {
    Map<String, String> files = NodeCertificates.of(folder.resolve("node-tls"));
    for (int last : List.of(10, 11)) {
      pod(
          last,
          "PARLEY_MANAGEMENT_TLS_CERT",
          Objects.requireNonNull(files.get("PARLEY_NODE_TLS_CERT")),
          "PARLEY_MANAGEMENT_TLS_KEY",
          Objects.requireNonNull(files.get("PARLEY_NODE_TLS_KEY")));
    }
    SSLContext trusting = trusting(Path.of(files.get("PARLEY_NODE_TLS_CA")));
    for (int last : List.of(10, 11)) {
      await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(
              () ->
                  assertThat(overTls(trusting, last, "/cluster/members"))
                      .as(log(last))
                      .startsWith("HTTP/1.1 200")
                      .containsPattern("(?s)" + member(10) + ".*Up.*" + member(11) + ".*Up"));
    }
    assertThat(members(10)).as("by plain HTTP").isEmpty();
  }

  private static SSLContext trusting(Path ca) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var file = Files.newInputStream(ca)) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private String overTls(SSLContext trusting, int last, String path) {
    try (Socket socket = trusting.getSocketFactory().createSocket(ip(last), managementPort)) {
      socket.setSoTimeout(5_000);
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nHost: " + ip(last) + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void pod(int last, String... more) throws IOException {
    String ip = ip(last);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    for (String module : List.of("discovery.kubernetes-api", "coordination.lease.kubernetes")) {
      command.add("-Dpekko." + module + ".api-ca-path=" + kubernetes.caFile());
      command.add("-Dpekko." + module + ".api-token-path=" + kubernetes.tokenFile());
    }
    command.add("-Dpekko.discovery.kubernetes-api.pod-namespace=" + FakeKubernetes.NAMESPACE);
    command.add("-Dpekko.coordination.lease.kubernetes.namespace=" + FakeKubernetes.NAMESPACE);
    command.add("-Dpekko.coordination.lease.kubernetes.heartbeat-interval=1s");
    command.add("-Dpekko.cluster.split-brain-resolver.stable-after=3s");
    // Longer than a test uses it while it is held.
    command.add("-Dpekko.cluster.split-brain-resolver.lease-majority.release-after=10m");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(PodMember.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(folder.resolve(last + ".log").toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("PARLEY_"));
    environment.put("KUBERNETES_SERVICE_HOST", "127.0.0.1");
    environment.put("KUBERNETES_SERVICE_PORT", String.valueOf(kubernetes.port()));
    environment.put("PARLEY_CLUSTER", "kubernetes");
    environment.put("PARLEY_STORE", "dynamodb");
    environment.put("PARLEY_REMOTE_HOST", ip);
    environment.put("PARLEY_REMOTE_PORT", String.valueOf(remotePort));
    environment.put("PARLEY_MANAGEMENT_HOST", ip);
    environment.put("PARLEY_MANAGEMENT_PORT", String.valueOf(managementPort));
    environment.putAll(NodeCertificates.of(folder.resolve("node-tls")));
    environment.putAll(STOP);
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    kubernetes.run("parley-" + last, APP, ip, managementPort);
    pods.put(last, builder.start());
  }

  /** Kills the pod with {@code kill -9} and returns the address it had. */
  private String kill(int last) throws InterruptedException {
    process(last).destroyForcibly().waitFor(30, TimeUnit.SECONDS);
    kubernetes.gone("parley-" + last);
    return ip(last) + ":";
  }

  /** Waits until the pod ends by itself, at most for the time that an ordered stop may take. */
  private void awaitEnd(int last) throws InterruptedException {
    Process pod = process(last);
    if (!pod.waitFor(ServerProcess.endSeconds(STOP), TimeUnit.SECONDS)) {
      throw new AssertionError(
          "pod " + last + " did not end:\n" + ThreadDump.of(pod.pid(), () -> lines(last)));
    }
  }

  private Process process(int last) {
    return Objects.requireNonNull(pods.get(last));
  }

  /** Waits until all of these pods know exactly these members. */
  private void awaitOneCluster(int... all) {
    Set<String> expected = new TreeSet<>();
    for (int last : all) {
      expected.add(member(last));
    }
    for (int last : all) {
      await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(() -> assertThat(members(last)).as(log(last)).isEqualTo(expected));
    }
  }

  private String member(int last) {
    return "pekko://parley@" + ip(last) + ":" + remotePort;
  }

  /** The members that are up, as the pod sees them; empty if it does not answer. */
  private Set<String> members(int last) throws InterruptedException {
    Set<String> up = new TreeSet<>();
    try {
      HttpRequest request = HttpRequest.newBuilder(uri(last, "/cluster/members")).build();
      JsonNode answer =
          JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
      for (JsonNode member : answer.path("members")) {
        if (member.path("status").asText().equals("Up")) {
          up.add(member.path("node").asText());
        }
      }
    } catch (IOException e) {
      return Set.of();
    }
    return up;
  }

  private int status(int last, String path) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(uri(last, path)).build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private int change(String method, int last, String member, String form) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(uri(last, "/cluster/members/" + member))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method(method, HttpRequest.BodyPublishers.ofString(form))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private long listings() {
    return kubernetes.calls().stream().filter(call -> call.resource().equals("pods")).count();
  }

  private long replicasRead() {
    return kubernetes.calls().stream()
        .filter(call -> call.resource().equals("statefulsets") && call.status() == 200)
        .count();
  }

  private int updates(int status) {
    return (int)
        kubernetes.calls().stream()
            .filter(call -> call.verb().equals("update") && call.status() == status)
            .count();
  }

  private URI uri(int last, String path) {
    return URI.create("http://" + ip(last) + ":" + managementPort + path);
  }

  private String ip(int last) {
    return network + "." + last;
  }

  private String log(int last) {
    List<String> lines = lines(last);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
  }

  /** Everything that the pod has printed. */
  private List<String> lines(int last) {
    try {
      return Files.readAllLines(folder.resolve(last + ".log"));
    } catch (IOException e) {
      return List.of(e.toString());
    }
  }
}
