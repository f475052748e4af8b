package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.DynamoLocal;
import parley.client.Frames;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.Ports;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * Nodes at IPv6 addresses: all three ports of one, two that are a cluster, and one that listens on
 * all addresses. Left out where the machine has no IPv6.
 */
@Timeout(240)
class Ipv6IT {
  private static final InetAddress LOOPBACK = loopback();

  @TempDir Path folder;

  private static InetAddress loopback() {
    byte[] address = new byte[16];
    address[15] = 1;
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeAll
  static void machineHasIpv6() {
    boolean has = true;
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(LOOPBACK, 0));
    } catch (IOException e) {
      has = false;
    }
    assumeTrue(has, "this machine has no address ::1");
  }

  private static Map<String, String> at(String host, int remote) {
    Map<String, String> environment = new HashMap<>();
    environment.put("PARLEY_HOST", host);
    environment.put("PARLEY_MANAGEMENT_HOST", host);
    environment.put("PARLEY_REMOTE_HOST", "::1");
    environment.put("PARLEY_REMOTE_PORT", String.valueOf(remote));
    environment.put("PARLEY_DRAIN_SECONDS", "0");
    return environment;
  }

  /** A message from one socket to the other. */
  private static void chat(ParleyClient anns, ParleyClient bens) {
    TestAccount ann = anns.register("ann");
    TestAccount ben = bens.register("ben");
    String direct = anns.direct(ann, ben.userId());
    try (ParleySocket annPhone = anns.connectSynced(ann, "phone");
        ParleySocket benPhone = bens.connectSynced(ben, "phone")) {
      assertThat(annPhone.text(direct, "six").path("seq").asLong()).isEqualTo(1);
      assertThat(benPhone.await(Frames.message(direct, 1)).path("content").asText())
          .isEqualTo("six");
    }
  }

  @Test
  void oneNodeListensOnAnIpv6AddressWithAllPorts() throws Exception {
    int remote = Ports.free();
    try (ServerProcess server = ServerProcess.start(folder, at("::1", remote));
        ParleyClient client = new ParleyClient(server.uri());
        ParleyClient operator = new ParleyClient(server.management());
        var nodes = new Socket(LOOPBACK, remote)) {
      assertThat(InetAddress.getByName(server.uri().getHost())).isEqualTo(LOOPBACK);
      assertThat(InetAddress.getByName(server.management().getHost())).isEqualTo(LOOPBACK);
      assertThat(nodes.isConnected()).isTrue();
      operator.get("/ready", null).expect(200);
      operator.get("/admin/audit", null).expect(200);
      chat(client, client);
    }
  }

  @Test
  void theWildcardAddressServesBothFamilies() {
    Map<String, String> settings = at("0.0.0.0", Ports.free());
    try (ServerProcess server = ServerProcess.start(folder, settings);
        ParleyClient four =
            new ParleyClient(URI.create("http://127.0.0.1:" + server.uri().getPort()));
        ParleyClient six = new ParleyClient(URI.create("http://[::1]:" + server.uri().getPort()));
        ParleyClient operator =
            new ParleyClient(URI.create("http://[::1]:" + server.management().getPort()))) {
      operator.get("/ready", null).expect(200);
      chat(four, six);
    }
  }

  @Test
  void twoNodesAreOneClusterByIpv6() {
    List<Integer> ports = List.of(Ports.free(), Ports.free());
    String seeds = "[::1]:" + ports.get(0) + ",[::1]:" + ports.get(1);
    Map<String, String> shared =
        new HashMap<>(DynamoLocal.environment(DynamoLocal.endpoint(), DynamoLocal.prefix()));
    shared.put("PARLEY_CLUSTER", "seed");
    shared.put("PARLEY_SEED_NODES", seeds);
    shared.put("PARLEY_UNREADY_SECONDS", "0");
    try (ServerProcess first = node("first", ports.get(0), shared);
        ServerProcess second = node("second", ports.get(1), shared)) {
      // Each waits for the other, so one of them starts on a thread of its own.
      Thread other = Thread.ofPlatform().daemon().start(second::launch);
      first.launch();
      join(other);
      try (ParleyClient anns = new ParleyClient(first.uri());
          ParleyClient bens = new ParleyClient(second.uri());
          ParleyClient operator = new ParleyClient(first.management())) {
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(operator.get("/cluster/members", null).text())
                        .contains("parley@[::1]:" + ports.get(0), "parley@[::1]:" + ports.get(1)));
        chat(anns, bens);
      }
    }
  }

  private ServerProcess node(String name, int remote, Map<String, String> shared) {
    Map<String, String> environment = new HashMap<>(at("::1", remote));
    environment.putAll(shared);
    return ServerProcess.prepare(
        folder.resolve(name), environment, List.of(), List.of("-XX:TieredStopAtLevel=1"));
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
