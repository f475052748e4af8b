package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The readers accept what the published schemas allow, and refuse the rest. */
class DocsAgreementTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * Does not contain {@code null}, which the schemas allow in answers only and the readers take for
   * absent, nor {@code 5.0}, which is an integer for JSON Schema and not for the readers.
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
  void aFrameIsGoodForTheReaderIfAndOnlyIfItIsForTheDocument() throws IOException {
    for (String name : FrameSamples.client().keySet()) {
      ObjectNode frame = (ObjectNode) golden(name);
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

  /** The object itself, copies that lack one field, and copies with one value in one field. */
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

  private static JsonNode golden(String name) throws IOException {
    return MAPPER.readTree(
        Files.readString(Path.of("src/test/resources/golden/frames/client", name + ".json")));
  }

  private static String shown(JsonNode node) {
    String text = node.toString();
    return text.length() <= 300 ? text : text.substring(0, 300) + " … " + text.length();
  }
}
