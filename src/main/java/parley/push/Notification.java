package parley.push;

import java.util.Objects;
import parley.model.ConversationId;

/**
 * A push notification for one device: ids and counters, never text or names. A newer one of the
 * same conversation replaces an older one that is not delivered yet.
 *
 * @param platform the provider that issued the token
 * @param token address of the device at the provider; secret, never printed
 * @param conversationId where an entry waits; also the collapse id
 * @param seq the newest entry of that conversation that waits
 * @param badge unread entries over all conversations, 0 or more
 * @param urgent whether a message waits for a person; then it is sent with high priority, else with
 *     normal
 */
public record Notification(
    Platform platform,
    String token,
    ConversationId conversationId,
    long seq,
    long badge,
    boolean urgent) {

  /** Throws {@link IllegalArgumentException} if the token is empty or the badge is negative. */
  public Notification {
    Objects.requireNonNull(platform);
    Objects.requireNonNull(conversationId);
    if (token.isEmpty() || badge < 0) {
      throw new IllegalArgumentException("a notification needs a token and a badge of at least 0");
    }
  }

  @Override
  public String toString() {
    return "Notification["
        + (platform + ", token=[REDACTED], " + conversationId + ", seq=" + seq)
        + (", badge=" + badge + ", urgent=" + urgent + "]");
  }
}
