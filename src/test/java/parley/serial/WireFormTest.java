package parley.serial;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.SerializerWithStringManifest;
import org.apache.pekko.serialization.jackson.JacksonObjectMapperProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Pins the form of every message between nodes, so that messages of another version can be read.
 * The file holds each message as the version that introduced it wrote it. Messages are added there,
 * never edited ({@code -Dgolden.write=true} adds missing ones).
 */
class WireFormTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/wire/messages.json");
  private static final String SOMEONE = "<someone>";
  private static final ActorTestKit KIT = WireSystem.start("form");
  private static final Serialization SERIALIZATION = SerializationExtension.get(KIT.system());
  private static final ActorRef<?> REF = KIT.createTestProbe().getRef();
  private static final ObjectMapper CBOR =
      JacksonObjectMapperProvider.get(KIT.system()).getOrCreate("jackson-cbor", Optional.empty());
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static ObjectNode goldens() throws IOException {
    try (InputStream in = Files.newInputStream(GOLDEN)) {
      return (ObjectNode) JSON.readTree(in);
    }
  }

  /** The serialized message as a tree, with its reference replaced by a fixed name. */
  private static JsonNode form(Object message) throws IOException {
    byte[] bytes = SERIALIZATION.serialize(message).get();
    return map(CBOR.readTree(bytes), text -> text.startsWith("pekko://") ? SOMEONE : text, false);
  }

  private static Object read(Class<?> type, JsonNode golden, boolean newer) throws IOException {
    String ref =
        org.apache.pekko.actor.typed.ActorRefResolver.get(KIT.system()).toSerializationFormat(REF);
    JsonNode form = map(golden, text -> text.equals(SOMEONE) ? ref : text, newer);
    var serializer = (SerializerWithStringManifest) SERIALIZATION.serializerFor(type);
    byte[] bytes = CBOR.writeValueAsBytes(form);
    return SERIALIZATION.deserialize(bytes, serializer.identifier(), type.getName()).get();
  }

  private interface Texts {
    String replace(String text);
  }

  /** A copy with other texts and, as a newer node would send it, with unknown fields. */
  private static JsonNode map(JsonNode node, Texts texts, boolean newer) {
    return switch (node) {
      case ObjectNode object -> {
        ObjectNode copy = JSON.createObjectNode();
        if (newer) {
          copy.put("brand_new", "unknown");
        }
        object
            .properties()
            .forEach(field -> copy.set(field.getKey(), map(field.getValue(), texts, newer)));
        yield copy;
      }
      case ArrayNode array -> {
        ArrayNode copy = JSON.createArrayNode();
        array.forEach(one -> copy.add(map(one, texts, newer)));
        yield copy;
      }
      case TextNode text -> TextNode.valueOf(texts.replace(text.textValue()));
      default -> node;
    };
  }

  @Test
  void everyMessageIsPinned() throws IOException {
    ObjectNode goldens = goldens();
    Map<String, JsonNode> missing = new LinkedHashMap<>();
    for (Class<?> type : WireTest.messages(false)) {
      if (!goldens.has(type.getName())) {
        missing.put(type.getName(), form(new RecordSamples(REF).of(type).getFirst()));
      }
    }
    if (Boolean.getBoolean("golden.write")) {
      missing.forEach(goldens::set);
      Files.writeString(GOLDEN, JSON.writeValueAsString(goldens) + "\n");
      missing.clear();
    }
    assertThat(missing).isEmpty();
  }

  @TestFactory
  Stream<DynamicTest> whatAnotherVersionSendsIsRead() throws IOException {
    ObjectNode goldens = goldens();
    return goldens.properties().stream()
        .map(one -> DynamicTest.dynamicTest(one.getKey(), () -> isRead(one)));
  }

  /** Checks that no field is lost, from an older node and from a newer one. */
  private static void isRead(Map.Entry<String, JsonNode> golden) throws Exception {
    Class<?> type = Class.forName(golden.getKey());
    Object plain = read(type, golden.getValue(), false);
    assertThat(read(type, golden.getValue(), true)).isEqualTo(plain);
    holds(form(plain), golden.getValue());
  }

  private static void holds(JsonNode now, JsonNode golden) {
    if (golden instanceof ObjectNode object) {
      object.properties().forEach(field -> holds(now.path(field.getKey()), field.getValue()));
    } else if (golden instanceof ArrayNode array) {
      assertThat(now).hasSameSizeAs(array);
      for (int i = 0; i < array.size(); i++) {
        holds(now.get(i), array.get(i));
      }
    } else {
      assertThat(now.asText()).isEqualTo(golden.asText());
    }
  }

  /** Most messages are not traced: the field for that is absent, and not null. */
  @Test
  void aMessageWithoutATraceHasNoFieldForIt() throws IOException {
    for (Map.Entry<String, Object> hot : HotMessages.of(REF).entrySet()) {
      assertThat(form(hot.getValue()).findValues("x")).as(hot.getKey()).isEmpty();
    }
  }

  /**
   * An older node leaves out fields that it does not know: absent means null, 0 or false, and never
   * fails.
   */
  @TestFactory
  Stream<DynamicTest> hotMessagesMayLackFields() {
    return HotMessages.of(REF).entrySet().stream()
        .map(
            hot ->
                DynamicTest.dynamicTest(
                    hot.getKey(),
                    () -> {
                      ObjectNode form = (ObjectNode) form(hot.getValue());
                      for (String field :
                          form.properties().stream().map(Map.Entry::getKey).toList()) {
                        ObjectNode less = form.deepCopy();
                        less.remove(field);
                        assertThat(read(hot.getValue().getClass(), less, true)).isNotNull();
                      }
                    }));
  }
}
