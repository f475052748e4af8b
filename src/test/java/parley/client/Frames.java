package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Predicate;

/** Predicates on frames, and the frames a client sends most. */
public final class Frames {
  private Frames() {}

  public static Predicate<JsonNode> op(String op) {
    return frame -> frame.path("op").asText().equals(op);
  }

  /** The frame's field has this value, compared as text. */
  public static Predicate<JsonNode> has(String field, Object value) {
    return frame -> frame.path(field).asText().equals(String.valueOf(value));
  }

  public static Predicate<JsonNode> message(String conversationId, long seq) {
    return op("message").and(has("conversation_id", conversationId)).and(has("seq", seq));
  }

  public static Predicate<JsonNode> error(String code) {
    return op("error").and(has("code", code));
  }
}
