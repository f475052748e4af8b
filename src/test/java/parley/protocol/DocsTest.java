package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
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

/** The published documents describe exactly what the codec does. */
class DocsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

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

  /**
   * By op, and for entries by type: a field that all samples have is required, a field that some
   * lack is not.
   */
  @Test
  void onlyFieldsThatAreAlwaysPresentAreRequired() throws IOException {
    Map<String, Set<String>> always = new HashMap<>();
    for (String name : FrameSamples.server().keySet()) {
      JsonNode frame = golden("server", name);
      String op = frame.path("op").asText();
      Set<String> names = new TreeSet<>();
      frame.fieldNames().forEachRemaining(names::add);
      // The client chooses whether there is one.
      names.remove("id");
      String kind = op.equals("message") ? op + " " + frame.path("type").asText() : op;
      always.computeIfAbsent(kind, k -> new TreeSet<>(names)).retainAll(names);
    }
    always.forEach(
        (kind, names) -> {
          String[] opAndType = kind.split(" ", 2);
          Set<String> required = new TreeSet<>();
          addRequired(
              required,
              schema(schemaOf("Server", opAndType[0])),
              opAndType.length == 2 ? opAndType[1] : "");
          assertThat(required).as(kind).isEqualTo(names);
        });
  }

  private static void addRequired(Set<String> required, JsonNode schema, String type) {
    schema.path("required").forEach(name -> required.add(name.asText()));
    schema.path("allOf").forEach(part -> addRequired(required, referred(part), type));
    if (schema.has("then")) {
      addRequired(required, referred(schema.get("then")), type);
    }
    for (JsonNode branch : schema.path("oneOf")) {
      if (branch.at("/properties/type/const").asText().equals(type)) {
        branch.path("required").forEach(name -> required.add(name.asText()));
      }
    }
  }

  private static JsonNode referred(JsonNode ref) {
    return ContractSchemas.asyncapi().at(ref.path("$ref").asText().substring(1));
  }

  private static JsonNode schema(String name) {
    return ContractSchemas.asyncapi().at("/components/schemas/" + name);
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
  void bothDocumentsDescribeSharedTypesAlike() {
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

  private static String schemaOf(String side, String op) {
    return side
        + Arrays.stream(op.split("_"))
            .map(w -> Character.toUpperCase(w.charAt(0)) + w.substring(1))
            .collect(Collectors.joining());
  }

  /** All field names of a schema, in all of its branches. */
  private static Set<String> fields(String name) {
    JsonNode schema = schema(name);
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
}
