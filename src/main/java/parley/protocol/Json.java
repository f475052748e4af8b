package parley.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.model.Limits;

/**
 * Parses text into one JSON object, strictly and with bounded work.
 *
 * <p>Everything that a stranger can make grow has a bound: the text, the depth, the digits of a
 * number, the length of a name. Field names are neither interned nor kept in Jackson's shared
 * symbol table, because strangers choose them. A duplicate name is refused: otherwise two readers
 * could see two different frames in the same bytes.
 */
final class Json {
  /** Deepest nesting; the protocol itself needs two levels. */
  static final int DEPTH = 32;

  /** Longest number, in characters; a 64-bit integer has at most twenty. */
  static final int NUMBER_CHARS = 100;

  /** Longest field name, in characters. */
  static final int NAME_CHARS = 256;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH)
                          .maxNumberLength(NUMBER_CHARS)
                          .maxNameLength(NAME_CHARS)
                          .maxStringLength(Limits.FRAME_BYTES)
                          .maxDocumentLength(Limits.FRAME_BYTES)
                          .build())
                  .build())
          .build();

  private Json() {}

  /** A new, empty object. */
  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /**
   * Parses exactly one JSON object.
   *
   * @param whole name of the whole text in errors: {@code frame} or {@code body}
   * @param wrong code of the error if the text is invalid
   */
  static ObjectNode parse(String text, String whole, ErrorCode wrong) throws FieldError {
    // A character takes at least one byte, so most oversized texts are found without counting
    // bytes.
    if (text.length() > Limits.FRAME_BYTES || TextRules.utf8Bytes(text) > Limits.FRAME_BYTES) {
      throw new FieldError(
          ErrorCode.TOO_LARGE, whole, whole + " must be at most " + Limits.FRAME_BYTES + " bytes");
    }
    try (JsonParser parser = MAPPER.createParser(text)) {
      try {
        @Nullable JsonNode node = MAPPER.readTree(parser);
        if (!(node instanceof ObjectNode object)) {
          throw new FieldError(wrong, whole, whole + " must be a JSON object");
        }
        if (parser.nextToken() != null) {
          throw new FieldError(wrong, whole, whole + " must be one JSON object and nothing after");
        }
        return object;
      } catch (StreamConstraintsException e) {
        String field = fieldAt(parser, whole);
        throw new FieldError(
            wrong,
            field,
            field
                + (" must be JSON nested at most " + DEPTH + " deep, its numbers at most ")
                + (NUMBER_CHARS + " and its names at most " + NAME_CHARS + " characters"));
      } catch (JsonProcessingException e) {
        String field = fieldAt(parser, whole);
        throw new FieldError(
            wrong,
            field,
            field + " must be JSON, each name once (near character " + charOffset(e) + ")");
      }
    } catch (IOException e) {
      throw new FieldError(wrong, whole, whole + " must be JSON");
    }
  }

  private static long charOffset(JsonProcessingException e) {
    return e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
  }

  /**
   * The outermost field in which the parser stopped, if its name can safely be repeated in an
   * error; else the whole text's name.
   */
  private static String fieldAt(JsonParser parser, String whole) {
    @Nullable String name = null;
    for (@Nullable JsonStreamContext c = parser.getParsingContext(); c != null; c = c.getParent()) {
      if (c.inObject() && c.getParent() != null && c.getParent().inRoot()) {
        name = c.getCurrentName();
      }
    }
    return name != null && name.matches("[a-z_]{1,32}") ? name : whole;
  }
}
