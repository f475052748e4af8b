/**
 * Push notifications to phones whose app is not connected: Apple's APNs through pushy, Google's FCM
 * through firebase-admin. Both are behind one node-local actor, {@link parley.push.PushService}.
 * The actor never blocks, and its queues are bounded. A notification holds ids and counters, never
 * text or names.
 *
 * <p>The {@code User} entity decides when a device gets a notification and what to do with the
 * outcome. It also stores what has to survive a crash.
 *
 * <h2>Decision: the push clients must not retry by themselves</h2>
 *
 * Context: pushy queues notifications without a bound while it has no connection, and sends them
 * when a connection comes. firebase-admin sleeps after a 503 and tries four more times on the
 * caller's thread. Both would send notifications that an outbox has long given up or sent again.
 * Decision: a pushy client ends at its first failure to connect. firebase-admin gets an HTTP
 * transport of Parley, based on Java's HTTP client. It hides {@code Retry-After} from
 * firebase-admin and passes it to the outbox. Rejected: to implement both protocols here, because
 * the vendors change the signing and renewal of tokens and the error formats.
 *
 * <h2>Decision: an ambiguous error removes a token only after a success</h2>
 *
 * {@code BadDeviceToken}, {@code DeviceTokenNotForTopic}, {@code SENDER_ID_MISMATCH} and {@code
 * INVALID_ARGUMENT} apply to a token of another app. They also apply to every token if the topic,
 * the environment or the project is configured wrong. So they count as refusals, and no token is
 * removed, until the provider has accepted a notification of this process.
 */
@NullMarked
package parley.push;

import org.jspecify.annotations.NullMarked;
