package parley.whole;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * One server per store for all tests that only use it. The first test starts it; it ends with the
 * tests.
 */
final class SharedServer {
  private static final Map<String, ServerProcess> servers = new HashMap<>();
  private static final Map<String, ParleyClient> clients = new HashMap<>();
  private static String store = "embedded";

  private SharedServer() {}

  /** Switches to the server with this store, which {@link ServerProcess#store} describes. */
  static synchronized void use(String other) {
    store = other;
  }

  static synchronized ServerProcess server() {
    return servers.computeIfAbsent(
        store,
        name -> {
          ServerProcess started = ServerProcess.start(folder());
          Runtime.getRuntime().addShutdownHook(new Thread(() -> end(started)));
          return started;
        });
  }

  /** Prints the server's warnings beside the failures that they explain. */
  private static void end(ServerProcess server) {
    server.close();
    try {
      Files.write(
          server.data().resolveSibling(server.data().getFileName() + ".log"), server.output());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static synchronized ParleyClient client() {
    return clients.computeIfAbsent(
        store, name -> new ParleyClient(server().uri(), new PublishedDocuments()));
  }

  private static Path folder() {
    try {
      Path target = Files.createDirectories(Path.of("target"));
      return Files.createTempDirectory(target, "shared-server-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TestAccount user(String stem) {
    return client().register(ClientIds.username(stem));
  }

  static String group(TestAccount creator, TestAccount... others) {
    return client().group(creator, "a group", List.of(others));
  }

  static ObjectNode text(String conversation, String content) {
    return JsonTrees.obj(
        "op",
        "send",
        "conversation_id",
        conversation,
        "client_msg_id",
        ClientIds.next(),
        "type",
        "text",
        "content",
        content);
  }

  static ObjectNode change(String op, String conversation, long target, String name, String value) {
    return JsonTrees.obj(
        "op",
        op,
        "conversation_id",
        conversation,
        "client_msg_id",
        ClientIds.next(),
        "target_seq",
        target,
        name,
        value);
  }

  static Answer history(TestAccount testAccount, String conversation, String query) {
    return client()
        .get("/v1/conversations/" + conversation + "/messages" + query, testAccount.accessToken());
  }

  /** The inbox row, or a missing node. */
  static JsonNode row(TestAccount testAccount, String conversation) {
    return client().inbox(testAccount).stream()
        .filter(row -> row.path("conversation_id").asText().equals(conversation))
        .findFirst()
        .orElse(JsonTrees.MAPPER.missingNode());
  }
}
