package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ServerProcess;
import parley.client.TestAccount;
import parley.control.RuntimeSettings;
import parley.control.SettingCatalog;
import parley.control.SettingStore;

/** A setting that is changed on one node is in force on the other, and after a restart of both. */
@Timeout(300)
class RuntimeSettingsIT {
  private static final Duration SECONDS = Duration.ofSeconds(15);
  private static final String LIMIT = SettingCatalog.CONVERSATION_MESSAGES;

  @TempDir Path folder;

  private static int limit(NodeServices node, String name) {
    return node.live().number(name).getAsInt();
  }

  @Test
  void aChangeOnOneNodeIsInForceOnTheOtherAndAfterRestarts() throws Exception {
    Map<String, String> environment = Map.of("PARLEY_RATE_CONVERSATION_PER_SECOND", "100");
    try (TwoNodes nodes = new TwoNodes(folder, environment)) {
      for (NodeServices node : List.of(nodes.atEdge, nodes.atEntities)) {
        TwoNodes.join(node.live().firstRead());
        assertThat(limit(node, LIMIT)).isEqualTo(100);
      }
      SettingStore store = nodes.atEdge.settingStore();
      assertThat(store.memberWithout()).isEmpty();
      assertThat(TwoNodes.join(store.put(LIMIT, "2", 0, "ann")))
          .isInstanceOf(SettingStore.Changed.class);
      await()
          .atMost(SECONDS)
          .until(() -> limit(nodes.atEdge, LIMIT) == 2 && limit(nodes.atEntities, LIMIT) == 2);
      // It is used, not only shown: the conversation runs on the other node.
      try (ParleyClient client = TwoNodes.client(nodes.atEdge)) {
        TestAccount ann = client.register("ann");
        TestAccount ben = client.register("ben");
        String direct = client.direct(ann, ben.userId());
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
          statuses.add(
              client
                  .post(
                      "/v1/messages",
                      ann.accessToken(),
                      JsonTrees.obj(
                          "conversation_id",
                          direct,
                          "client_msg_id",
                          ClientIds.next(),
                          "type",
                          "text",
                          "content",
                          "x"))
                  .status());
        }
        assertThat(statuses).contains(201, 429);
      }
      TwoNodes.join(store.put("limit.conversation.g_busy.messages-per-second", "7", 0, "ann"));
      await()
          .atMost(SECONDS)
          .until(() -> nodes.atEntities.live().conversationMessages().applyAsInt("g_busy") == 7);
    }
    // The nodes were ended without a drain; both start anew on the same journal.
    try (TwoNodes nodes = new TwoNodes(folder, environment)) {
      for (NodeServices node : List.of(nodes.atEdge, nodes.atEntities)) {
        TwoNodes.join(node.live().firstRead());
        assertThat(limit(node, LIMIT)).isEqualTo(2);
        RuntimeSettings live = node.live();
        assertThat(live.conversationMessages().applyAsInt("g_busy")).isEqualTo(7);
      }
      TwoNodes.join(nodes.atEntities.settingStore().remove(LIMIT));
      await()
          .atMost(SECONDS)
          .until(() -> limit(nodes.atEdge, LIMIT) == 100 && limit(nodes.atEntities, LIMIT) == 100);
    }
  }

  /** A process that is killed: what the management port has answered 204 is there again. */
  @Test
  void anAnsweredChangeSurvivesAKill() throws Exception {
    Map<String, String> environment = new HashMap<>();
    environment.put("PARLEY_RATE_CONVERSATION_PER_SECOND", "100");
    try (ServerProcess server = ServerProcess.start(folder, environment)) {
      try (ParleyClient operator = new ParleyClient(server.management())) {
        operator.call("PUT", "/admin/settings/" + LIMIT, null, Map.of("value", 2)).expect(204);
        operator
            .call("PUT", "/admin/settings/flag.push", null, Map.of("value", false, "minutes", 5))
            .expect(204);
      }
      server.kill9();
      server.launch();
      afterTheKill(server);
    }
  }

  private static void afterTheKill(ServerProcess server) {
    try (ParleyClient operator = new ParleyClient(server.management())) {
      JsonNode settings = operator.get("/admin/settings", null).expect(200).body();
      Map<String, JsonNode> byName = new HashMap<>();
      settings.path("settings").forEach(one -> byName.put(one.path("name").asText(), one));
      assertThat(Objects.requireNonNull(byName.get(LIMIT)).path("value").asText()).isEqualTo("2");
      assertThat(Objects.requireNonNull(byName.get(LIMIT)).path("who").asText())
          .isEqualTo("loopback");
      assertThat(Objects.requireNonNull(byName.get("flag.push")).path("value").asText())
          .isEqualTo("off");
      assertThat(Objects.requireNonNull(byName.get("flag.push")).has("until")).isTrue();
    }
  }
}
