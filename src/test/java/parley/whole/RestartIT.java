package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * The server is killed right after an answer, before it can have delivered to anybody else. After
 * the start nobody writes: the answered change must reach its recipients by itself.
 */
class RestartIT {
  private static final int TEXTS = 30;

  @Test
  void acknowledgedMessagesReachEverybodyAfterACrash(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data, ServerProcess.SHORT_LIVED);
        ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      TestAccount cyd = client.register(ClientIds.username("cyd"));
      client.connectSynced(ben, "phone").close();
      String direct = client.direct(ann, ben.userId());

      // A group, and a direct conversation's first texts.
      String group = client.group(ann, "a group", List.of(ben, cyd));
      for (int i = 1; i <= TEXTS; i++) {
        post(client, ann, direct, "number " + i);
      }
      server.kill9();
      server.restart();
      row(client, cyd, group, row -> assertThat(row.path("last_seq").asLong()).isEqualTo(1));
      row(
          client,
          ben,
          direct,
          row -> {
            assertThat(row.path("unread_count").asInt()).isEqualTo(TEXTS);
            assertThat(row.path("last_message").path("preview").asText())
                .isEqualTo("number " + TEXTS);
          });
      try (ParleySocket phone = client.connectSynced(ben, "phone")) {
        phone.await(
            Frames.op("message")
                .and(Frames.has("conversation_id", direct))
                .and(Frames.has("seq", TEXTS)));
        phone.await(Frames.op("message").and(Frames.has("conversation_id", group)));
        assertThat(phone.frames(Frames.op("message").and(Frames.has("conversation_id", direct))))
            .extracting(frame -> frame.path("seq").asLong())
            .isEqualTo(LongStream.rangeClosed(1, TEXTS).boxed().toList());
      }

      // A cursor, a deletion, a name.
      client
          .post(
              "/v1/conversations/" + direct + "/read", ben.accessToken(), JsonTrees.obj("seq", 10))
          .expect(204);
      try (ParleySocket phone = client.connectSynced(ann, "phone")) {
        JsonNode gone = phone.request(SharedServer.change("delete", direct, TEXTS, "content", ""));
        assertThat(gone.path("op").asText()).isEqualTo("sent");
        client
            .call(
                "PATCH",
                "/v1/users/me",
                ann.accessToken(),
                JsonTrees.obj("display_name", "Ann the Bold"))
            .expect(200);
        server.kill9();
      }
      server.restart();
      row(
          client,
          ben,
          direct,
          row -> {
            assertThat(row.path("name").asText()).isEqualTo("Ann the Bold");
            assertThat(row.path("read_seq").asLong()).isEqualTo(10);
            assertThat(row.path("unread_count").asInt()).isEqualTo(TEXTS - 11);
            assertThat(row.path("last_seq").asLong()).isEqualTo(TEXTS + 1);
            assertThat(row.path("last_message").path("seq").asLong()).isEqualTo(TEXTS - 1);
          });
      row(client, ann, direct, row -> assertThat(row.path("peer_read_seq").asLong()).isEqualTo(10));
    }
  }

  @Test
  void membersThatJoinedAndLeftLearnOfItAfterACrash(@TempDir Path data) {
    try (ServerProcess server = ServerProcess.start(data, ServerProcess.SHORT_LIVED);
        ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      TestAccount cyd = client.register(ClientIds.username("cyd"));
      TestAccount dee = client.register(ClientIds.username("dee"));
      client.connectSynced(ben, "phone").close();
      client.connectSynced(dee, "phone").close();
      String group = client.group(ann, "a group", List.of(ben, cyd));
      post(client, ann, group, "before dee");

      String members = "/v1/groups/" + group + "/members";
      client
          .post(members, ann.accessToken(), JsonTrees.obj("user_ids", List.of(dee.userId())))
          .expect(200);
      client.call("DELETE", members + "/" + ben.userId(), ann.accessToken(), null).expect(204);
      server.kill9();
      server.restart();

      // The group is created, gets a text, adds dee and removes ben. Each member gets its own part,
      // and no more.
      row(client, dee, group, row -> assertThat(row.path("last_seq").asLong()).isEqualTo(4));
      client.get("/v1/conversations/" + group, ben.accessToken()).expect(404);
      assertThat(told(client, ben, group, 4)).isEqualTo(List.of(1L, 2L, 3L, 4L));
      await()
          .atMost(ParleySocket.PATIENCE)
          .untilAsserted(() -> assertThat(client.inbox(ben)).isEmpty());
      assertThat(told(client, dee, group, 4)).isEqualTo(List.of(3L, 4L));
      assertThat(client.log(dee, group))
          .extracting(entry -> entry.path("seq").asLong())
          .containsExactly(3L, 4L);
    }
  }

  /** The seqs that a device of the user receives from the conversation, up to a seq. */
  private static List<Long> told(ParleyClient client, TestAccount testAccount, String id, long to) {
    try (ParleySocket phone = client.connect(testAccount, "phone")) {
      phone.await(
          Frames.op("message").and(Frames.has("conversation_id", id)).and(Frames.has("seq", to)));
      return phone.frames(Frames.op("message").and(Frames.has("conversation_id", id))).stream()
          .map(frame -> frame.path("seq").asLong())
          .toList();
    }
  }

  private static void post(
      ParleyClient client, TestAccount from, String conversation, String text) {
    client
        .post(
            "/v1/messages",
            from.accessToken(),
            JsonTrees.obj(
                "conversation_id",
                conversation,
                "client_msg_id",
                ClientIds.next(),
                "type",
                "text",
                "content",
                text))
        .expect(201);
  }

  private static void row(
      ParleyClient client, TestAccount testAccount, String conversation, Consumer<JsonNode> shows) {
    await()
        .atMost(ParleySocket.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(client.inbox(testAccount))
                    .filteredOn(r -> r.path("conversation_id").asText().equals(conversation))
                    .singleElement()
                    .satisfies(shows));
  }
}
