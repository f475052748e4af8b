package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Cluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import parley.client.Frames;
import parley.client.ParleyClient;
import parley.client.RawSocket;
import parley.client.TestAccount;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.store.DataFolder;
import parley.store.EmbeddedStore;
import parley.store.StoreRefusedException;

/** A node in this JVM starts, answers on its management port, stops, and starts again. */
@Timeout(90)
class NodeTest {
  @TempDir Path temporary;

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void aNodeStartsReportsItsAddressesAndStops() throws Exception {
    try (Node node = Node.start(settings(Map.of()))) {
      assertThat(get(node.management(), "/ready")).contains("200", "serving");
      assertThat(get(node.management(), "/alive")).contains("200");
      assertThat(get(node.management(), "/metrics"))
          .contains("200", "parley_sockets")
          .contains("parley_cluster_members 1", "parley_cluster_unreachable 0");
      assertThat(get(node.management(), "/cluster/members")).contains("200", "\"status\":\"Up\"");
      assertThat(get(node.management(), "/cluster/shards/none")).contains("404");
      assertThat(method(node.management(), "/cluster/members/x", "DELETE")).startsWith("405");
      assertThat(get(node.listening(), "/")).doesNotContain("pekko");
    }
    // Everything was released: the same folder can be used again.
    Node again = Node.start(settings(Map.of()));
    again.close();
    assertThat(again.ended().toCompletableFuture()).isCompleted();
  }

  /** The library's part of a stop may hang; the store is closed all the same. */
  @Test
  void anActorSystemThatDoesNotTerminateIsLeftBehind() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    Node node = QuickNode.start(settings(Map.of()));
    node.system()
        .systemActorOf(
            Behaviors.receive(Void.class)
                .onSignal(
                    PostStop.class,
                    stopped -> {
                      over.await();
                      return Behaviors.same();
                    })
                .build(),
            "stays",
            DispatcherSelector.blocking());
    node.close();
    assertThat(node.system().getWhenTerminated().toCompletableFuture()).isNotDone();
    assertThat(node.ended().toCompletableFuture()).isCompleted();
    assertThatNoException().isThrownBy(() -> DataFolder.open(temporary).close());
    over.countDown();
    node.system().getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void operatorsReadUnlessTheyMayWrite() throws Exception {
    try (Node node = QuickNode.start(settings(Map.of()))) {
      assertThat(method(node.management(), self(node), "DELETE")).startsWith("405");
      assertThat(method(node.management(), self(node), "PUT")).startsWith("405");
      assertThat(get(node.management(), "/bootstrap/seed-nodes")).startsWith("404");
      assertThat(node.ended().toCompletableFuture()).isNotDone();
    }
    Node node = QuickNode.start(settings(Map.of("PARLEY_MANAGEMENT_WRITE", "true")));
    assertThat(method(node.management(), self(node), "DELETE")).startsWith("200");
    node.ended().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void operatorsEnterConversationsIntoTheCalendar() throws Exception {
    String path = "/admin/archive/enrolment";
    try (Node node = QuickNode.start(settings(Map.of("PARLEY_COLD_STORE", "off")))) {
      assertThat(get(node.management(), path)).startsWith("409");
    }
    try (Node node = QuickNode.start(settings(Map.of()))) {
      try (ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
        TestAccount ann = client.register("ann");
        for (String name : List.of("bob", "cat", "dan")) {
          client.direct(ann, client.register(name).userId());
        }
      }
      assertThat(method(node.management(), path, "POST")).startsWith("405");
      assertThat(method(node.management(), path, "DELETE")).startsWith("405");
      assertThat(get(node.management(), path)).startsWith("200").contains("\"running\":false");
    }
    try (Node node = QuickNode.start(settings(Map.of("PARLEY_MANAGEMENT_WRITE", "true")))) {
      assertThat(method(node.management(), path + "?per_second=0", "POST")).startsWith("400");
      assertThat(method(node.management(), path + "?per_second=9", "POST")).startsWith("202");
      await()
          .until(
              () -> {
                String now = get(node.management(), path);
                return now.contains("\"running\":false") && now.contains("\"entered\":3");
              });
      assertThat(method(node.management(), path, "DELETE")).startsWith("200");
    }
    try (EmbeddedStore store = EmbeddedStore.open(temporary)) {
      store.openJournal();
      assertThat(store.persistenceIds("archive-day|")).isNotEmpty();
      assertThat(store.persistenceIds("conversation|")).hasSize(3).doesNotHaveDuplicates();
    }
  }

  /**
   * Sixty connections, so that the drain is spread over a minute, which the test does not wait for.
   */
  @Test
  void aDrainingNodeIsNotReadyAndRefusesClients() throws Exception {
    Node node =
        Node.start(
            settings(Map.of("PARLEY_DRAIN_SECONDS", "60", "PARLEY_RATE_REQUESTS_PER_SECOND", "0")));
    List<RawSocket> sockets = new ArrayList<>();
    CompletableFuture<Void> closing = CompletableFuture.completedFuture(null);
    URI clients = URI.create("http://" + node.listening());
    try (ParleyClient client = new ParleyClient(clients)) {
      for (int i = 0; i < 6; i++) {
        TestAccount testAccount = client.register("user" + i);
        for (int device = 0; device < 10; device++) {
          sockets.add(RawSocket.open(clients));
          sockets.getLast().hello(testAccount, "device-" + device);
        }
      }
      assertThat(get(node.management(), "/ready")).startsWith("200");
      closing = CompletableFuture.runAsync(node::close);
      await().until(() -> get(node.management(), "/ready").startsWith("503"));
      await().until(() -> refuses(node.listening()));
      // All of this happens during the drain: connections with a late slot are still open.
      sockets.getLast().text("{\"op\":\"ping\",\"id\":7}");
      sockets.getLast().await(Frames.op("server_maintenance"));
      sockets.getLast().await(Frames.op("pong"));
      assertThat(get(node.management(), "/ready")).startsWith("503");
      assertThat(get(node.management(), "/alive")).startsWith("200");
      assertThat(closing).isNotDone();
    } finally {
      sockets.forEach(RawSocket::close);
      node.close();
    }
    closing.get(30, TimeUnit.SECONDS);
  }

  /**
   * The load balancer has not noticed the stop yet, and must not send clients to a port that
   * refuses them.
   */
  @Test
  void aStopIsAnnouncedBeforeNewcomersAreRefused() throws Exception {
    Node node = Node.start(settings(Map.of("PARLEY_UNREADY_SECONDS", "5")));
    CompletableFuture<Void> closing = CompletableFuture.runAsync(node::close);
    try {
      await().until(() -> get(node.management(), "/ready").startsWith("503"));
      for (int newcomer = 0; newcomer < 3; newcomer++) {
        // A new client opens a new connection.
        try (HttpClient client = HttpClient.newHttpClient()) {
          URI keys = URI.create("http://" + node.listening() + "/.well-known/jwks.json");
          HttpResponse<String> served =
              client.send(
                  HttpRequest.newBuilder(keys).build(), HttpResponse.BodyHandlers.ofString());
          assertThat(served.statusCode()).isEqualTo(200);
        }
      }
      await().until(() -> refuses(node.listening()));
    } finally {
      closing.get(60, TimeUnit.SECONDS);
    }
  }

  private static boolean refuses(HostPort at) throws IOException {
    try (Socket socket = new Socket(at.host(), at.port())) {
      return !socket.isConnected();
    } catch (ConnectException e) {
      return true;
    }
  }

  private static String self(Node node) {
    return "/cluster/members/" + Cluster.get(node.system()).selfAddress();
  }

  @Test
  void aFolderInUseIsRefused() throws Exception {
    try (Node node = QuickNode.start(settings(Map.of()))) {
      assertThat(node.listening().port()).isPositive();
      assertThatThrownBy(() -> Node.start(settings(Map.of())))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageStartingWith("PARLEY_DATA_DIR: ");
    }
  }

  @Test
  void aPortInUseIsRefusedByName() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      Map<String, String> port = Map.of("PARLEY_PORT", String.valueOf(taken.getLocalPort()));
      assertThatThrownBy(() -> Node.start(settings(port)))
          .isInstanceOf(SettingsException.class)
          .hasMessageStartingWith("PARLEY_PORT: cannot listen on 127.0.0.1:");
    }
    QuickNode.start(settings(Map.of())).close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PARLEY_HOST", "PARLEY_MANAGEMENT_HOST", "PARLEY_REMOTE_HOST"})
  void anAddressOfAnotherMachineIsRefusedByName(String variable) {
    // Reserved for documentation: no machine has this address.
    refused(Map.of(variable, "192.0.2.1"), variable + ": cannot listen on 192.0.2.1 (");
  }

