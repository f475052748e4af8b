package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
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
import parley.settings.Settings;

/**
 * The drill of an operator: a backup under load, the loss of the data folder, a server on the
 * backup. What was acknowledged before the backup is there, and clients learn that history went
 * back.
 */
class BackupIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void aBackupThatWasMadeUnderLoadIsAServersDataFolder(@TempDir Path folder) throws Exception {
    Path backups = Files.createDirectory(folder.resolve("backups"));
    Map<String, String> settings =
        Map.of(
            "PARLEY_BACKUP_DIR",
            backups.toString(),
            "PARLEY_MANAGEMENT_WRITE",
            "true",
            "PARLEY_RATE_MESSAGES_PER_MINUTE",
            "0",
            "PARLEY_RATE_CONVERSATION_PER_SECOND",
            "0");
    TestAccount ann;
    TestAccount ben;
    String direct;
    String epoch;
    List<JsonNode> log;
    long before;
    Path made;
    try (ServerProcess server = ServerProcess.start(folder.resolve("data"), settings);
        ParleyClient client = new ParleyClient(server.uri());
        ParleyClient operator = new ParleyClient(server.management())) {
      ann = client.register(ClientIds.username("ann"));
      ben = client.register(ClientIds.username("ben"));
      direct = client.direct(ann, ben.userId());
      try (ParleySocket phone = client.connectSynced(ann, "phone")) {
        epoch = epoch(phone);
        phone.text(direct, "the first");
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong acknowledged = new AtomicLong();
        CompletableFuture<Void> writer =
            CompletableFuture.runAsync(
                () -> {
                  while (!stop.get()) {
                    JsonNode sent = phone.text(direct, "number " + acknowledged.get());
                    acknowledged.set(sent.path("seq").asLong());
                  }
                });
        await().atMost(PATIENCE).until(() -> acknowledged.get() > 50);
        before = acknowledged.get();
        operator.post("/admin/backup", null, null).expect(202);
        made = Path.of(awaitEnd(operator).path("folder").asText());
        long after = acknowledged.get();
        await().atMost(PATIENCE).until(() -> acknowledged.get() > after);
        stop.set(true);
        writer.join();
      }
      log = client.log(ben, direct);
      server.kill9();
    }

    assertThat(VerifyCommand.run(settingsOn(made), List.of("verify"))).isZero();
    assertThat(made.resolve("backup.json")).as("verify is no use of a backup").exists();
    assertThat(made.resolve("lock")).as("left by verify").exists();

    try (ServerProcess server = ServerProcess.start(made, settings);
        ParleyClient client = new ParleyClient(server.uri())) {
      // The keys and the accounts are those of before.
      client.get("/v1/users/me", ben.accessToken()).expect(200);
      List<JsonNode> restored = client.log(ben, direct);
      assertThat(restored)
          .hasSizeGreaterThanOrEqualTo((int) before)
          .hasSizeLessThan(log.size())
          .isEqualTo(log.subList(0, restored.size()));
      assertThat(restored)
          .extracting(entry -> entry.path("seq").asLong())
          .isEqualTo(LongStream.rangeClosed(1, restored.size()).boxed().toList());
      String restoredEpoch;
      try (ParleySocket phone = client.connectSynced(ben, "phone")) {
        restoredEpoch = epoch(phone);
        assertThat(restoredEpoch).isNotEqualTo(epoch);
        assertThat(phone.text(direct, "after the restore").path("seq").asLong())
            .isEqualTo(restored.size() + 1);
      }
      server.kill9();
      server.restart();
      try (ParleyClient again = new ParleyClient(server.uri());
          ParleySocket phone = again.connectSynced(ben, "phone")) {
        assertThat(epoch(phone)).as("one restore, one new history").isEqualTo(restoredEpoch);
      }
    }
  }

  @Test
  void aBackupThatCannotBeWrittenLeavesNothingAndSaysWhy(@TempDir Path folder) throws Exception {
    Path backups = Files.createDirectory(folder.resolve("backups"));
    Map<String, String> settings =
        Map.of("PARLEY_BACKUP_DIR", backups.toString(), "PARLEY_MANAGEMENT_WRITE", "true");
    try (ServerProcess server = ServerProcess.start(folder.resolve("data"), settings);
        ParleyClient operator = new ParleyClient(server.management())) {
      assertThat(operator.get("/admin/backup", null).expect(200).body())
          .isEqualTo(JsonTrees.obj("running", false));
      Files.delete(backups);
      operator.post("/admin/backup", null, null).expect(202);
      JsonNode failed =
          await()
              .atMost(PATIENCE)
              .until(() -> state(operator), state -> !state.path("running").asBoolean());
      assertThat(failed.path("problem").asText()).contains("backups");
      Files.createDirectory(backups);
      operator.post("/admin/backup", null, null).expect(202);
      awaitEnd(operator);
    }
    Map<String, String> none = Map.of("PARLEY_MANAGEMENT_WRITE", "true");
    try (ServerProcess server = ServerProcess.start(folder.resolve("data"), none);
        ParleyClient operator = new ParleyClient(server.management())) {
      assertThat(operator.post("/admin/backup", null, null).expect(409).text())
          .contains("PARLEY_BACKUP_DIR");
    }
  }

  private static JsonNode state(ParleyClient operator) {
    return operator.get("/admin/backup", null).expect(200).body();
  }

  private static JsonNode awaitEnd(ParleyClient operator) {
    JsonNode end =
        await()
            .atMost(PATIENCE)
            .until(() -> state(operator), state -> !state.path("running").asBoolean());
    assertThat(end.path("problem").asText()).isEmpty();
    return end;
  }

  private static String epoch(ParleySocket phone) {
    return phone.await(Frames.op("welcome")).path("epoch").asText();
  }

  private static Settings settingsOn(Path data) throws Exception {
    return Settings.from(Map.of("PARLEY_DATA_DIR", data.toString()));
  }
}
