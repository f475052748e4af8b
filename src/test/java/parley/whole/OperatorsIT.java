package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import parley.client.Answer;
import parley.client.ClientIds;
import parley.client.Frames;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;

/** The management port of a working server. */
class OperatorsIT {
  private final ParleyClient client = SharedServer.client();
  private final ParleyClient operator = new ParleyClient(SharedServer.server().management());

  @Test
  void itIsReadyAndAlive() {
    assertThat(get("/ready").text()).startsWith("serving");
    assertThat(get("/alive").text()).isEqualTo("alive");
  }

  @Test
  void messagesAndErrorsAreCounted() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    try (ParleySocket a = client.connectSynced(ann, "phone");
        ParleySocket b = client.connectSynced(ben, "phone")) {
      String id = client.direct(ann, ben.userId());
      long seq = a.text(id, "counted").path("seq").asLong();
      b.await(Frames.message(id, seq));
      a.request(SharedServer.text("g_" + ClientIds.next(), "nowhere"));
      client.post("/v1/auth/login", null, null).expect(400);
      // Meters are updated beside the frames, not before them.
      await()
          .untilAsserted(
              () -> {
                String metrics = get("/metrics").text();
                assertAtLeast(metrics, "parley_sockets", 2);
                assertAtLeast(metrics, "parley_messages_accepted_total{type=\"text\"}", 1);
                assertAtLeast(metrics, "parley_refusals_total{code=\"not_found\"}", 1);
                assertAtLeast(metrics, "parley_refusals_total{code=\"bad_request\"}", 1);
                assertAtLeast(metrics, "parley_send_latency_seconds_count{path=\"socket\"}", 1);
                assertAtLeast(metrics, "parley_delivery_latency_seconds_count{path=\"socket\"}", 1);
                assertAtLeast(
                    metrics, "parley_persist_time_seconds_count{entity=\"conversation\"}", 1);
                assertAtLeast(metrics, "jvm_threads_live_threads", 1);
                assertThat(metrics).contains("jvm_memory_used_bytes", "jvm_gc_");
              });
    }
  }

  private static void assertAtLeast(String metrics, String meter, double least) {
    assertThat(
            metrics
                .lines()
                .filter(line -> line.startsWith(meter + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(meter.length() + 1)))
                .findFirst()
                .orElse(0))
        .as("%s in%n%s", meter, metrics.lines().filter(l -> l.contains("parley_")).toList())
        .isGreaterThanOrEqualTo(least);
  }

  /** Also of everything that other tests did on this server before. */
  @Test
  void unreadCountsAreCheckedAndRight() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    String id = client.direct(ann, ben.userId());
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      await()
          .atMost(ParleySocket.PATIENCE)
          .untilAsserted(
              () -> {
                a.text(id, "counted again");
                assertAtLeast(get("/metrics").text(), "parley_unread_checked_total", 1);
              });
    }
    assertThat(get("/metrics").text()).contains("parley_unread_drift_total 0.0");
  }

  @Test
  void theClusterIsSeen() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    client.direct(ann, ben.userId());
    JsonNode members = get("/cluster/members").body();
    assertThat(members.path("members")).hasSize(1);
    assertThat(members.path("members").path(0).path("status").asText()).isEqualTo("Up");
    assertThat(members.path("leader")).isEqualTo(members.path("selfNode"));
    JsonNode regions = get("/cluster/shards/conversation").body().path("regions");
    assertThat(
            StreamSupport.stream(regions.spliterator(), false)
                .mapToInt(shard -> shard.path("numEntities").asInt())
                .sum())
        .isPositive();
  }

  private Answer get(String path) {
    return operator.get(path, null).expect(200);
  }
}