  @Test
  void aKeyOrIssuerThatCannotBeUsedIsRefusedByItsVariableOnly() throws Exception {
    Path junk = Files.writeString(temporary.resolve("junk.pem"), "junk");
    refused(
        Map.of("PARLEY_AUTH_KEY_FILE", junk.toString()),
        "PARLEY_AUTH_KEY_FILE: key file " + junk + " is neither");
    refused(
        Map.of(
            "PARLEY_AUTH_ISSUER", "parley",
            "PARLEY_AUTH_AUDIENCE", "chat",
            "PARLEY_AUTH_JWKS_URL", "https://id.example/jwks"),
        "PARLEY_AUTH_ISSUER: ");
    Path kept = temporary.resolve("auth-signing-key.json");
    Files.writeString(kept, "junk");
    refused(Map.of(), "PARLEY_DATA_DIR: key file " + kept + " is neither");
  }

  /**
   * The start is refused in one line that names one variable, and the folder is free afterwards.
   */
  private void refused(Map<String, String> environment, String start) {
    assertThatThrownBy(() -> Node.start(settings(environment)))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(start)
        .satisfies(
            e -> assertThat(e.getMessage()).containsOnlyOnce("PARLEY_").doesNotContain("\n"));
    assertThatNoException().isThrownBy(() -> DataFolder.open(temporary).close());
  }

  private Settings settings(Map<String, String> more) throws SettingsException {
    Map<String, String> environment = new HashMap<>();
    environment.put("PARLEY_PORT", "0");
    environment.put("PARLEY_MANAGEMENT_PORT", "0");
    environment.put("PARLEY_DRAIN_SECONDS", "1");
    environment.put("PARLEY_DATA_DIR", temporary.toString());
    environment.putAll(more);
    return Settings.from(environment);
  }

  private String get(HostPort at, String path) throws Exception {
    return method(at, path, "GET");
  }

  private String method(HostPort at, String path, String method) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + at + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    return response.statusCode() + " " + response.headers().map() + " " + response.body();
  }
}
