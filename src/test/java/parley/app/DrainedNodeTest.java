package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.settings.Settings;

/** An operator's drain of a whole node, what undoes it, and the stop after it; and who talks. */
@Timeout(120)
class DrainedNodeTest {
  @TempDir Path folder;

  @Test
  void clientsLeaveAndTheProcessStays() throws Exception {
    Map<String, String> all = new HashMap<>();
    all.put("PARLEY_DATA_DIR", folder.toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_MANAGEMENT_WRITE", "true");
    all.put("PARLEY_DRAIN_SECONDS", "1");
    try (Node node = QuickNode.start(Settings.from(all));
        ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()));
        ParleyClient operator = new ParleyClient(URI.create("http://" + node.management()))) {
      await().untilAsserted(() -> operator.get("/ready", null).expect(200));
      TestAccount ann = client.register("ann");
      TestAccount ben = client.register("ben");
      String direct = client.direct(ann, ben.userId());
      try (ParleySocket phone = client.connectSynced(ann, "phone")) {
        phone.text(direct, "one");
        phone.text(direct, "two");
        JsonNode talkers = operator.get("/admin/talkers?limit=1", null).expect(200).body();
        assertThat(talkers.path("users").path(0).path("user_id").asText()).isEqualTo(ann.userId());
        assertThat(talkers.path("users").path(0).path("entries").asInt()).isEqualTo(2);
        assertThat(talkers.path("conversations").path(0).path("conversation_id").asText())
            .isEqualTo(direct);
        operator.get("/admin/talkers?limit=101", null).expect(400);
        assertThat(progress(operator).path("state").asText()).isEqualTo("serving");
        // A problem, like each refusal of the other calls, and not a progress.
        assertThat(operator.call("DELETE", "/admin/drain", null, null).expect(409).body())
            .isEqualTo(JsonTrees.obj("detail", "not while the node is serving"));
        JsonNode begun = operator.call("POST", "/admin/drain", null, null).expect(202).body();
        assertThat(begun.path("sockets_before").asInt()).isEqualTo(1);
        assertThat(phone.await(Frames.op("closing")).path("code").asText()).isEqualTo("going_away");
      }
      await()
          .untilAsserted(
              () -> {
                assertThat(progress(operator).path("state").asText()).isEqualTo("drained");
                assertThat(progress(operator).path("sockets_left").asInt()).isZero();
              });
      operator.get("/ready", null).expect(503);
      operator.get("/alive", null).expect(200);
      assertThat(operator.call("POST", "/admin/drain", null, null).expect(409).body())
          .isEqualTo(JsonTrees.obj("detail", "not while the node is drained"));
      operator.call("DELETE", "/admin/drain", null, null).expect(200);
      operator.get("/ready", null).expect(200);
      client.connectSynced(ann, "phone").close();
      operator.call("POST", "/admin/drain", null, null).expect(202);
      // The stop after a drain is an ordered one.
    }
  }

  private static JsonNode progress(ParleyClient operator) {
    return operator.get("/admin/drain", null).expect(200).body();
  }
}
