package parley.push;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.UserId;

/**
 * A push notification that failed for good. No token, no text. Part of the journal format and of
 * the wire's: fields are added, never changed.
 *
 * @param platform whose token the device had: {@code apns} or {@code fcm}
 * @param seq the newest entry that waited
 * @param reason what the last failure was, a short word
 * @param tries how often it was tried
 * @param at when it was given up, epoch milliseconds
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
  /** The longest reason that is kept, in characters; the rest is cut. */
  public static final int REASON_CHARS = 100;

  /** Cuts a long reason. What is empty is not written, and arrives as null. */
  public DeadLetter {
    platform = platform == null ? "" : platform;
    reason = reason == null ? "" : reason;
    if (reason.length() > REASON_CHARS) {
      reason = reason.substring(0, REASON_CHARS);
    }
  }
}
