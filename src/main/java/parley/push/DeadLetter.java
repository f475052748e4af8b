package parley.push;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.UserId;

/**
 * A push notification that failed for good. It contains no token and no text. It is part of the
 * journal format and of messages between nodes: fields are added, never changed.
 *
 * @param platform of the device's token: {@code apns} or {@code fcm}
 * @param seq the newest entry that waited
 * @param reason the last failure, a short word
 * @param tries number of attempts
 * @param at when the notification was given up, epoch milliseconds
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record DeadLetter(
    @JsonProperty("u") UserId userId,
    @JsonProperty("d") DeviceId deviceId,
    @JsonProperty("p") String platform,
    @JsonProperty("c") ConversationId conversationId,
    @JsonProperty("s") long seq,
    @JsonProperty("r") String reason,
    @JsonProperty("t") int tries,
    @JsonProperty("a") long at) {
  /** The longest stored reason, in characters; the rest is cut off. */
  public static final int REASON_CHARS = 100;

  /** Cuts a long reason. Empty fields are not written and arrive as null. */
  public DeadLetter {
    platform = platform == null ? "" : platform;
    reason = reason == null ? "" : reason;
    if (reason.length() > REASON_CHARS) {
      reason = reason.substring(0, REASON_CHARS);
    }
  }
}
