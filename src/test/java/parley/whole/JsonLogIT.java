package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.Answer;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/**
 * The log of the program as a collector reads it: at DEBUG and in JSON, over a chat, a failed login
 * and a stop. Every line is JSON with its fields, and none holds a content or a secret.
 */
@Timeout(180)
class JsonLogIT {
  private static final String SECRET_TEXT = "planted-content-4711";
  private static final String SECRET_NAME = "planted.name.4711";

  @TempDir Path folder;

  @Test
  void everyLineIsJsonAndNoneTellsASecret() throws Exception {
    Path file = folder.resolve("output");
    Set<String> secrets;
    try (ServerProcess server =
        ServerProcess.prepare(
                folder.resolve("data"),
                Map.of(
                    "PARLEY_LOG_FORMAT", "json",
                    "PARLEY_LOG_LEVEL", "DEBUG",
                    "PARLEY_LOG_LEVEL_LIBRARIES", "DEBUG",
                    "PARLEY_LOG_MESSAGES_ONE_IN", "1",
                    "PARLEY_DRAIN_SECONDS", "1"),
                List.of(),
                // Else the JVM prints a notice.
                List.of("-Dsun.misc.unsafe.memory.access=allow"))
            .alsoTo(file)) {
      server.launch();
      secrets = chat(server);
      await().until(() -> events(lines(file)).contains("message_delivered"));
      server.terminate();
    }
    List<String> output = Files.readAllLines(file);
    assertThat(output.stream().filter(line -> !line.startsWith("{")))
        .allMatch(
            line -> line.startsWith("listening on http") || line.startsWith("management listening"))
        .hasSize(2);
    List<JsonNode> lines = lines(file);
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(Instant.parse(line.path("time").asText())).isNotNull();
              for (String field : List.of("level", "logger", "event", "node")) {
                assertThat(line.path(field).asText()).as("%s of %s", field, line).isNotEmpty();
              }
              assertThat(line.has("message")).isTrue();
            });
    assertThat(events(lines))
        .contains(
            "started",
            "joined",
            "became_leader",
            "became_oldest",
            "drain_begins",
            "drain_ended",
            "stopped",
            "message_accepted",
            "message_persisted",
            "message_sent",
            "message_dispatched",
            "message_delivered");
    for (String secret : secrets) {
      assertThat(output).noneMatch(line -> line.contains(secret));
    }
    JsonNode started = lines.stream().filter(line -> is(line, "started")).findFirst().orElseThrow();
    assertThat(started.path("settings").toString()).contains("PARLEY_LOG_FORMAT=json");
    assertThat(started.path("store").asText()).isEqualTo("embedded");
    JsonNode delivered =
        lines.stream().filter(line -> is(line, "message_delivered")).findFirst().orElseThrow();
    for (String id : List.of("conversation_id", "user_id", "message_id", "seq", "latency_ms")) {
      assertThat(delivered.has(id)).as(id).isTrue();
    }
  }

  /** Neither the environment nor a setting keeps a change of an operator out of the log. */
  @Test
  void noLevelSilencesTheAuditLog() throws Exception {
    Path file = folder.resolve("output");
    try (ServerProcess server =
        ServerProcess.prepare(
                folder.resolve("data"),
                Map.of(
                    "PARLEY_LOG_FORMAT", "json",
                    "PARLEY_LOG_LEVEL", "ERROR",
                    "PARLEY_LOG_LEVEL_LIBRARIES", "ERROR"),
                List.of(),
                List.of())
            .alsoTo(file)) {
      server.launch();
      try (ParleyClient operator = new ParleyClient(server.management())) {
        for (String level : List.of("log.root", "log.parley", "log.parley.admin.AuditLines")) {
          set(operator, level, "ERROR").expect(204);
        }
        await().until(() -> settings(operator).toString().contains("log.parley.admin.AuditLines"));
        for (String level : List.of("log.parley.audit", "log.parley.audit.x")) {
          assertThat(set(operator, level, "ERROR").expect(400).body().path("detail").asText())
              .startsWith("name: the level of parley.audit is fixed");
          operator.call("DELETE", "/admin/settings/" + level, null, null).expect(400);
        }
        set(operator, "flag.push", "off").expect(204);
      }
      await()
          .untilAsserted(
              () ->
                  assertThat(audited(file, "audit_change_ended"))
                      .as("three levels, four refusals, the flag")
                      .hasSize(8)
                      .last()
                      .satisfies(line -> assertThat(line.path("status").asInt()).isEqualTo(204)));
      assertThat(audited(file, "audit_change_begins").getLast().path("message").asText())
          .contains("flag.push");
      assertThat(lines(file)).noneMatch(line -> line.path("logger").asText().contains("control"));
    }
  }

  private static Answer set(ParleyClient operator, String name, String value) {
    return operator.call("PUT", "/admin/settings/" + name, null, Map.of("value", value));
  }

  private static JsonNode settings(ParleyClient operator) {
    return operator.get("/admin/settings", null).expect(200).body();
  }

  private static List<JsonNode> audited(Path file, String event) {
    return lines(file).stream()
        .filter(line -> line.path("logger").asText().equals("parley.audit") && is(line, event))
        .toList();
  }

  /** Uses the server; returns what must not be in its log. */
  private static Set<String> chat(ServerProcess server) {
    try (ParleyClient client = new ParleyClient(server.uri())) {
      TestAccount ann = client.register(SECRET_NAME);
      TestAccount ben = client.register("ben");
      client
          .post(
              "/v1/auth/login",
              null,
              JsonTrees.obj("username", SECRET_NAME, "password", "planted-wrong-password"))
          .expect(401);
      client.get("/v1/users?username=" + SECRET_NAME, ben.accessToken()).expect(200);
      String direct = client.direct(ann, ben.userId());
      try (ParleySocket annPhone = client.connectSynced(ann, "phone");
          ParleySocket benPhone = client.connectSynced(ben, "phone")) {
        annPhone.text(direct, SECRET_TEXT);
        benPhone.await(Frames.message(direct, 1));
        annPhone.text(direct, SECRET_TEXT + " again");
        benPhone.await(Frames.message(direct, 2));
      }
      TestAccount fresh = client.refresh(ann);
      return Set.of(
          SECRET_TEXT,
          SECRET_NAME,
          "planted-wrong-password",
          ann.password(),
          ann.accessToken(),
          ann.refreshToken(),
          fresh.accessToken(),
          fresh.refreshToken());
    }
  }

  private static List<JsonNode> lines(Path file) {
    try {
      List<JsonNode> all = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith("{")) {
          all.add(JsonTrees.MAPPER.readTree(line));
        }
      }
      return all;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Set<String> events(List<JsonNode> lines) {
    return lines.stream().map(line -> line.path("event").asText()).collect(Collectors.toSet());
  }

  private static boolean is(JsonNode line, String event) {
    return line.path("event").asText().equals(event);
  }
}
