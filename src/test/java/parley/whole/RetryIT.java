package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * G3: one {@code client_msg_id} is one entry, however often it is sent, by HTTP or socket, before
 * and after a crash.
 */
class RetryIT {
  @Test
  void twentyRetriesAreOneEntry(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data, ServerProcess.SHORT_LIVED);
        ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      String id = client.direct(ann, ben.userId());
      String first = ClientIds.next();
      List<JsonNode> answers = twenty(client, ann, id, ben.userId(), first, "once");
      assertThat(answers).hasSize(20);
      assertThat(answers).filteredOn(a -> !a.path("duplicate").asBoolean()).hasSize(1);
      oneEntry(answers);

      server.kill9();
      server.restart();
      List<JsonNode> later = twenty(client, ann, id, ben.userId(), first, "another text");
      assertThat(later).hasSize(20).allMatch(a -> a.path("duplicate").asBoolean());
      answers.addAll(later);
      oneEntry(answers);
      List<JsonNode> log = client.log(ben, id);
      assertThat(log).hasSize(1);
      assertThat(log.getFirst().path("content").asText()).isEqualTo("once");
      assertThat(log.getFirst().path("message_id"))
          .isEqualTo(answers.getFirst().path("message_id"));
    }
  }

  @Test
  void aCrashAmongTheRetriesChangesNothing(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data, ServerProcess.SHORT_LIVED);
        ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      String id = client.direct(ann, ben.userId());
      String cmid = ClientIds.next();
      List<CompletableFuture<JsonNode>> inFlight = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        inFlight.add(overHttp(client, ann, message(id, null, cmid, "once")));
      }
      server.kill9();
      List<JsonNode> answers = new ArrayList<>();
      for (CompletableFuture<JsonNode> future : inFlight) {
        JsonNode answer = future.exceptionally(failure -> JsonTrees.MAPPER.missingNode()).join();
        if (answer.has("seq")) {
          answers.add(answer);
        }
      }
      server.restart();
      answers.addAll(twenty(client, ann, id, ben.userId(), cmid, "once"));
      oneEntry(answers);
      assertThat(answers)
          .filteredOn(a -> !a.path("duplicate").asBoolean())
          .hasSizeLessThanOrEqualTo(1);
      assertThat(client.log(ben, id)).hasSize(1);
    }
  }

  private static void oneEntry(List<JsonNode> answers) {
    assertThat(answers).extracting(a -> a.path("seq").asLong()).containsOnly(1L);
    assertThat(answers)
        .extracting(a -> a.path("message_id").asText())
        .doesNotContain("")
        .containsOnly(answers.getFirst().path("message_id").asText());
    assertThat(answers)
        .extracting(a -> a.path("server_timestamp").asText())
        .containsOnly(answers.getFirst().path("server_timestamp").asText());
  }

  /**
   * Sends ten over the sockets of two devices and ten over HTTP, all at once; every second one
   * names the peer instead of the conversation.
   */
  private static List<JsonNode> twenty(
      ParleyClient client, TestAccount ann, String id, String peer, String cmid, String content) {
    try (ParleySocket phone = client.connect(ann, "phone");
        ParleySocket laptop = client.connect(ann, "laptop")) {
      List<CompletableFuture<JsonNode>> all = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        boolean byPeer = i % 2 == 1;
        ObjectNode message = message(byPeer ? null : id, byPeer ? peer : null, cmid, content);
        all.add(phone.ask(message.deepCopy().put("op", "send")));
        all.add(overHttp(client, ann, message));
        all.add(laptop.ask(message.deepCopy().put("op", "send")));
        all.add(overHttp(client, ann, message));
      }
      return new ArrayList<>(all.stream().map(CompletableFuture::join).toList());
    }
  }

  private static ObjectNode message(
      @Nullable String id, @Nullable String to, String cmid, String content) {
    return JsonTrees.obj(
        "conversation_id", id, "to", to, "client_msg_id", cmid, "type", "text", "content", content);
  }

  private static CompletableFuture<JsonNode> overHttp(
      ParleyClient client, TestAccount testAccount, ObjectNode message) {
    return client
        .callAsync("POST", "/v1/messages", testAccount.accessToken(), message)
        .thenApply(
            answer -> {
              boolean duplicate = answer.body().path("duplicate").asBoolean();
              return answer.expect(duplicate ? 200 : 201).body();
            });
  }
}
