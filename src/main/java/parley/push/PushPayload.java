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
 * Builds the payload for a phone: ids and counters only. The app fetches the rest itself, over a
 * connection that has authenticated the device. No field of the payload can hold a name or a text.
 *
 * <p>APNs, if a message waits (push type {@code alert}, priority 10):
 *
 * <pre>{@code
 * {"aps": {"alert": {"loc-key": "PARLEY_MESSAGE"}, "sound": "default", "mutable-content": 1,
 *          "badge": 3, "thread-id": "g_01J…"},
 *  "conversation_id": "g_01J…", "seq": 42}
 * }</pre>
 *
 * The app contains the text of {@code PARLEY_MESSAGE} in its own languages. Its notification
 * service extension, started by {@code mutable-content}, fetches the message and shows that
 * instead.
 *
 * <p>APNs, counters only (push type {@code alert} because it carries a badge, priority 5): {@code
 * aps} is {@code {"badge": 3, "content-available": 1}}, which shows nothing and lets the app sync.
 *
 * <p>FCM, both cases: a data message, {@code {"conversation_id": "g_01J…", "seq": "42", "badge":
 * "3"}}, with all values as strings and with high or normal priority. The app builds the
 * notification that it shows.
 *
 * <p>The conversation's id is the collapse key of both providers: a newer notification replaces one
 * that is not delivered yet. FCM keeps four such keys of a device at a time and drops the others,
 * so an app syncs everything after any notification.
 */
final class PushPayload {
  /** Localization key of the alert; the app's own string tables hold the text. */
  static final String ALERT = "PARLEY_MESSAGE";

  /** How long a provider keeps an undelivered notification if a message waits: FCM's maximum. */
  static final Duration URGENT_TTL = Duration.ofDays(28);

  /** The same for counters only, which the next sync brings anyway. */
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
        // The collapse id. Ids are at most 64 ASCII characters, which is Apple's limit too.
        n.conversationId().value());
  }

  /**
   * Addresses the device by {@code token}. Google calls it deprecated since installation ids exist,
   * but it accepts both. So it serves current apps and apps that register the new way.
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
