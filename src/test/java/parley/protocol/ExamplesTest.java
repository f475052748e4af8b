package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Every example of the two documents and of the guide works: the program's own readers accept it,
 * or the program may answer it. Every call and frame has an example.
 */
class ExamplesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path GUIDE = Path.of("src/main/resources/docs/guide");
  private static final Pattern BLOCK =
      Pattern.compile("^```(\\w+)(?: (\\w+))?\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";

  @Test
  void everyFrameHasExamplesThatFit() {
    int examples = 0;
    for (Map.Entry<String, JsonNode> message :
        ContractSchemas.asyncapi().at("/components/messages").properties()) {
      String name = message.getKey();
      assertThat(message.getValue().path("examples")).as(name).isNotEmpty();
      for (JsonNode example : message.getValue().path("examples")) {
        JsonNode frame = example.path("payload");
        assertThat(frame.path("op")).as(name).isEqualTo(message.getValue().path("name"));
        assertFrame(name.startsWith("Client"), frame);
        examples++;
      }
    }
    assertThat(examples).isGreaterThan(30);
  }

  @Test
  void everyBodyHasAnExampleThatItsReaderTakes() {
    for (Call call : calls()) {
      JsonNode body = call.operation().at("/requestBody/content").path(JSON);
      if (!body.isMissingNode()) {
        assertThat(body.path("example").isObject()).as(call.name()).isTrue();
        assertBody(call.method(), call.path(), body.path("example"));
      }
    }
  }

  @Test
  void everyAnswerHasAnExampleThatFits() {
    int examples = 0;
    for (Call call : calls()) {
      for (Map.Entry<String, JsonNode> answer : call.operation().path("responses").properties()) {
        JsonNode response = resolved(answer.getValue());
        String type = answer.getKey().startsWith("2") ? JSON : PROBLEM;
        if (response.path("content").has(type)) {
          JsonNode example = response.path("content").path(type).path("example");
          assertThat(example.isObject()).as(call.name() + " " + answer.getKey()).isTrue();
          ContractSchemas.assertResponse(
              call.method(), call.path(), Integer.parseInt(answer.getKey()), example);
          examples++;
        }
      }
    }
    assertThat(examples).isGreaterThan(100);
  }

  @Test
  void everyPlaceInAPathHasAnExample() {
    for (Call call : calls()) {
      for (JsonNode parameter : call.operation().path("parameters")) {
        if (parameter.path("required").asBoolean()) {
          assertThat(parameter.has("example"))
              .as(call.name() + " " + parameter.path("name"))
              .isTrue();
        }
      }
    }
  }

  @Test
  void theGuideShowsEveryFrameAsItIs() throws IOException {
    Set<String> shown = new TreeSet<>();
    for (Block block : guide()) {
      if (block.language().equals("json") && block.side() != null) {
        JsonNode frame = MAPPER.readTree(block.text());
        assertFrame(block.side().equals("client"), frame);
        shown.add(block.side() + " " + frame.path("op").asText());
      }
    }
    Set<String> all = new TreeSet<>();
    for (Map.Entry<String, JsonNode> message :
        ContractSchemas.asyncapi().at("/components/messages").properties()) {
      String side = message.getKey().startsWith("Client") ? "client " : "server ";
      all.add(side + message.getValue().path("name").asText());
    }
    assertThat(shown).isEqualTo(all);
  }

  /** Each request in the guide is followed by its answers. */
  @Test
  void theGuideShowsEveryCallAndItsAnswerAsTheyAre() throws IOException {
    Set<String> asked = new TreeSet<>();
    Set<String> answered = new TreeSet<>();
    Call call = null;
    for (Block block : guide()) {
      if (!block.language().equals("http")) {
        continue;
      }
      String[] parts = block.text().split("\n\n", 2);
      JsonNode body = parts.length < 2 ? null : MAPPER.readTree(parts[1]);
      String[] line = parts[0].split("\\s+", 3);
      if (line[0].startsWith("HTTP/")) {
        int status = Integer.parseInt(line[1]);
        if (status >= 400) {
          assertThat(body).as(block.text()).isNotNull();
          ContractSchemas.assertProblem(status, body == null ? MAPPER.nullNode() : body);
        } else {
          assertThat(call).as(block.text()).isNotNull();
          if (call != null) {
            ContractSchemas.assertResponse(call.method(), call.path(), status, body);
            answered.add(call.name());
          }
        }
      } else {
        call = called(line[0], line[1].split("\\?", 2)[0]);
        asked.add(call.name());
        assertThat(body != null)
            .as(call.name() + " has a body")
            .isEqualTo(call.operation().has("requestBody"));
        if (body != null) {
          assertBody(call.method(), call.path(), body);
        }
      }
    }
    Set<String> all = new TreeSet<>(calls().stream().map(Call::name).toList());
    assertThat(asked).isEqualTo(all);
    assertThat(answered).isEqualTo(all);
  }

  @Test
  void theGuideSaysWhatToDoAfterEveryClosing() throws IOException {
    String page = Files.readString(GUIDE.resolve("connecting.md"));
    for (ServerFrame.CloseCode code : ServerFrame.CloseCode.values()) {
      assertThat(page).contains("| `" + code.wireName() + "` | " + code.reconnect() + " |");
    }
  }

  private static void assertFrame(boolean ofClient, JsonNode frame) {
    if (ofClient) {
      assertThat(FrameReader.read(frame.toString()))
          .as(frame.toString())
          .isInstanceOf(FrameReader.Good.class);
      ContractSchemas.assertClientFrame(frame);
    } else {
      ContractSchemas.assertFrame(frame);
    }
  }

  private static void assertBody(String method, String path, JsonNode body) {
    RequestSamples.Sample sample = RequestSamples.all().get(method + " " + path);
    assertThat(sample).as(method + " " + path).isNotNull();
    if (sample != null) {
      assertThat(sample.read(body.toString()))
          .as(method + " " + path + " " + body)
          .isInstanceOf(RequestReader.Good.class);
    }
    assertThat(ContractSchemas.requestErrors(method, path, body)).as(body.toString()).isEmpty();
  }

  private record Call(String method, String path, JsonNode operation) {
    String name() {
      return method + " " + path;
    }
  }

  private static List<Call> calls() {
    List<Call> calls = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : ContractSchemas.openapi().path("paths").properties()) {
      for (Map.Entry<String, JsonNode> call : path.getValue().properties()) {
        calls.add(new Call(call.getKey().toUpperCase(Locale.ROOT), path.getKey(), call.getValue()));
      }
    }
    return calls;
  }

  /** The call of a path in the guide, the most literal one if two match. */
  private static Call called(String method, String path) {
    List<Call> fitting =
        calls().stream()
            .filter(call -> call.method().equals(method))
            .filter(call -> path.matches(call.path().replaceAll("\\{[a-z_]+}", "[^/]+")))
            .sorted((a, b) -> Boolean.compare(a.path().contains("{"), b.path().contains("{")))
            .toList();
    assertThat(fitting).as(method + " " + path).isNotEmpty();
    return fitting.getFirst();
  }

  private static JsonNode resolved(JsonNode node) {
    return node.has("$ref")
        ? ContractSchemas.openapi().at(node.path("$ref").asText().substring(1))
        : node;
  }

  private record Block(String language, @Nullable String side, String text) {}

  private static List<Block> guide() throws IOException {
    List<Block> blocks = new ArrayList<>();
    try (Stream<Path> files = Files.list(GUIDE)) {
      for (Path file : files.sorted().toList()) {
        Matcher matcher = BLOCK.matcher(Files.readString(file));
        while (matcher.find()) {
          blocks.add(new Block(matcher.group(1), matcher.group(2), matcher.group(3)));
        }
      }
    }
    return blocks;
  }
}
