package parley.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.IdRules;
import parley.model.Limits;
import parley.model.UserId;

/**
 * Reads the fields of one JSON object, each by its rule in the protocol. Nothing is converted:
 * {@code "5"} is not a number, {@code 5.0} is not an integer. A field that is {@code null} counts
 * as missing, and unknown fields are ignored.
 */
final class JsonFields {
  static final String ID_RULE =
      "a string of 1 to " + IdRules.MAX_LENGTH + " visible ASCII characters";
  private static final String SEQ_RULE = "a positive 64-bit integer";

  private final ObjectNode object;
  private final ErrorCode errorCode;

  /**
   * The fields of one object.
   *
   * @param wrong code of the error for a missing or wrong field
   */
  JsonFields(ObjectNode object, ErrorCode wrong) {
    this.object = object;
    this.errorCode = wrong;
  }

  /** The value of a field, or null if it is missing or {@code null}. */
  @Nullable JsonNode get(String name) {
    JsonNode node = object.get(name);
    return node == null || node.isNull() ? null : node;
  }

  /** Whether the field is present with the value {@code null}. */
  boolean isNull(String name) {
    JsonNode node = object.get(name);
    return node != null && node.isNull();
  }

  private JsonNode required(String name, String rule) throws FieldError {
    JsonNode node = get(name);
    if (node == null) {
      throw new FieldError(errorCode, name, name + " is missing; it must be " + rule);
    }
    return node;
  }

  /** The error for a field that breaks its rule. */
  FieldError invalid(String name, String rule) {
    return new FieldError(errorCode, name, name + " must be " + rule);
  }

  // ---- strings

  private String string(JsonNode node, String name, String rule) throws FieldError {
    if (!node.isTextual()) {
      throw invalid(name, rule);
    }
    String s = node.textValue();
    if (!TextRules.isWellFormed(s)) {
      throw invalid(name, rule + ", without lone surrogates");
    }
    return s;
  }

  /**
   * A string without lone surrogates. The caller checks the rest of its rule; here the rule is only
   * the text of the error.
   */
  String string(String name, String rule) throws FieldError {
    return string(required(name, rule), name, rule);
  }

  /** A string of {@code min} to {@code max} characters (code points). */
  String text(String name, int min, int max) throws FieldError {
    String rule =
        "a string of " + (min == 0 ? "at most " + max : min + " to " + max) + " characters";
    String s = string(name, rule);
    int chars = TextRules.codePoints(s);
    if (chars < min || chars > max) {
      throw invalid(name, rule);
    }
    return s;
  }

  /** The same, or null if the field is missing. */
  @Nullable String textOrNull(String name, int min, int max) throws FieldError {
    return get(name) == null ? null : text(name, min, max);
  }

  /** One of the given words. */
  String oneOf(String name, List<String> words) throws FieldError {
    String rule =
        words.size() == 1
            ? "\"" + words.get(0) + "\""
            : "one of \"" + String.join("\", \"", words) + "\"";
    String s = string(name, rule);
    if (!words.contains(s)) {
      throw invalid(name, rule);
    }
    return s;
  }

  /** The content of a message; all its characters are kept as they are. */
  String content() throws FieldError {
    String rule = "a non-empty string of at most " + Limits.CONTENT_BYTES + " bytes in UTF-8";
    String s = string("content", rule);
    if (s.isEmpty()) {
      throw invalid("content", rule);
    }
    if (TextRules.utf8Bytes(s) > Limits.CONTENT_BYTES) {
      throw new FieldError(ErrorCode.TOO_LARGE, "content", "content must be " + rule);
    }
    return s;
  }

  /** A reaction; an empty string takes it back. */
  String reaction() throws FieldError {
    String rule = "a string of at most " + Limits.REACTION_BYTES + " bytes in UTF-8";
    String s = string("reaction", rule);
    if (TextRules.utf8Bytes(s) > Limits.REACTION_BYTES) {
      throw invalid("reaction", rule);
    }
    return s;
  }

  /** The field {@code client_msg_id}: the sender's own id for an entry. */
  String clientMsgId() throws FieldError {
    return clientName("client_msg_id");
  }

  /** The field {@code client_ref}: a client's own name for what it creates. */
  String clientRef() throws FieldError {
    return clientName("client_ref");
  }

