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
 * The fields of one JSON object, each read by the rule the protocol gives it. Nothing is converted:
 * {@code "5"} is not a number, {@code 5.0} is not an integer. A field that is {@code null} counts
 * as not given, unknown ones are never looked at.
 */
final class JsonFields {
  static final String ID_RULE =
      "a string of 1 to " + IdRules.MAX_LENGTH + " visible ASCII characters";
  private static final String SEQ_RULE = "a positive 64-bit integer";

  private final ObjectNode object;
  private final ErrorCode wrong;

  /**
   * The fields of an object.
   *
   * @param wrong the code for a field that is missing or wrong
   */
  JsonFields(ObjectNode object, ErrorCode wrong) {
    this.object = object;
    this.wrong = wrong;
  }

  /** The field's value, or null where it is not given. */
  @Nullable JsonNode get(String name) {
    JsonNode node = object.get(name);
    return node == null || node.isNull() ? null : node;
  }

  /** Whether the field stands there with the value {@code null}. */
  boolean isNull(String name) {
    JsonNode node = object.get(name);
    return node != null && node.isNull();
  }

  private JsonNode required(String name, String rule) throws FieldError {
    JsonNode node = get(name);
    if (node == null) {
      throw new FieldError(wrong, name, name + " is missing; it must be " + rule);
    }
    return node;
  }

  /** The error of a field that breaks its rule. */
  FieldError bad(String name, String rule) {
    return new FieldError(wrong, name, name + " must be " + rule);
  }

  // Strings.

  private String string(JsonNode node, String name, String rule) throws FieldError {
    if (!node.isTextual()) {
      throw bad(name, rule);
    }
    String s = node.textValue();
    if (!TextRules.isWellFormed(s)) {
      throw bad(name, rule + ", without lone surrogates");
    }
    return s;
  }

  /** A string, read by a rule of its own. */
  String string(String name, String rule) throws FieldError {
    return string(required(name, rule), name, rule);
  }

  /** A string of so many characters (code points). */
  String text(String name, int min, int max) throws FieldError {
    String rule =
        "a string of " + (min == 0 ? "at most " + max : min + " to " + max) + " characters";
    String s = string(name, rule);
    int chars = TextRules.codePoints(s);
    if (chars < min || chars > max) {
      throw bad(name, rule);
    }
    return s;
  }

  /** The same, or null where it is not given. */
  @Nullable String textOrNull(String name, int min, int max) throws FieldError {
    return get(name) == null ? null : text(name, min, max);
  }

  /** One of some words. */
  String word(String name, List<String> words) throws FieldError {
    String rule =
        words.size() == 1
            ? "\"" + words.get(0) + "\""
            : "one of \"" + String.join("\", \"", words) + "\"";
    String s = string(name, rule);
    if (!words.contains(s)) {
      throw bad(name, rule);
    }
    return s;
  }

  /** The content of a message: kept as it is, whatever characters it has. */
  String content() throws FieldError {
    String rule = "a non-empty string of at most " + Limits.CONTENT_BYTES + " bytes in UTF-8";
    String s = string("content", rule);
    if (s.isEmpty()) {
      throw bad("content", rule);
    }
    if (TextRules.utf8Bytes(s) > Limits.CONTENT_BYTES) {
      throw new FieldError(ErrorCode.TOO_LARGE, "content", "content must be " + rule);
    }
    return s;
  }

  /** What a reaction says; empty takes it back. */
  String reaction() throws FieldError {
    String rule = "a string of at most " + Limits.REACTION_BYTES + " bytes in UTF-8";
    String s = string("reaction", rule);
    if (TextRules.utf8Bytes(s) > Limits.REACTION_BYTES) {
      throw bad("reaction", rule);
    }
    return s;
  }

  /** The sender's own name for an entry. */
  String clientMsgId() throws FieldError {
    return clientName("client_msg_id");
  }

  /** A client's own name for what it makes. */
  String clientRef() throws FieldError {
    return clientName("client_ref");
  }

