package parley.proof.drill;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.client.ParleySocket;

/** Sends many messages through one socket, without waiting for each answer. */
final class Messages {
  /** Below the bound of the server for messages without an answer. */
  private static final int OUTSTANDING = 200;

  private static final String USUAL = "a message of some forty characters, or so";

  private Messages() {}

  /**
   * Sends, and returns when each message is answered.
   *
   * @param conversations that get them in turn
   * @return how many were accepted
   */
  static int send(ParleySocket socket, List<String> conversations, int count) {
    return send(socket, conversations, count, USUAL);
  }

  /** The same with another content. */
  static int send(ParleySocket socket, List<String> conversations, int count, String content) {
    Deque<CompletableFuture<JsonNode>> open = new ArrayDeque<>();
    int accepted = 0;
    for (int number = 0; number < count; number++) {
      if (open.size() == OUTSTANDING) {
        accepted += accepted(open.remove());
      }
      open.add(socket.ask(text(conversations.get(number % conversations.size()), content)));
    }
    while (!open.isEmpty()) {
      accepted += accepted(open.remove());
    }
    return accepted;
  }

  private static int accepted(CompletableFuture<JsonNode> answer) {
    return answer.join().path("op").asText().equals("sent") ? 1 : 0;
  }

  /** The frame of a message of a new id. */
  static ObjectNode text(String conversation) {
    return text(conversation, USUAL);
  }

  private static ObjectNode text(String conversation, String content) {
    return JsonTrees.obj(
        "op",
        "send",
        "conversation_id",
        conversation,
        "client_msg_id",
        ClientIds.next(),
        "type",
        "text",
        "content",
        content);
  }
}
