package parley.proof;

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
  @JsonSubTypes.Type(name = "sending", value = Event.Sending.class),
  @JsonSubTypes.Type(name = "answered", value = Event.Answered.class),
  @JsonSubTypes.Type(name = "refused", value = Event.Refused.class),
  @JsonSubTypes.Type(name = "unknown", value = Event.Unknown.class),
  @JsonSubTypes.Type(name = "opened", value = Event.Opened.class),
  @JsonSubTypes.Type(name = "synced", value = Event.Synced.class),
  @JsonSubTypes.Type(name = "closed", value = Event.Closed.class),
  @JsonSubTypes.Type(name = "received", value = Event.Received.class),
  @JsonSubTypes.Type(name = "gap", value = Event.Gap.class),
  @JsonSubTypes.Type(name = "acked", value = Event.Acked.class),
  @JsonSubTypes.Type(name = "reading", value = Event.Reading.class),
  @JsonSubTypes.Type(name = "cursor", value = Event.Cursor.class),
  @JsonSubTypes.Type(name = "row", value = Event.Row.class),
  @JsonSubTypes.Type(name = "page", value = Event.Page.class),
  @JsonSubTypes.Type(name = "final_log", value = Event.FinalLog.class),
  @JsonSubTypes.Type(name = "final_member", value = Event.FinalMember.class),
  @JsonSubTypes.Type(name = "created", value = Event.Created.class),
  @JsonSubTypes.Type(name = "killed", value = Event.Killed.class),
  @JsonSubTypes.Type(name = "node_view", value = Event.NodeView.class)
})
public sealed interface Event {

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
      implements Event {}

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
      implements Event {}

  /** The server said no. */
  record Refused(String user, String device, String clientMsgId, String code, boolean retryable)
      implements Event {}

  /** No answer came: stored or not, nobody knows. */
  record Unknown(String user, String device, String clientMsgId, String why) implements Event {}

  /** The device was welcomed. */
  record Opened(String user, String device, int connection) implements Event {}

  record Synced(String user, String device, int connection, long backlog) implements Event {}

  record Closed(String user, String device, int connection, String why) implements Event {}

  record Received(String user, String device, int connection, Seen entry) implements Event {}

  record Gap(String user, String device, int connection, String conversation, long from, long to)
      implements Event {}

  record Acked(String user, String device, int connection, String conversation, long seq)
      implements Event {}

  /** The user reads up to seq; confirmed is the HTTP 204, which a crash may no longer undo. */
  record Reading(String user, String device, String conversation, long seq, boolean confirmed)
      implements Event {}

  /** Somebody's cursors as this device saw them; -1 where it saw only one of them. */
  record Cursor(
      String user,
      String device,
      int connection,
      String conversation,
      String of,
      long delivered,
      long read)
      implements Event {}

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
      implements Event {}

  /** Entries a device fetched with {@code history}. */
  record Page(String user, String device, String conversation, List<Seen> entries)
      implements Event {}

  /** The whole log that a user sees at the end. */
  record FinalLog(String user, String conversation, List<Seen> entries) implements Event {}

  /** A member at the end, as {@code GET /v1/conversations/{id}} shows it. */
  record FinalMember(String conversation, String of, long delivered, long read) implements Event {}

  /** A group was made after the devices opened before this event had been welcomed. */
  record Created(String user, String conversation) implements Event {}

  /** What was done to the server. */
  record Killed(String how) implements Event {}

  /**
   * What one node tells a user at the end about a subject: {@code inbox}, {@code log ID} (a digest)
   * or {@code members ID}.
   */
  record NodeView(String node, String user, String subject, String text) implements Event {}
}
