package parley.proof.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;
import parley.client.SocketTap;
import parley.proof.checker.HistoryEvent;
import parley.proof.checker.RecordedHistory;
import parley.proof.checker.SeenEntry;

/** Records everything that one connection receives, and interprets nothing. */
public final class Recorder implements SocketTap {
  private final RecordedHistory recordedHistory;
  private final String user;
  private final String device;
  private final int connection;
  private final Consumer<JsonNode> then;

  /**
   * Records one connection.
   *
   * @param then told of each frame after it was recorded
   */
  Recorder(
      RecordedHistory recordedHistory,
      String user,
      String device,
      int connection,
      Consumer<JsonNode> then) {
    this.recordedHistory = recordedHistory;
    this.user = user;
    this.device = device;
    this.connection = connection;
    this.then = then;
  }

  @Override
  public void received(JsonNode frame) {
    String conversation = frame.path("conversation_id").asText();
    switch (frame.path("op").asText()) {
      case "welcome" -> recordedHistory.add(new HistoryEvent.Opened(user, device, connection));
      case "synced" ->
          recordedHistory.add(
              new HistoryEvent.Synced(user, device, connection, frame.path("backlog").asLong()));
      case "message" ->
          recordedHistory.add(
              new HistoryEvent.Received(user, device, connection, SeenEntry.of(frame)));
      case "sent" -> recordedHistory.add(answered(user, device, connection, frame));
      case "gap" ->
          recordedHistory.add(
              new HistoryEvent.Gap(
                  user,
                  device,
                  connection,
                  conversation,
                  frame.path("from_seq").asLong(),
                  frame.path("to_seq").asLong()));
      case "receipt" ->
          recordedHistory.add(
              new HistoryEvent.Cursor(
                  user,
                  device,
                  connection,
                  conversation,
                  frame.path("user_id").asText(),
                  frame.path("delivered_seq").asLong(-1),
                  frame.path("read_seq").asLong(-1)));
      case "inbox_update" -> {
        if (!frame.path("removed").asBoolean()) {
          recordedHistory.add(row(user, device, connection, frame, false));
        }
      }
      default -> {}
    }
    then.accept(frame);
  }

  @Override
  public void acked(String conversationId, long seq) {
    recordedHistory.add(new HistoryEvent.Acked(user, device, connection, conversationId, seq));
  }

  @Override
  public void closed(String reason) {
    recordedHistory.add(new HistoryEvent.Closed(user, device, connection, reason));
  }

  public static HistoryEvent.Answered answered(
      String user, String device, int connection, JsonNode sent) {
    return new HistoryEvent.Answered(
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

  static HistoryEvent.Row row(
      String user, String device, int connection, JsonNode row, boolean last) {
    return new HistoryEvent.Row(
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
