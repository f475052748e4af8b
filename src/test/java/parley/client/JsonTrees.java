package parley.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** JSON as trees: the client builds and reads trees, so that it can also build invalid frames. */
public final class JsonTrees {
  public static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonTrees() {}

  /** An object from alternating names and values; a null value leaves its name out. */
  public static ObjectNode obj(@Nullable Object... namesAndValues) {
    ObjectNode node = MAPPER.createObjectNode();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i + 1];
      if (value != null) {
        node.set(String.valueOf(namesAndValues[i]), MAPPER.valueToTree(value));
      }
    }
    return node;
  }

  public static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("not JSON: " + text, e);
    }
  }

  /** Like {@link #parse}, but returns a missing node if the text is not JSON. */
  static JsonNode parseOrMissing(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return MAPPER.missingNode();
    }
  }
}
