/**
 * The {@code User} entity: live sessions, inbox rows, unread counts, device cursors, profile,
 * presence. It decides what a person's devices get and when; what a conversation's log says, who
 * its members are and how far each has read is decided by the conversation, which tells it here.
 *
 * <h2>Decision: new groups are begun by their creator</h2>
 *
 * Context: the same {@code client_ref} must give the same group on whatever node, after whatever
 * crash, and a user makes so many groups a day. Decision: the creator's entity writes {@code
 * group_begun} (id, reference, time) before the group's conversation hears of it. A retry gets the
 * id that was written, and the conversation makes the group or shows it. So a cut between the two
 * leaves a reference without a group, which the retry mends, and nobody else can name or block an
 * id: ids are drawn by the server. It costs one event for a group. At most 1,000 are kept for a day
 * ({@link parley.user.User#GROUPS_KEPT}); the next one is {@code rate_limited}, with a quota of 0
 * too where it has a reference. Rejected: an id computed from user and reference (it would be the
 * same for ever, and the quota would still need a record); the reference in the conversation alone
 * (who retries does not know its id).
 *
 * <h2>Decision: one writer of whose a push token is</h2>
 *
 * <p><b>A push token has one writer of whose it is</b> ({@link parley.user.PushTokens}), by its
 * hash. The former owner loses it before the next is told that it is theirs, so an answer means
 * that nobody else is pushed to there; without one the device asks again, and finds what was begun.
 * It costs a write for a new token, three where it changes hands, none where the same user
 * registers it again. Where the former owner cannot be reached, the answer is {@code unavailable}:
 * also while a cluster is upgraded from a version that does not know of this. Rejected: to tell the
 * former owner later, as it would be pushed to until then; to look through users, as nothing says
 * which.
 *
 * <h2>Decision: pending pushes are part of the inbox's event</h2>
 *
 * The event that is flushed for an inbox row also holds the pushes that are pending for devices. A
 * later event holds their outcome. So the outbox is as durable as the row. A device that
 * acknowledges within the quarter of a second before the flush costs nothing. Rejected: an event
 * for each planned push, which doubles the writes. Rejected: to hold back the conversation's
 * acknowledgement until the push is done, however long that takes, because the conversation would
 * repeat its entries to a thousand sleeping members every three seconds. The acknowledgement is
 * held back for one second.
 *
 * <h2>Decision: reminders instead of remembered users</h2>
 *
 * Only users with a pending push must start again by themselves after a crash. An entity without
 * state under the user's id, which sharding remembers, does that ({@code Reminder}). It costs one
 * write when it starts and one when it ends. If the provider answers within a second, there is no
 * reminder: until then the conversation, which has its own reminder, has no acknowledgement, and
 * after a crash it delivers to the user again. Rejected: to remember users themselves. That takes a
 * write for each hello and each passivation, and starts all users at once when a node dies.
 * Rejected: one remembered entity for many users with a list of its own, which takes as many
 * writes, in one place.
 */
@NullMarked
package parley.user;

import org.jspecify.annotations.NullMarked;
