package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.app.Node;
import parley.app.QuickNode;
import parley.client.Answer;
import parley.client.ParleyClient;
import parley.client.TestAccount;
import parley.settings.Settings;

/** The calls of operators: the table, the document and the server know the same ones. */
@Timeout(120)
class AdminCallsTest {
  private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");

  @TempDir Path temporary;

  private static JsonNode document() throws IOException {
    try (InputStream in = AdminCallsTest.class.getResourceAsStream("/docs/admin.json")) {
      return new ObjectMapper().readTree(Objects.requireNonNull(in));
    }
  }

  private static List<String> described(JsonNode document) {
    List<String> described = new ArrayList<>();
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(
                        method -> {
                          if (METHODS.contains(method)) {
                            described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey());
                          }
                        }));
    return described;
  }

  @Test
  void theTableAndTheDocumentKnowTheSameCalls() throws IOException {
    assertThat(described(document())).containsExactlyInAnyOrderElementsOf(AdminCalls.ALL);
    Set<String> ids = new HashSet<>();
    for (JsonNode path : document().path("paths")) {
      for (JsonNode operation : path) {
        assertThat(ids.add(operation.path("operationId").asText())).isTrue();
        assertThat(operation.path("summary").asText()).isNotEmpty();
      }
    }
  }

  /** Each is served: with the examples of the document, a status that the document knows. */
  @Test
  void theServerAnswersEachCallAsTheDocumentSays() throws Exception {
    JsonNode document = document();
    try (Node node = QuickNode.start(settings());
        ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()));
        ParleyClient operator = new ParleyClient(URI.create("http://" + node.management()))) {
      TestAccount ann = client.register("ann");
      TestAccount ben = client.register("ben");
      String conversation = client.direct(ann, ben.userId());
      client
          .post(
              "/v1/messages",
              ann.accessToken(),
              Map.of(
                  "conversation_id",
                  conversation,
                  "client_msg_id",
                  "m-1",
                  "type",
                  "text",
                  "content",
                  "hi"))
          .expect(201);
      for (String name : AdminCalls.ALL) {
        int space = name.indexOf(' ');
        String method = name.substring(0, space);
        String template = name.substring(space + 1);
        JsonNode operation =
            document.path("paths").path(template).path(method.toLowerCase(Locale.ROOT));
        String path =
            template
                .replace("{user_id}", ann.userId())
                .replace("{conversation_id}", conversation)
                .replace("{seq}", "1")
                .replace("{session_id}", "none")
                .replace("{name}", "limit.conversation.messages-per-second")
                .replace("{letter_id}", "7-42");
        if (name.endsWith("/marks")) {
          path += "?entity=user%7C" + ann.userId();
        } else if (name.equals("DELETE /admin/push/dead-letters")) {
          path += "?all=true";
        }
        JsonNode body = operation.at("/requestBody/content/application~1json/example");
        Answer answer = operator.call(method, path, null, body.isMissingNode() ? null : body);
        assertThat(operation.path("responses").has(String.valueOf(answer.status())))
            .as(name + ": " + answer.status() + ": " + answer.text())
            .isTrue();
        boolean missing = name.contains("{session_id}") || name.contains("{letter_id}");
        assertThat(answer.status())
            .as(name + ": " + answer.text())
            .matches(status -> missing ? status == 404 : status < 300);
        if (answer.status() == 200 && answer.text().startsWith("{")) {
          assertKnown(
              name, operation.at("/responses/200/content/application~1json/schema"), answer.body());
        }
      }
      assertThat(operator.get("/admin/openapi.json", null).body()).isEqualTo(document);
      assertThat(client.get("/docs/admin.json", null).expect(200).body()).isEqualTo(document);
      assertThat(client.get("/docs/reference/admin", null).expect(200).text())
          .contains("/<wbr>admin/<wbr>users");
      // What was changed is in the audit log, in order.
      List<String> changes = new ArrayList<>();
      operator
          .get("/admin/audit?after=0&limit=200", null)
          .body()
          .path("records")
          .forEach(record -> changes.add(record.path("action").asText()));
      assertThat(changes)
          .containsExactlyElementsOf(
              AdminCalls.ALL.stream().filter(call -> !call.startsWith("GET ")).toList());
      assertBadBan(operator, ann, Map.of("reason", "spam", "minute", 60), "body: ");
      assertBadBan(operator, ann, Map.of("reason", "spam", "minutes", 0), "minutes: ");
      assertBadBan(operator, ann, Map.of("reason", "a\u0007b"), "reason: ");
      assertBadBan(operator, ann, Map.of("reason", " "), "reason: ");
    }
  }

  private static void assertBadBan(
      ParleyClient operator, TestAccount user, Map<String, Object> body, String field) {
    assertThat(
            operator.post("/admin/users/" + user.userId() + "/ban", null, body).expect(400).text())
        .contains(field);
  }

  /** Every field of an answer is described, at every depth. */
  private static void assertKnown(String name, JsonNode schema, JsonNode value) {
    if (schema.path("type").asText().equals("object") && schema.has("properties")) {
      schema
          .path("required")
          .forEach(field -> assertThat(value.has(field.asText())).as(name + ": " + field).isTrue());
      value
          .properties()
          .forEach(
              field -> {
                JsonNode described = schema.path("properties").path(field.getKey());
                assertThat(described.isObject()).as(name + ": " + field.getKey()).isTrue();
                assertKnown(name + "." + field.getKey(), described, field.getValue());
              });
    } else if (schema.path("type").asText().equals("array")) {
      value.forEach(one -> assertKnown(name, schema.path("items"), one));
    }
  }

  private Settings settings() throws Exception {
    Map<String, String> all = new HashMap<>();
    all.put("PARLEY_DATA_DIR", temporary.resolve("data").toString());
    all.put("PARLEY_BACKUP_DIR", temporary.toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_MANAGEMENT_WRITE", "true");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    return Settings.from(all);
  }
}
