package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.SocketOptions;
import parley.client.TestAccount;

/**
 * A user was offline for long: all entries arrive, in order, and the counters are right on all
 * devices.
 */
class OfflineIT {
  private static final int CONVERSATIONS = 10;
  private static final int EACH = 500;

  private final ParleyClient client = SharedServer.client();

  @Test
  void fiveThousandMessagesAwaitTheirReader() {
    TestAccount ben = SharedServer.user("ben");
    client.connectSynced(ben, "phone").close();
    client.connectSynced(ben, "laptop").close();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < CONVERSATIONS; i++) {
      TestAccount sender = SharedServer.user("sender");
      String id = client.direct(sender, ben.userId());
      ids.add(id);
      fill(sender, id);
    }

    try (ParleySocket phone = phoneThatAcknowledgesLate(ben);
        ParleySocket laptop = client.connect(ben, "laptop")) {
      for (ParleySocket device : List.of(phone, laptop)) {
        JsonNode synced = device.await(Frames.op("synced"));
        assertThat(synced.path("backlog").asInt()).isEqualTo(CONVERSATIONS * EACH);
        complete(device, ids);
        assertThat(unread(device))
            .containsOnlyKeys(ids)
            .allSatisfy((id, n) -> assertThat(n).isEqualTo(EACH));
      }

      int mark = laptop.mark();
      phone.read(ids.getFirst(), 200);
      JsonNode update =
          laptop.awaitAfter(
              mark,
              Frames.op("inbox_update")
                  .and(Frames.has("conversation_id", ids.getFirst()))
                  .and(Frames.has("read_seq", 200)));
      assertThat(update.path("unread_count").asInt()).isEqualTo(EACH - 200);
      for (String id : ids.subList(1, CONVERSATIONS)) {
        laptop.read(id, EACH);
      }
      for (ParleySocket device : List.of(phone, laptop)) {
        await()
            .untilAsserted(
                () ->
                    assertThat(unread(device))
                        .containsEntry(ids.getFirst(), EACH - 200)
                        .containsEntry(ids.get(5), 0)
                        .containsEntry(ids.getLast(), 0));
      }
    }
    // Everything was acknowledged, so nothing is sent again. Reading acknowledges nothing.
    SocketOptions looking = SocketOptions.standard().withAutoAck(false);
    await()
        .untilAsserted(
            () -> {
              try (ParleySocket phone = client.connect(ben, "phone", looking)) {
                assertThat(phone.await(Frames.op("synced")).path("backlog").asInt()).isZero();
              }
            });
  }

  /** Sends messages, with up to 100 in flight. */
  private void fill(TestAccount sender, String id) {
    try (ParleySocket socket = client.connect(sender, "phone")) {
      List<CompletableFuture<JsonNode>> sent = new ArrayList<>();
      for (int i = 1; i <= EACH; i++) {
        sent.add(socket.ask(SharedServer.text(id, "number " + i)));
        if (i >= 100) {
          assertThat(sent.get(i - 100).join().path("op").asText()).isEqualTo("sent");
        }
      }
      List<Long> seqs = sent.stream().map(f -> f.join().path("seq").asLong()).toList();
      assertThat(seqs).isEqualTo(LongStream.rangeClosed(1, EACH).boxed().toList());
    }
  }

  /**
   * A device that acknowledges only when its window is full; the first acknowledgement opens the
   * window.
   */
  private ParleySocket phoneThatAcknowledgesLate(TestAccount ben) {
    ParleySocket phone = client.open(SocketOptions.standard().withAutoAck(false));
    int window = phone.hello(ben.accessToken(), "phone").path("window").asInt();
    assertThat(window).isEqualTo(256);
    await().untilAsserted(() -> assertThat(phone.frames(Frames.op("message"))).hasSize(window));
    phone.ping();
    assertThat(phone.frames(Frames.op("message"))).hasSize(window);
    assertThat(phone.frames(Frames.op("synced"))).isEmpty();
    phone.autoAck(true);
    Map<String, Long> last = new LinkedHashMap<>();
    for (JsonNode frame : phone.frames(Frames.op("message"))) {
      last.put(frame.path("conversation_id").asText(), frame.path("seq").asLong());
    }
    last.forEach(phone::ack);
    return phone;
  }

  private static void complete(ParleySocket device, List<String> ids) {
    Map<String, List<Long>> seqs = new LinkedHashMap<>();
    for (JsonNode frame : device.frames(Frames.op("message"))) {
      long seq = frame.path("seq").asLong();
      assertThat(frame.path("content").asText()).isEqualTo("number " + seq);
      seqs.computeIfAbsent(frame.path("conversation_id").asText(), id -> new ArrayList<>())
          .add(seq);
    }
    assertThat(seqs).containsOnlyKeys(ids);
    List<Long> all = LongStream.rangeClosed(1, EACH).boxed().toList();
    seqs.forEach((id, got) -> assertThat(got).as(id).isEqualTo(all));
  }

  private static Map<String, Integer> unread(ParleySocket device) {
    Map<String, Integer> unread = new LinkedHashMap<>();
    device
        .request(JsonTrees.obj("op", "inbox", "limit", 50))
        .path("conversations")
        .forEach(
            row ->
                unread.put(row.path("conversation_id").asText(), row.path("unread_count").asInt()));
    return unread;
  }
}
