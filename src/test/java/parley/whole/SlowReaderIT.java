package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.RawSocket;
import parley.client.TestAccount;

/**
 * A client that never reads its socket does not slow the others, costs the server a bounded buffer,
 * and is disconnected.
 */
class SlowReaderIT {
  private static final int MESSAGES = 800;
  private static final int BOUND = 1_100_000_000;

  @Test
  void aClientThatNeverReadsIsDisconnected() {
    ParleyClient client = SharedServer.client();
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    TestAccount deaf = SharedServer.user("deaf");
    String group = SharedServer.group(ann, ben, deaf);
    String large = "x".repeat(16 * 1024);

    try (RawSocket silent = RawSocket.open(client.base(), "parley.v1", 4096);
        ParleySocket a = client.connectSynced(ann, "phone");
        ParleySocket b = client.connectSynced(ben, "phone")) {
      silent.hello(deaf, "phone");
      List<CompletableFuture<JsonNode>> sent = new ArrayList<>();
      for (int i = 0; i < MESSAGES; i++) {
        sent.add((i % 2 == 0 ? a : b).ask(SharedServer.text(group, large)));
        if (i >= 20) {
          assertThat(sent.get(i - 20).join().path("op").asText()).isEqualTo("sent");
        }
      }
      CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).join();
      List<Long> all = LongStream.rangeClosed(2, MESSAGES + 1L).boxed().toList();
      for (ParleySocket other : List.of(a, b)) {
        await()
            .atMost(ParleySocket.PATIENCE)
            .untilAsserted(() -> assertThat(seqs(other, group)).containsAll(all));
      }
      assertThat(SharedServer.server().residentBytes()).isLessThan(BOUND);

      // The client still sends, so it is not idle. That the server has ended the connection shows
      // when it writes. The others must not become idle meanwhile.
      await()
          .atMost(Duration.ofSeconds(90))
          .pollInterval(Duration.ofMillis(250))
          .until(
              () -> {
                a.ping();
                b.ping();
                return !writes(silent);
              });
      // The last frame, which it does not read, gives the reason.
      ParleyClient operator = new ParleyClient(SharedServer.server().management());
      assertThat(operator.call("GET", "/metrics", null, null).text())
          .contains("parley_sockets_closed_total{code=\"too_slow\"} 1.0");
      a.text(group, "still here");
      b.await(Frames.op("message").and(Frames.has("content", "still here")));
    }

    try (ParleySocket back = client.connectSynced(deaf, "phone")) {
      back.await(Frames.op("message").and(Frames.has("content", "still here")));
      assertThat(covered(back, group)).contains(MESSAGES + 2L);
    }
  }

  private static boolean writes(RawSocket socket) {
    try {
      socket.text(JsonTrees.obj("op", "ping").toString());
      return true;
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  private static List<Long> seqs(ParleySocket socket, String group) {
    return socket
        .frames(
            Frames.has("conversation_id", group).and(Frames.op("message").or(Frames.op("sent"))))
        .stream()
        .map(frame -> frame.path("seq").asLong())
        .toList();
  }

  private static List<Long> covered(ParleySocket socket, String group) {
    List<Long> seqs = new ArrayList<>(seqs(socket, group));
    for (JsonNode gap : socket.frames(Frames.op("gap"))) {
      LongStream.rangeClosed(gap.path("from_seq").asLong(), gap.path("to_seq").asLong())
          .forEach(seqs::add);
    }
    assertThat(seqs).doesNotHaveDuplicates();
    return seqs;
  }
}
