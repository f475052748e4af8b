package parley.proof.swarm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import parley.client.ClientIds;
import parley.client.JsonTrees;
import parley.proof.checker.HistoryEvent;

/**
 * An entry that a client wants to add, and repeats under one id until it is answered. Guarded by
 * its device's lock.
 */
final class Attempt {
  final String clientMsgId = ClientIds.next();
  final @Nullable String conversation;
  final @Nullable String to;
  final String type;
  final long targetSeq;
  final @Nullable String content;
  int tries;
  long dueAt;
  boolean inFlight;

  Attempt(
      @Nullable String conversation,
      @Nullable String to,
      String type,
      long targetSeq,
      @Nullable String content) {
    this.conversation = conversation;
    this.to = to;
    this.type = type;
    this.targetSeq = targetSeq;
    this.content = content;
  }

  boolean isText() {
    return type.equals("text");
  }

  ObjectNode frame() {
    ObjectNode frame =
        JsonTrees.obj("conversation_id", conversation, "to", to, "client_msg_id", clientMsgId);
    switch (type) {
      case "text" -> frame.put("op", "send").put("type", "text").put("content", content);
      case "edit" -> frame.put("op", "edit").put("target_seq", targetSeq).put("content", content);
      case "delete" -> frame.put("op", "delete").put("target_seq", targetSeq);
      default -> frame.put("op", "react").put("target_seq", targetSeq).put("reaction", content);
    }
    return frame;
  }

  HistoryEvent.Sending sending(String user, String device, int connection) {
    return new HistoryEvent.Sending(
        user, device, connection, conversation, to, clientMsgId, type, targetSeq, content);
  }
}
