package parley.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Looks at everything a server says and throws an {@link AssertionError} at what it should not. A
 * frame that is not let pass ends the connection on our side, under the error's words.
 */
public interface AnswerCheck {
  AnswerCheck NONE = new AnswerCheck() {};

  default void frame(JsonNode frame) {}

  /**
   * An answer has come.
   *
   * @param path without query
   */
  default void answer(String method, String path, Answer answer) {}
}