  private String clientName(String name) throws FieldError {
    String rule = "a string of 1 to " + Limits.CLIENT_MSG_ID_CHARS + " characters [A-Za-z0-9_:-]";
    String s = string(name, rule);
    if (!TextRules.isName(s, 1, Limits.CLIENT_MSG_ID_CHARS, true, "_:-")) {
      throw invalid(name, rule);
    }
    return s;
  }

  /** A web address; an empty string means none. */
  String url(String name) throws FieldError {
    String rule = "an http or https URL of at most " + Limits.URL_CHARS + " characters";
    String s = string(name, rule);
    if (s.length() > Limits.URL_CHARS || !(s.isEmpty() || TextRules.isWebUrl(s))) {
      throw invalid(name, rule);
    }
    return s;
  }

  // ---- ids

  private String id(JsonNode node, String name) throws FieldError {
    String s = string(node, name, ID_RULE);
    if (!IdRules.isId(s)) {
      throw invalid(name, ID_RULE);
    }
    return s;
  }

  /** The field {@code conversation_id}. */
  ConversationId conversationId() throws FieldError {
    return new ConversationId(id(required("conversation_id", ID_RULE), "conversation_id"));
  }

  /** A user id. */
  UserId userId(String name) throws FieldError {
    return new UserId(id(required(name, ID_RULE), name));
  }

  /** A device id. */
  DeviceId deviceId(String name) throws FieldError {
    return new DeviceId(id(required(name, ID_RULE), name));
  }

  /** User ids, each once, in the given order. */
  List<UserId> userIds(String name, int min, int max) throws FieldError {
    String rule =
        "an array of " + (min == 0 ? "at most " + max : min + " to " + max) + " ids, each ";
    JsonNode node = required(name, rule + ID_RULE);
    if (!node.isArray() || node.size() < min || node.size() > max) {
      throw invalid(name, rule + ID_RULE);
    }
    Set<UserId> ids = LinkedHashSet.newLinkedHashSet(node.size());
    for (JsonNode element : node) {
      if (!element.isTextual() || !IdRules.isId(element.textValue())) {
        throw invalid(name, rule + ID_RULE);
      }
      ids.add(new UserId(element.textValue()));
    }
    return List.copyOf(new ArrayList<>(ids));
  }

  // ---- numbers and booleans

  /** An integer between two bounds, both inclusive. */
  long integer(String name, long min, long max, String rule) throws FieldError {
    JsonNode node = required(name, rule);
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw invalid(name, rule);
    }
    long n = node.longValue();
    if (n < min || n > max) {
      throw invalid(name, rule);
    }
    return n;
  }

  /** The client's number for a frame, or null if it gave none. */
  @Nullable Long frameId() throws FieldError {
    return get("id") == null
        ? null
        : Long.valueOf(integer("id", Long.MIN_VALUE, Long.MAX_VALUE, "a 64-bit integer"));
  }

  /** The seq of an entry. */
  long seq(String name) throws FieldError {
    return integer(name, 1, Long.MAX_VALUE, SEQ_RULE);
  }

  /** The same, or null if the field is missing. */
  @Nullable Long seqOrNull(String name) throws FieldError {
    return get(name) == null ? null : Long.valueOf(seq(name));
  }

  /**
   * The size of a page, or {@code otherwise} if none is given. A number out of range is {@code
   * bad_request} on the socket too: the frame is well-formed, but the request is not valid.
   */
  int limit(int max, int otherwise) throws FieldError {
    if (get("limit") == null) {
      return otherwise;
    }
    String rule = "an integer from 1 to " + max;
    JsonNode node = required("limit", rule);
    if (!node.isIntegralNumber()) {
      throw invalid("limit", rule);
    }
    if (!node.canConvertToInt() || node.intValue() < 1 || node.intValue() > max) {
      throw new FieldError(ErrorCode.BAD_REQUEST, "limit", "limit must be " + rule);
    }
    return node.intValue();
  }

  /** A boolean. */
  boolean bool(String name) throws FieldError {
    JsonNode node = required(name, "true or false");
    if (!node.isBoolean()) {
      throw invalid(name, "true or false");
    }
    return node.booleanValue();
  }

  /** The same, or null if the field is missing. */
  @Nullable Boolean boolOrNull(String name) throws FieldError {
    return get(name) == null ? null : Boolean.valueOf(bool(name));
  }
}