  private String clientName(String name) throws FieldError {
    String rule = "a string of 1 to " + Limits.CLIENT_MSG_ID_CHARS + " characters [A-Za-z0-9_:-]";
    String s = string(name, rule);
    if (!TextRules.isName(s, 1, Limits.CLIENT_MSG_ID_CHARS, true, "_:-")) {
      throw bad(name, rule);
    }
    return s;
  }

  /** A web address; an empty string is none. */
  String url(String name) throws FieldError {
    String rule = "an http or https URL of at most " + Limits.URL_CHARS + " characters";
    String s = string(name, rule);
    if (s.length() > Limits.URL_CHARS || !(s.isEmpty() || TextRules.isWebUrl(s))) {
      throw bad(name, rule);
    }
    return s;
  }

  // Ids.

  private String id(JsonNode node, String name) throws FieldError {
    String s = string(node, name, ID_RULE);
    if (!IdRules.isId(s)) {
      throw bad(name, ID_RULE);
    }
    return s;
  }

  /** The conversation that is meant. */
  ConversationId conversationId() throws FieldError {
    return new ConversationId(id(required("conversation_id", ID_RULE), "conversation_id"));
  }

  /** A person. */
  UserId userId(String name) throws FieldError {
    return new UserId(id(required(name, ID_RULE), name));
  }

  /** A device. */
  DeviceId deviceId(String name) throws FieldError {
    return new DeviceId(id(required(name, ID_RULE), name));
  }

  /** People, each once, in the order given. */
  List<UserId> userIds(String name, int min, int max) throws FieldError {
    String rule =
        "an array of " + (min == 0 ? "at most " + max : min + " to " + max) + " ids, each ";
    JsonNode node = required(name, rule + ID_RULE);
    if (!node.isArray() || node.size() < min || node.size() > max) {
      throw bad(name, rule + ID_RULE);
    }
    Set<UserId> ids = LinkedHashSet.newLinkedHashSet(node.size());
    for (JsonNode element : node) {
      if (!element.isTextual() || !IdRules.isId(element.textValue())) {
        throw bad(name, rule + ID_RULE);
      }
      ids.add(new UserId(element.textValue()));
    }
    return List.copyOf(new ArrayList<>(ids));
  }

  // Numbers and booleans.

  /** A number between two bounds. */
  long integer(String name, long min, long max, String rule) throws FieldError {
    JsonNode node = required(name, rule);
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw bad(name, rule);
    }
    long n = node.longValue();
    if (n < min || n > max) {
      throw bad(name, rule);
    }
    return n;
  }

  /** The client's number for a frame, or null where it gave none. */
  @Nullable Long frameId() throws FieldError {
    return get("id") == null
        ? null
        : Long.valueOf(integer("id", Long.MIN_VALUE, Long.MAX_VALUE, "a 64-bit integer"));
  }

  /** The number of an entry. */
  long seq(String name) throws FieldError {
    return integer(name, 1, Long.MAX_VALUE, SEQ_RULE);
  }

  /** The same, or null where it is not given. */
  @Nullable Long seqOrNull(String name) throws FieldError {
    return get(name) == null ? null : Long.valueOf(seq(name));
  }

  /**
   * How many of a page. A number out of range is {@code bad_request} on the socket too: the frame
   * is well-formed, what it asks for is not.
   */
  int limit(int max, int otherwise) throws FieldError {
    if (get("limit") == null) {
      return otherwise;
    }
    String rule = "an integer from 1 to " + max;
    JsonNode node = required("limit", rule);
    if (!node.isIntegralNumber()) {
      throw bad("limit", rule);
    }
    if (!node.canConvertToInt() || node.intValue() < 1 || node.intValue() > max) {
      throw new FieldError(ErrorCode.BAD_REQUEST, "limit", "limit must be " + rule);
    }
    return node.intValue();
  }

  /** Yes or no. */
  boolean bool(String name) throws FieldError {
    JsonNode node = required(name, "true or false");
    if (!node.isBoolean()) {
      throw bad(name, "true or false");
    }
    return node.booleanValue();
  }

  /** The same, or null where it is not given. */
  @Nullable Boolean boolOrNull(String name) throws FieldError {
    return get(name) == null ? null : Boolean.valueOf(bool(name));
  }
}
