package parley.proof.checker;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a log as one client saw it.
 *
 * @param users whom a membership entry names
 * @param targetSeq 0 where there is none
 */
public record SeenEntry(
    String conversation,
    long seq,
    String messageId,
    String sender,
    String type,
    String timestamp,
    @Nullable String clientMsgId,
    long targetSeq,
    @Nullable String content,
    boolean edited,
    boolean deleted,
    List<String> users) {

  /** From a {@code message} frame or an entry of a history. */
  public static SeenEntry of(JsonNode entry) {
    List<String> users = new ArrayList<>();
    entry.path("member_ids").forEach(id -> users.add(id.asText()));
    entry.path("user_ids").forEach(id -> users.add(id.asText()));
    if (entry.path("type").asText().equals("member_removed")) {
      users.add(entry.path("user_id").asText());
    }
    return new SeenEntry(
        entry.path("conversation_id").asText(),
        entry.path("seq").asLong(),
        entry.path("message_id").asText(),
        entry.path("sender_id").asText(),
        entry.path("type").asText(),
        entry.path("server_timestamp").asText(),
        entry.path("client_msg_id").asText(null),
        entry.path("target_seq").asLong(),
        entry.path("content").asText(null),
        entry.path("edited").asBoolean(),
        entry.path("deleted").asBoolean(),
        users);
  }

  /** The part of an entry that is the same for everybody, for ever (G2). */
  public Identity identity() {
    return new Identity(conversation, seq, messageId, sender, type, timestamp);
  }

  /** The identity of an entry. */
  public record Identity(
      String conversation,
      long seq,
      String messageId,
      String sender,
      String type,
      String timestamp) {}

  /** Whether this is a text or media, which counts as unread and appears as a preview. */
  public boolean counts() {
    return type.equals("text") || type.equals("media");
  }
}
