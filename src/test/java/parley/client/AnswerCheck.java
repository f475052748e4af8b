package parley.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Checks everything that a server sends, and throws an {@link AssertionError} if it is wrong. A
 * frame that fails the check ends the connection on the client's side, with the error's message.
 */
public interface AnswerCheck {
  AnswerCheck NONE = new AnswerCheck() {};

  default void frame(JsonNode frame) {}

  /**
   * An answer has arrived.
   *
   * @param path without query
   */
  default void answer(String method, String path, Answer answer) {}
}
