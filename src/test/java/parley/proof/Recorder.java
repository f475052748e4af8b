package parley.proof;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;
import parley.client.Tap;

/** Writes down everything one connection sees; it interprets nothing. */
final class Recorder implements Tap {
  private final History history;
  private final String user;
  private final String device;
  private final int connection;
  private final Consumer<JsonNode> then;

  /**
   * Records one connection.
   *
   * @param then told of each frame after it was recorded
   */
  Recorder(History history, String user, String device, int connection, Consumer<JsonNode> then) {
    this.history = history;
    this.user = user;
    this.device = device;
    this.connection = connection;
    this.then = then;
  }

  @Override
  public void received(JsonNode frame) {
    String conversation = frame.path("conversation_id").asText();
    switch (frame.path("op").asText()) {
      case "welcome" -> history.add(new Event.Opened(user, device, connection));
      case "synced" ->
          history.add(new Event.Synced(user, device, connection, frame.path("backlog").asLong()));
      case "message" -> history.add(new Event.Received(user, device, connection, Seen.of(frame)));
      case "sent" -> history.add(answered(user, device, connection, frame));
      case "gap" ->
          history.add(
              new Event.Gap(
                  user,
                  device,
                  connection,
                  conversation,
                  frame.path("from_seq").asLong(),
                  frame.path("to_seq").asLong()));
      case "receipt" ->
          history.add(
              new Event.Cursor(
                  user,
                  device,
                  connection,
                  conversation,
                  frame.path("user_id").asText(),
                  frame.path("delivered_seq").asLong(-1),
                  frame.path("read_seq").asLong(-1)));
      case "inbox_update" -> {
        if (!frame.path("removed").asBoolean()) {
          history.add(row(user, device, connection, frame, false));
        }
      }
      default -> {}
    }
    then.accept(frame);
  }

  @Override
  public void acked(String conversationId, long seq) {
    history.add(new Event.Acked(user, device, connection, conversationId, seq));
  }

  @Override
  public void closed(String reason) {
    history.add(new Event.Closed(user, device, connection, reason));
  }

  static Event.Answered answered(String user, String device, int connection, JsonNode sent) {
    return new Event.Answered(
        user,
        device,
        connection,
        sent.path("conversation_id").asText(),
        sent.path("client_msg_id").asText(),
        sent.path("message_id").asText(),
        sent.path("seq").asLong(),
        sent.path("server_timestamp").asText(),
        sent.path("duplicate").asBoolean());
  }

  static Event.Row row(String user, String device, int connection, JsonNode row, boolean last) {
    return new Event.Row(
        user,
        device,
        connection,
        row.path("conversation_id").asText(),
        row.path("last_seq").asLong(),
        row.path("unread_count").asLong(),
        row.path("read_seq").asLong(),
        row.path("last_message").path("seq").asLong(),
        row.path("last_message").path("preview").asText(null),
        last);
  }
}
