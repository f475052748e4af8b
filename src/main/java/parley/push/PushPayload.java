package parley.push;

import com.eatthepath.pushy.apns.DeliveryPriority;
import com.eatthepath.pushy.apns.PushType;
import com.eatthepath.pushy.apns.util.SimpleApnsPayloadBuilder;
import com.eatthepath.pushy.apns.util.SimpleApnsPushNotification;
import com.google.firebase.messaging.AndroidConfig;
import com.google.firebase.messaging.Message;
import java.time.Duration;
import java.time.Instant;

/**
 * What a phone gets. Ids and counters only: the app fetches the rest by itself, over a connection
 * on which it has proved whose device it is. There is no field here that could hold a name or a
 * text.
 *
 * <p>APNs, a message that waits (push type {@code alert}, priority 10):
 *
 * <pre>{@code
 * {"aps": {"alert": {"loc-key": "PARLEY_MESSAGE"}, "sound": "default", "mutable-content": 1,
 *          "badge": 3, "thread-id": "g_01J…"},
 *  "conversation_id": "g_01J…", "seq": 42}
 * }</pre>
 *
 * The app brings the words of {@code PARLEY_MESSAGE} in its own languages; its notification service
 * extension, started by {@code mutable-content}, fetches the message and shows that instead.
 *
 * <p>APNs, counters only (push type {@code alert} as it carries a badge, priority 5): {@code aps}
 * is {@code {"badge": 3, "content-available": 1}}, which shows nothing and lets the app sync.
 *
 * <p>FCM, both: a data message, {@code {"conversation_id": "g_01J…", "seq": "42", "badge": "3"}},
 * values as text, of high or normal priority; the app builds what it shows.
 *
 * <p>The conversation's id collapses on both: one that the phone has not got yet is replaced. FCM
 * keeps four such keys of a device at a time and drops the others, so an app syncs all it has on
 * any of them.
 */
final class PushPayload {
  /** Key of the alert's words in the app's own string tables. */
  static final String ALERT = "PARLEY_MESSAGE";

  /** How long a provider keeps what it cannot hand over, where a message waits: FCM's longest. */
  static final Duration URGENT_TTL = Duration.ofDays(28);

  /** The same where there are only counters, which the next sync brings anyway. */
  static final Duration NORMAL_TTL = Duration.ofDays(1);

  private PushPayload() {}

  static SimpleApnsPushNotification apns(Notification n, String topic, Instant now) {
    SimpleApnsPayloadBuilder payload = new SimpleApnsPayloadBuilder();
    payload.setBadgeNumber((int) Math.min(n.badge(), Integer.MAX_VALUE));
    if (n.urgent()) {
      payload
          .setLocalizedAlertMessage(ALERT)
          .setSound("default")
          .setMutableContent(true)
          .setThreadId(n.conversationId().value());
    } else {
      payload.setContentAvailable(true);
    }
    payload.addCustomProperty("conversation_id", n.conversationId().value());
    payload.addCustomProperty("seq", n.seq());
    return new SimpleApnsPushNotification(
        n.token(),
        topic,
        payload.build(),
        now.plus(ttl(n)),
        n.urgent() ? DeliveryPriority.IMMEDIATE : DeliveryPriority.CONSERVE_POWER,
        PushType.ALERT,
        // Ids are at most 64 ASCII characters, Apple's limit for this one too.
        n.conversationId().value());
  }

  /**
   * By {@code token}, which Google calls deprecated since installation ids came: it takes both, so
   * it serves the apps of today and those that register by the new way.
   */
  @SuppressWarnings("deprecation")
  static Message fcm(Notification n) {
    return Message.builder()
        .setToken(n.token())
        .putData("conversation_id", n.conversationId().value())
        .putData("seq", Long.toString(n.seq()))
        .putData("badge", Long.toString(n.badge()))
        .setAndroidConfig(
            AndroidConfig.builder()
                .setCollapseKey(n.conversationId().value())
                .setPriority(
                    n.urgent() ? AndroidConfig.Priority.HIGH : AndroidConfig.Priority.NORMAL)
                .setTtl(ttl(n).toMillis())
                .build())
        .build();
  }

  private static Duration ttl(Notification n) {
    return n.urgent() ? URGENT_TTL : NORMAL_TTL;
  }
}
