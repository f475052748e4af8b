package parley.proof.checker;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something a client did or saw. {@code connection} numbers the connections of one device from 1; 0
 * stands for HTTP.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "sending", value = HistoryEvent.Sending.class),
  @JsonSubTypes.Type(name = "answered", value = HistoryEvent.Answered.class),
  @JsonSubTypes.Type(name = "refused", value = HistoryEvent.Refused.class),
  @JsonSubTypes.Type(name = "unknown", value = HistoryEvent.Unknown.class),
  @JsonSubTypes.Type(name = "opened", value = HistoryEvent.Opened.class),
  @JsonSubTypes.Type(name = "synced", value = HistoryEvent.Synced.class),
  @JsonSubTypes.Type(name = "closed", value = HistoryEvent.Closed.class),
  @JsonSubTypes.Type(name = "received", value = HistoryEvent.Received.class),
  @JsonSubTypes.Type(name = "gap", value = HistoryEvent.Gap.class),
  @JsonSubTypes.Type(name = "acked", value = HistoryEvent.Acked.class),
  @JsonSubTypes.Type(name = "reading", value = HistoryEvent.Reading.class),
  @JsonSubTypes.Type(name = "cursor", value = HistoryEvent.Cursor.class),
  @JsonSubTypes.Type(name = "row", value = HistoryEvent.Row.class),
  @JsonSubTypes.Type(name = "page", value = HistoryEvent.Page.class),
  @JsonSubTypes.Type(name = "final_log", value = HistoryEvent.FinalLog.class),
  @JsonSubTypes.Type(name = "final_member", value = HistoryEvent.FinalMember.class),
  @JsonSubTypes.Type(name = "created", value = HistoryEvent.Created.class),
  @JsonSubTypes.Type(name = "killed", value = HistoryEvent.Killed.class),
  @JsonSubTypes.Type(name = "node_view", value = HistoryEvent.NodeView.class)
})
public sealed interface HistoryEvent {

  /**
   * A client begins, or repeats, an attempt. Exactly one of conversation and {@code to} is there.
   */
  record Sending(
      String user,
      String device,
      int connection,
      @Nullable String conversation,
      @Nullable String to,
      String clientMsgId,
      String type,
      long targetSeq,
      @Nullable String content)
      implements HistoryEvent {}

  /** The server said {@code sent}. */
  record Answered(
      String user,
      String device,
      int connection,
      String conversation,
      String clientMsgId,
      String messageId,
      long seq,
      String timestamp,
      boolean duplicate)
      implements HistoryEvent {}

  /** The server said no. */
  record Refused(String user, String device, String clientMsgId, String code, boolean retryable)
      implements HistoryEvent {}

  /** No answer came: stored or not, nobody knows. */
  record Unknown(String user, String device, String clientMsgId, String why)
      implements HistoryEvent {}

  /** The device was welcomed. */
  record Opened(String user, String device, int connection) implements HistoryEvent {}

  record Synced(String user, String device, int connection, long backlog) implements HistoryEvent {}

  record Closed(String user, String device, int connection, String why) implements HistoryEvent {}

  record Received(String user, String device, int connection, SeenEntry entry)
      implements HistoryEvent {}

  record Gap(String user, String device, int connection, String conversation, long from, long to)
      implements HistoryEvent {}

  record Acked(String user, String device, int connection, String conversation, long seq)
      implements HistoryEvent {}

  /** The user reads up to seq; confirmed is the HTTP 204, which a crash may no longer undo. */
  record Reading(String user, String device, String conversation, long seq, boolean confirmed)
      implements HistoryEvent {}

  /** Somebody's cursors as this device saw them; -1 where it saw only one of them. */
  record Cursor(
      String user,
      String device,
      int connection,
      String conversation,
      String of,
      long delivered,
      long read)
      implements HistoryEvent {}

  /** An inbox row; last: seen at the end, when everything had come to rest. */
  record Row(
      String user,
      String device,
      int connection,
      String conversation,
      long lastSeq,
      long unread,
      long readSeq,
      long lastMessageSeq,
      @Nullable String preview,
      boolean last)
      implements HistoryEvent {}

  /** Entries a device fetched with {@code history}. */
  record Page(String user, String device, String conversation, List<SeenEntry> entries)
      implements HistoryEvent {}

  /** The whole log that a user sees at the end. */
  record FinalLog(String user, String conversation, List<SeenEntry> entries)
      implements HistoryEvent {}

  /** A member at the end, as {@code GET /v1/conversations/{id}} shows it. */
  record FinalMember(String conversation, String of, long delivered, long read)
      implements HistoryEvent {}

  /** A group was made after the devices opened before this event had been welcomed. */
  record Created(String user, String conversation) implements HistoryEvent {}

  /** What was done to the server. */
  record Killed(String how) implements HistoryEvent {}

  /**
   * What one node tells a user at the end about a subject: {@code inbox}, {@code log ID} (a digest)
   * or {@code members ID}.
   */
  record NodeView(String node, String user, String subject, String text) implements HistoryEvent {}
}
