package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.DeleteSnapshotsSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.DynamoPolicy;
import parley.client.FaultProxy;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.cluster.PreviousIncarnation;
import parley.settings.ExitCode;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.store.DynamoStore;
import parley.store.StoreRefusedException;

/**
 * The whole program does everything that it can do to its tables, under the policy that is
 * recommended for its role. The policy permits everything the program needs, and nothing else.
 */
@Timeout(180)
class DynamoPolicyTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;

  @Test
  void thePolicyAllowsWhatTheProgramDoesAndNoMore() throws Exception {
    String prefix = DynamoLocal.prefix();
    DynamoPolicy policy = new DynamoPolicy(prefix);
    // Another identity creates the tables.
    DynamoStore.open(DynamoLocal.endpoint(), prefix, true).close();
    try (FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint())) {
      proxy.rule(policy::judge);
      Map<String, String> environment =
          new HashMap<>(DynamoLocal.environment(proxy.endpoint(), prefix));
      environment.putAll(
          Map.of(
              "PARLEY_DYNAMODB_CREATE_TABLES", "false",
              "PARLEY_PORT", "0",
              "PARLEY_MANAGEMENT_PORT", "0",
              "PARLEY_MANAGEMENT_WRITE", "true",
              "PARLEY_DRAIN_SECONDS", "0",
              "PARLEY_RATE_MESSAGES_PER_MINUTE", "0",
              "PARLEY_COLD_STORE", "file",
              "PARLEY_DATA_DIR", folder.toString()));
      Settings settings = Settings.from(environment);
      TestAccount ann;
      String id;
      try (Node node = QuickNode.start(settings)) {
        try (ParleyClient client = client(node.listening())) {
          ann = client.register(ClientIds.username("ann"));
          id = client.direct(ann, client.register(ClientIds.username("ben")).userId());
          try (ParleySocket phone = client.connectSynced(ann, "phone")) {
            for (int n = 1; n <= 210; n++) {
              assertThat(phone.text(id, "n " + n).path("seq").asLong()).isEqualTo(n);
            }
          }
        }
      }
      try (Node node = QuickNode.start(settings)) {
        try (ParleyClient client = client(node.listening())) {
          assertThat(client.log(ann, id)).hasSize(210);
        }
        operate(node, "conversation|" + id, id);
        remove(node, "conversation|" + id);
      }
      noteAsNodesDo(proxy.endpoint(), prefix);
      assertThat(MendCommand.run(settings, List.of("mend"))).isZero();
      // Its events have been removed by now.
      assertThat(VerifyCommand.run(settings, List.of("verify"))).isEqualTo(ExitCode.FAILED);
      noteNodes(proxy, prefix);
      Map<String, Set<String>> seen = policy.seen(proxy);
      // Reads of an older version's notes are refused.
      assertThat(Objects.requireNonNull(seen.get(prefix + "secrets")).remove("Scan")).isTrue();
      assertThat(seen).isEqualTo(policy.allowed());
    }
  }

  /** What the nodes of a cluster do in addition. */
  private static void noteNodes(FaultProxy proxy, String prefix) throws Exception {
    try (DynamoStore store = DynamoStore.open(proxy.endpoint(), prefix, false)) {
      HostPort address = new HostPort("10.0.0.1", 25520);
      PreviousIncarnation.awaitPrevious(store, address, InstantSource.system(), wait -> {}).close();
      // The server may not read where an older version left its notes, and need not: a tool does
      // that.
      assertThatThrownBy(() -> store.readNotes(PreviousIncarnation.PREFIX))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("dynamodb:Scan");
    }
  }

  private static ParleyClient client(HostPort at) {
    return new ParleyClient(URI.create("http://" + at));
  }

  private static void operate(Node node, String name, String id) {
    try (ParleyClient operator = client(node.management())) {
      assertThat(operator.get("/admin/verify/" + id, null).expect(200).text())
          .contains(" 0 problems");
      operator.post("/admin/archive/enrolment", null, JsonTrees.obj()).expect(202);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                JsonNode progress = operator.get("/admin/archive/enrolment", null).body();
                assertThat(progress.path("running").asBoolean()).isFalse();
                assertThat(progress.path("stopped").asText("")).isEmpty();
                assertThat(progress.path("entered").asLong()).isPositive();
              });
      String marks = "/admin/marks?entity=" + name.replace("|", "%7C");
      assertThat(operator.get(marks, null).expect(200).body().has("problem")).isFalse();
      assertThat(operator.post(marks, null, JsonTrees.obj()).expect(200).body().path("mended"))
          .isEqualTo(JsonTrees.parse("false"));
    }
  }

  /** As the archiver removes old events; nothing here is old enough for it. */
  private static void remove(Node node, String name) {
    Persistence plugins = Persistence.get(node.system());
    ActorRef snapshots = plugins.snapshotStoreFor("parley-snapshots", ConfigFactory.empty());
    SnapshotMetadata one = new SnapshotMetadata(name + "-other", 7, 1);
    assertThat(ask(snapshots, new SnapshotProtocol.SaveSnapshot(one, "text")))
        .isInstanceOf(SaveSnapshotSuccess.class);
    SnapshotSelectionCriteria all = SnapshotSelectionCriteria.create(7, Long.MAX_VALUE, 0, 0);
    assertThat(ask(snapshots, new SnapshotProtocol.DeleteSnapshots(one.persistenceId(), all)))
        .isEqualTo(new DeleteSnapshotsSuccess(all));
    assertThat(
            Patterns.askWithReplyTo(
                    plugins.journalFor("", ConfigFactory.empty()),
                    replyTo -> new JournalProtocol.DeleteMessagesTo(name, 50, replyTo),
                    PATIENCE)
                .toCompletableFuture()
                .join())
        .isEqualTo(new DeleteMessagesSuccess(50));
  }

  private static Object ask(ActorRef plugin, Object message) {
    return Patterns.ask(plugin, message, PATIENCE).toCompletableFuture().join();
  }

  /** As the nodes of a cluster do. The server of this test is a single node. */
  private static void noteAsNodesDo(URI endpoint, String prefix) throws Exception {
    try (DynamoStore store = DynamoStore.open(endpoint, prefix, false)) {
      store.writeNote("silent until|x", 7);
      assertThat(store.readNote("silent until|x")).isEqualTo(7);
      assertThat(store.sharedValueOrCreate("a key", () -> "made")).isEqualTo("made");
    }
  }
}
