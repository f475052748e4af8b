package parley.whole;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.client.Account;
import parley.client.Answer;
import parley.client.Ids;
import parley.client.Json;
import parley.client.ParleyClient;
import parley.client.ServerProcess;

/**
 * One server for all tests that only use it, started at the first need and ended with the tests.
 */
final class SharedServer {
  private static @Nullable ServerProcess server;
  private static @Nullable ParleyClient client;

  private SharedServer() {}

  static synchronized ServerProcess server() {
    if (server == null) {
      ServerProcess started = ServerProcess.start(folder());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(started)));
      server = started;
    }
    return server;
  }

  /** What the server complained of is seen beside the failures it explains. */
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
    if (client == null) {
      client = new ParleyClient(server().uri(), new Documents());
    }
    return client;
  }

  private static Path folder() {
    try {
      Path target = Files.createDirectories(Path.of("target"));
      return Files.createTempDirectory(target, "shared-server-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Account user(String stem) {
    return client().register(Ids.username(stem));
  }

  static String group(Account creator, Account... others) {
    return client().group(creator, "a group", List.of(others));
  }

  static ObjectNode text(String conversation, String content) {
    return Json.obj(
        "op",
        "send",
        "conversation_id",
        conversation,
        "client_msg_id",
        Ids.next(),
        "type",
        "text",
        "content",
        content);
  }

  static ObjectNode change(String op, String conversation, long target, String name, String value) {
    return Json.obj(
        "op",
        op,
        "conversation_id",
        conversation,
        "client_msg_id",
        Ids.next(),
        "target_seq",
        target,
        name,
        value);
  }

  static Answer history(Account account, String conversation, String query) {
    return client()
        .get("/v1/conversations/" + conversation + "/messages" + query, account.accessToken());
  }

  /** The inbox row, or a missing node. */
  static JsonNode row(Account account, String conversation) {
    return client().inbox(account).stream()
        .filter(row -> row.path("conversation_id").asText().equals(conversation))
        .findFirst()
        .orElse(Json.MAPPER.missingNode());
  }
}
