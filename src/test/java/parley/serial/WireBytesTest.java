package parley.serial;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.jackson.JacksonObjectMapperProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Measures the bytes of the {@link HotMessages} as they are written and as they could be, and
 * checks a bound for each. It prints the table in the package comment of {@code parley.serial}.
 */
class WireBytesTest {
  private static final Map<String, Integer> MOST =
      Map.of(
          "post",
          290,
          "posted",
          140,
          "deliver",
          620,
          "dispatched",
          70,
          "entries",
          345,
          "acked",
          115,
          "delivered",
          62,
          "receipts",
          125,
          "check",
          125,
          "checked",
          12);

  private static final ActorTestKit KIT = WireSystem.start("bytes");
  private static final ObjectMapper CBOR =
      JacksonObjectMapperProvider.get(KIT.system()).getOrCreate("jackson-cbor", Optional.empty());

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void hotMessagesAreSmall() throws IOException {
    StringBuilder table = new StringBuilder();
    row(table, "message", "cbor", "short names", "no names", "gzip", "json");
    for (Map.Entry<String, Object> hot :
        HotMessages.of(KIT.createTestProbe().getRef()).entrySet()) {
      byte[] bytes = SerializationExtension.get(KIT.system()).serialize(hot.getValue()).get();
      JsonNode tree = CBOR.readTree(bytes);
      row(
          table,
          hot.getKey(),
          bytes.length,
          CBOR.writeValueAsBytes(shortened(tree)).length,
          CBOR.writeValueAsBytes(values(tree)).length,
          gzip(bytes),
          tree.toString().length());
      assertThat(bytes.length).as(hot.getKey()).isLessThanOrEqualTo(MOST.get(hot.getKey()));
    }
    System.out.println(table);
  }

  private static void row(StringBuilder table, Object... cells) {
    for (Object cell : cells) {
      table.append("%-13s".formatted(cell));
    }
    table.append('\n');
  }

  /** A copy with field names of one letter. */
  private static JsonNode shortened(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ObjectNode copy = object.objectNode();
      char[] name = {'a'};
      object
          .properties()
          .forEach(f -> copy.set(String.valueOf(name[0]++), shortened(f.getValue())));
      return copy;
    }
    return node instanceof ArrayNode array ? each(array, true) : node;
  }

  /** The values alone, in order, as a hand-written codec would write them. */
  private static JsonNode values(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ArrayNode all = object.arrayNode();
      object.forEach(value -> all.add(values(value)));
      return all;
    }
    return node instanceof ArrayNode array ? each(array, false) : node;
  }

  private static ArrayNode each(ArrayNode array, boolean names) {
    ArrayNode copy = array.arrayNode();
    array.forEach(one -> copy.add(names ? shortened(one) : values(one)));
    return copy;
  }

  private static int gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    }
    return out.size();
  }
}
