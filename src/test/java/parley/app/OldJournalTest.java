package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Account;
import parley.client.ParleyClient;
import parley.store.StoreRefusedException;

/**
 * A data folder of the version that kept its journal in H2, made by that version: 130 messages
 * between ann and bob, a group, cursors.
 */
@Timeout(120)
class OldJournalTest {
  private static final String DIRECT = "d_3b1bfceb3737b61790095a261def3de6dfc3e5c9";

  @TempDir Path data;

  @BeforeEach
  void unpack() throws Exception {
    try (InputStream in =
        new GZIPInputStream(
            Objects.requireNonNull(
                OldJournalTest.class.getResourceAsStream("/golden/journal-h2/journal.mv.db.gz")))) {
      Files.copy(in, data.resolve("journal.mv.db"));
    }
  }

  /** Cut while it was copied, then between the two renames; and then the older version again. */
  @Test
  void isTakenOverOnceWhereverItWasCut() throws Exception {
    Path old = data.resolve("journal.mv.db");
    Path kept = data.resolve("journal.mv.db.taken-over");
    Path copy = Files.createDirectory(data.resolve("journal.new"));
    Files.writeString(copy.resolve("CURRENT"), "cut here");
    everythingIsThere(130);
    assertThat(copy).doesNotExist();
    assertThat(old).doesNotExist();
    assertThat(kept).exists();

    // What came since is not lost.
    Files.move(kept, old, StandardCopyOption.ATOMIC_MOVE);
    everythingIsThere(131);
    assertThat(old).doesNotExist();

    // Which of two counts is not guessed.
    Files.copy(kept, old);
    refused("journal.mv.db was written by an older version after");
    Files.delete(old);
    Files.move(data.resolve("journal"), data.resolve("elsewhere"));
    refused("journal.mv.db.taken-over was taken over, and what it became is gone");
    Files.move(data.resolve("elsewhere"), data.resolve("journal"));
    everythingIsThere(132);
  }

  private void refused(String why) throws Exception {
    Settings settings = Settings.from(environment());
    assertThatThrownBy(() -> Node.start(settings))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining(why);
  }

  private Map<String, String> environment() {
    return Map.of(
        "PARLEY_DATA_DIR", data.toString(),
        "PARLEY_PORT", "0",
        "PARLEY_MANAGEMENT_PORT", "0");
  }

  /** Reads all of it as ann and bob, and writes one message more. */
  private void everythingIsThere(int entries) throws Exception {
    try (Node node = QuickNode.start(Settings.from(environment()));
        ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      Account ann = client.login("ann", "correct horse");
      Account bob = client.login("bob", "battery staple");
      List<JsonNode> log = client.log(ann, DIRECT);
      assertThat(log).hasSize(entries).hasSameSizeAs(client.log(bob, DIRECT));
      for (int i = 0; i < 130; i++) {
        assertThat(log.get(i).path("seq").asInt()).isEqualTo(i + 1);
        assertThat(log.get(i).path("content").asText()).isEqualTo("message " + (i + 1));
      }
      JsonNode row = client.inbox(bob).getFirst();
      assertThat(row.path("conversation_id").asText()).isEqualTo(DIRECT);
      assertThat(row.path("read_seq").asInt()).isEqualTo(7);
      assertThat(row.path("unread_count").asInt()).isEqualTo(61 + entries - 130);
      assertThat(client.inbox(ann).get(1).path("name").asText()).isEqualTo("friends");
      // A retry from before the move is found; what is new is stored.
      assertThat(send(client, ann, "m-1").path("seq").asInt()).isEqualTo(1);
      assertThat(send(client, ann, "after-" + entries).path("seq").asInt()).isEqualTo(entries + 1);
    }
  }

  private static JsonNode send(ParleyClient client, Account from, String id) {
    return client
        .post(
            "/v1/messages",
            from.accessToken(),
            Map.of(
                "conversation_id", DIRECT, "client_msg_id", id, "type", "text", "content", "more"))
        .body();
  }
}
