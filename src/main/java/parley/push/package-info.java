/**
 * Push notifications to phones whose app is not there: Apple's APNs by pushy, Google's FCM by
 * firebase-admin, both behind one node-local actor, {@link parley.push.Push}, that never blocks and
 * whose queues are bounded. What is sent holds ids and counters, never text or names.
 *
 * <p>Not here: whom to push to, when, and what to do with an outcome. The {@code User} entity
 * decides that, and keeps what has to survive a crash.
 */
@NullMarked
package parley.push;

import org.jspecify.annotations.NullMarked;
