package parley.push;

import java.util.Objects;
import parley.model.ConversationId;

/**
 * What wakes one device: ids and counters, never text or names. A later one of the same
 * conversation takes the place of an earlier one that the device has not got yet.
 *
 * @param platform whose token it is
 * @param token where the provider finds the device; secret, and printed by nobody
 * @param conversationId where something waits; also the collapse id
 * @param seq the newest entry of that conversation that waits
 * @param badge unread entries over all conversations, 0 or more
 * @param urgent whether a message waits for a person; sent with high priority, else with normal
 */
public record Notification(
    Platform platform,
    String token,
    ConversationId conversationId,
    long seq,
    long badge,
    boolean urgent) {

  /** Refuses an empty token and a negative badge by {@link IllegalArgumentException}. */
  public Notification {
    Objects.requireNonNull(platform);
    Objects.requireNonNull(conversationId);
    if (token.isEmpty() || badge < 0) {
      throw new IllegalArgumentException("a notification needs a token and a badge from 0 on");
    }
  }

  @Override
  public String toString() {
    return "Notification["
        + (platform + ", token=[REDACTED], " + conversationId + ", seq=" + seq)
        + (", badge=" + badge + ", urgent=" + urgent + "]");
  }
}
