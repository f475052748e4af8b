package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import parley.model.ErrorCode;

/** The published documents say what the codec does: no more, no less. */
class DocsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Left out on purpose: {@code null} (the schemas know it for answers only, the readers take it
   * for absent) and {@code 5.0} (an integer to JSON Schema, not to us).
   */
  private static final List<String> VALUES =
      List.of(
          "true",
          "false",
          "0",
          "-1",
          "1",
          "100",
          "101",
          "1.5",
          "9223372036854775807",
          "9223372036854775808",
          "\"\"",
          "\" \"",
          "\"5\"",
          "\"a b\"",
          "\"\\u0000\"",
          "\"text\"",
          "\"media\"",
          "\"online\"",
          "\"ADMIN\"",
          "\"ftp://x.test/a\"",
          "\"http://x.test/a\"",
          "\"" + "x".repeat(64) + "\"",
          "\"" + "x".repeat(65) + "\"",
          "\"" + "x".repeat(128) + "\"",
          "\"" + "x".repeat(129) + "\"",
          "\"" + "x".repeat(257) + "\"",
          "\"" + "👋".repeat(64) + "\"",
          "\"" + "x".repeat(16_385) + "\"",
          "[]",
          "{}",
          "[1]",
          "[null]",
          "[\"a b\"]",
          "[\"u\"]",
          "[" + "\"u\",".repeat(99) + "\"v\"]",
          "[" + "\"u\",".repeat(100) + "\"v\"]",
          "[" + "\"u\",".repeat(1_024) + "\"v\"]");

  @Test
  void everyGoldenFrameIsWhatTheDocumentSays() throws IOException {
    for (String name : FrameSamples.server().keySet()) {
      ContractSchemas.assertFrame(golden("server", name));
    }
    for (String name : FrameSamples.client().keySet()) {
      ContractSchemas.assertClientFrame(golden("client", name));
    }
  }

  @Test
  void everyFieldOfEveryGoldenFrameIsDescribed() throws IOException {
    for (String name : FrameSamples.server().keySet()) {
      JsonNode frame = golden("server", name);
      String schema = schemaOf("Server", frame.path("op").asText());
      frame.fieldNames().forEachRemaining(f -> assertThat(fields(schema)).as(name).contains(f));
    }
  }

  @Test
  void everyOpIsInTheDocumentAndNoOther() throws IOException {
    Set<String> ops = new TreeSet<>();
    for (String name : FrameSamples.server().keySet()) {
      ops.add("Server " + golden("server", name).path("op").asText());
    }
    for (String name : FrameSamples.client().keySet()) {
      ops.add("Client " + golden("client", name).path("op").asText());
    }
    Set<String> documented = new TreeSet<>();
    for (Map.Entry<String, JsonNode> message :
        ContractSchemas.asyncapi().at("/components/messages").properties()) {
      documented.add(
          message.getKey().substring(0, 6) + " " + message.getValue().path("name").asText());
    }
    assertThat(documented).isEqualTo(ops);
    assertThat(ContractSchemas.asyncapi().path("operations")).hasSameSizeAs(documented);
  }

  @Test
  void everyCodeIsInTheDocumentsAndNoOther() {
    List<String> errors = Arrays.stream(ErrorCode.values()).map(ErrorCode::wireName).toList();
    for (JsonNode document : List.of(ContractSchemas.asyncapi(), ContractSchemas.openapi())) {
      assertThat(words(document, "ErrorCode")).containsExactlyInAnyOrderElementsOf(errors);
      for (ErrorCode code : ErrorCode.values()) {
        assertThat(document.at("/components/schemas/ErrorCode/description").asText())
            .contains("`" + code.wireName() + "` (" + code.status() + ")");
      }
    }
    for (ServerFrame.CloseCode code : ServerFrame.CloseCode.values()) {
      assertThat(words(ContractSchemas.asyncapi(), "CloseCode")).contains(code.wireName());
      assertThat(
              ContractSchemas.asyncapi().at("/components/schemas/CloseCode/description").asText())
          .contains("`" + code.wireName() + "` (" + code.reconnect() + ")");
    }
    assertThat(words(ContractSchemas.asyncapi(), "CloseCode"))
        .hasSameSizeAs(ServerFrame.CloseCode.values());
  }

  @Test
  void whatBothDocumentsDescribeTheyDescribeAlike() {
    JsonNode sockets = ContractSchemas.asyncapi().at("/components/schemas");
    JsonNode http = ContractSchemas.openapi().at("/components/schemas");
    int shared = 0;
    for (Map.Entry<String, JsonNode> schema : sockets.properties()) {
      if (http.has(schema.getKey())) {
        assertThat(http.get(schema.getKey())).as(schema.getKey()).isEqualTo(schema.getValue());
        shared++;
      }
    }
    assertThat(shared).isGreaterThan(15);
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    for (JsonNode document : List.of(ContractSchemas.asyncapi(), ContractSchemas.openapi())) {
      for (JsonNode ref : document.findValues("$ref")) {
        assertThat(document.at(ref.asText().substring(1)).isMissingNode())
            .as(ref.asText())
            .isFalse();
      }
    }
  }

  @Test
  void aFrameIsGoodForTheReaderIfAndOnlyIfItIsForTheDocument() throws IOException {
    for (String name : FrameSamples.client().keySet()) {
      ObjectNode frame = (ObjectNode) golden("client", name);
      for (ObjectNode other : variants(frame, Set.of("op"))) {
        assertThat(FrameReader.read(other.toString()) instanceof FrameReader.Good)
            .as(shown(other))
            .isEqualTo(ContractSchemas.frameErrors("Client", other).isEmpty());
      }
    }
  }

  @Test
  void aBodyIsGoodForTheReaderIfAndOnlyIfItIsForTheDocument() throws IOException {
    for (Map.Entry<String, RequestSamples.Sample> sample : RequestSamples.all().entrySet()) {
      String method = sample.getKey().split(" ", 2)[0];
      String path = sample.getKey().split(" ", 2)[1];
      ObjectNode body = (ObjectNode) MAPPER.readTree(sample.getValue().json());
      for (ObjectNode other : variants(body, Set.of())) {
        assertThat(sample.getValue().read(other.toString()) instanceof RequestReader.Good)
            .as(sample.getKey() + " " + shown(other))
            .isEqualTo(ContractSchemas.requestErrors(method, path, other).isEmpty());
      }
    }
  }

  @Test
  void everyBodyOfTheDocumentHasAReader() {
    Set<String> documented = new HashSet<>();
    for (Map.Entry<String, JsonNode> path : ContractSchemas.openapi().path("paths").properties()) {
      for (Map.Entry<String, JsonNode> call : path.getValue().properties()) {
        if (call.getValue().has("requestBody")) {
          documented.add(call.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
        }
      }
    }
    assertThat(RequestSamples.all().keySet()).isEqualTo(documented);
  }

  @Test
  void thePageNeedsNoOtherHostAndNoScript() throws IOException {
    String page = Files.readString(Path.of("src/main/resources/docs/index.html"));
    assertThat(page)
        .doesNotContain("<script", "http:", "https:", "style=")
        .doesNotContainPattern("\\son[a-z]+=");
  }

  /** The object as it is, without each of its fields, and with each value in each field. */
  private static Set<ObjectNode> variants(ObjectNode object, Set<String> fixed) throws IOException {
    Set<ObjectNode> all = new HashSet<>(Set.of(object));
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      if (fixed.contains(field.getKey())) {
        continue;
      }
      ObjectNode without = object.deepCopy();
      without.remove(field.getKey());
      all.add(without);
      for (String value : VALUES) {
        // Bytes, which JSON Schema cannot count.
        if (field.getKey().equals("reaction") && value.contains("👋")) {
          continue;
        }
        ObjectNode with = object.deepCopy();
        with.set(field.getKey(), MAPPER.readTree(value));
        all.add(with);
      }
    }
    return all;
  }

  private static String schemaOf(String side, String op) {
    return side
        + Arrays.stream(op.split("_"))
            .map(w -> Character.toUpperCase(w.charAt(0)) + w.substring(1))
            .collect(Collectors.joining());
  }

  /** All names a schema knows, whatever branch they stand in. */
  private static Set<String> fields(String name) {
    JsonNode schema = ContractSchemas.asyncapi().at("/components/schemas/" + name);
    Set<String> names = new HashSet<>();
    for (JsonNode properties : schema.findValues("properties")) {
      properties.fieldNames().forEachRemaining(names::add);
    }
    Stream.of("allOf", "then")
        .map(schema::path)
        .flatMap(node -> node.findValues("$ref").stream())
        .map(JsonNode::asText)
        .forEach(ref -> names.addAll(fields(ref.substring(ref.lastIndexOf('/') + 1))));
    return names;
  }

  private static List<String> words(JsonNode document, String schema) {
    return StreamSupport.stream(
            document.at("/components/schemas/" + schema + "/enum").spliterator(), false)
        .map(JsonNode::asText)
        .toList();
  }

  private static JsonNode golden(String side, String name) throws IOException {
    return MAPPER.readTree(
        Files.readString(Path.of("src/test/resources/golden/frames", side, name + ".json")));
  }

  private static String shown(JsonNode node) {
    String text = node.toString();
    return text.length() <= 300 ? text : text.substring(0, 300) + " … " + text.length();
  }
}
