/**
 * The {@code User} entity: live sessions, inbox rows, unread counts, device cursors, profile,
 * presence. It decides what a person's devices receive and when. The conversation decides what its
 * log says, who its members are and how far each has read, and delivers this to the user.
 *
 * <h2>Decision: the creator begins a new group</h2>
 *
 * Context: the same {@code client_ref} must give the same group on any node and after any crash,
 * and a user may create only so many groups a day. Decision: the creator's entity writes {@code
 * group_begun} (id, reference, time) before the group's conversation hears of it. A retry gets the
 * stored id, and the conversation creates the group or shows it. So a crash between the two leaves
 * a reference without a group, and the retry repairs that. Nobody else can name or block an id,
 * because the server draws ids. A group costs one event. At most 1,000 groups are kept for a day
 * ({@link parley.user.User#GROUPS_KEPT}). The next one is {@code rate_limited}, with a quota of 0
 * too if it has a reference.
 *
 * <p>Rejected: an id computed from user and reference (it would be the same for ever, and the quota
 * would still need a record); the reference in the conversation alone (a client that retries does
 * not know the conversation's id).
 *
 * <h2>Decision: the user's entity knows the ban</h2>
 *
 * Context: a ban holds on every node from its answer on, for login, refresh, hello, open sockets
 * and every HTTP call that makes an entry, also for users of an identity provider, who have no
 * account. Decision: the ban is a part of the user's state ({@code Ban}), written in an event that
 * older versions can read. The entity ends its sessions and answers the operator when they are gone
 * ({@code AdministrationHandler}). An attach is refused. The HTTP layer asks the entity before each
 * call that makes an entry ({@link parley.user.User.Found}), and before it gives out tokens. That
 * is one message and no read of the store: the entity is in memory, because it is also told each
 * entry of its user. If it does not answer, the call is {@code unavailable}. The end of a ban is a
 * time, compared at each look, so nothing has to run then.
 *
 * <p>What a crash leaves: before the event there is no ban, and the operator has no answer. After
 * it the ban holds, and sessions that were not told are refused when they attach again. A session
 * whose user died with its node posts until it notices, for the seconds of the failure detector.
 * Erasure: the reason goes with the user.
 *
 * <p>Rejected: a list of the banned on each node (a node that joins, or is cut off, would let them
 * in); the account as its place (half of the users may have none); a copy in the account for login
 * and refresh (two writers that can differ).
 *
 * <h2>Decision: one writer decides whose a push token is</h2>
 *
 * An entity with the token's hash as its id ({@link parley.user.PushTokens}) decides who owns a
 * push token. The former owner loses the token before the next owner is told that it has it. So an
 * answer means that no other user is pushed to through this token. Without an answer the device
 * asks again, and the entity continues what was begun. A new token costs one write, a change of
 * owner three, and a repeated registration by the same user none. If the former owner cannot be
 * reached, the answer is {@code unavailable}. That is also so while a cluster is upgraded from a
 * version that does not know of this.
 *
 * <p>A token that no device of the user has any longer is released: the user's journal says so
 * until the owner entity knows.
 *
 * <p>Rejected: to tell the former owner later (it would be pushed to until then); to search the
 * users (nothing says which user had the token).
 *
 * <h2>Decision: pending pushes are part of the inbox's event</h2>
 *
 * The event that is flushed for an inbox row also holds the pushes that are pending for devices. A
 * later event holds their outcome. So the outbox is as durable as the row. A push for which a
 * connected device is waited for is written half a second before it is due, so one that is
 * acknowledged by then costs nothing. Until it is written, the user tells the conversation that it
 * holds the entry and that a push waits ({@link parley.user.User.Holding}). The conversation trusts
 * this for ten seconds only. So it repeats the entry soon after a crash and starts the user again,
 * even if no device comes back. Rejected: an event for each planned push, which doubles the writes.
 * Rejected: to hold back the conversation's acknowledgement until the push is done, however long
 * that takes, because the conversation would repeat its entries to a thousand sleeping members
 * every three seconds. The acknowledgement is held back for one second.
 *
 * <h2>Decision: pushes are planned inside this package</h2>
 *
 * Context: a quarter of this package is about pushes ({@code PushSchedule}, {@code PushSender},
 * {@code PushOutbox}), and {@code parley.push} knows no user. Decision: the border runs between
 * deciding that a push is needed and sending it. Whether it is needed follows from rows, device
 * cursors and unread counts, also from those that are only in memory yet ({@code UnsavedChanges}).
 * A pending push and its outcome are written in the same event as the rows, and the entity
 * withholds a conversation's acknowledgement until they are safe. Rejected: a package of its own
 * for this half. The entity calls it and it reads the entity's state, so the packages would import
 * each other, or rows, cursors, unsaved changes and the event would have to be public in a third
 * one. Rejected: an entity of its own for the pushes of a user. It would need a copy of the rows,
 * and a message and a write for each push.
 *
 * <h2>Decision: rows of lively conversations wait</h2>
 *
 * Context: a message changes the row of each member two or three times, and each change was an
 * event a quarter of a second later. That was three fifths of what a message cost, and nearly all
 * of what a message to a group cost. Decision: the row of a conversation in which somebody has just
 * written waits for three minutes ({@code FlushSchedule}). The conversation keeps what the journal
 * of the user does not have: the user says that it holds it ({@link parley.user.User.Holding}), so
 * it is not repeated, and acknowledges it when it is written. What a crash loses comes back from
 * the conversation: at once if the user starts again and asks, otherwise when the conversation no
 * longer trusts the user's last {@code Holding}. The first row after a pause is written at once, so
 * a user that starts again knows whom to ask. Until they have answered, the inbox and changes of
 * its rows wait, for three seconds at most ({@code StaleRows}): rows of the journal may be older
 * than what clients have seen. A row of which only the version is newer is acknowledged and not
 * written; the user is sent it again when it starts with the lower version. A hello, the end of a
 * session and the cursors of devices wait as long. What a crash loses of them: the last-seen time,
 * and whether a device was connected, so that a push may come while it is about to return.
 *
 * <p>Rejected: to wait with every row (nobody would know whom to ask); to acknowledge what is only
 * in memory (a crash would lose it); to show the rows of the journal at once after a start (unread
 * counts and read cursors went back for up to three minutes).
 *
 * <h2>Decision: reminders instead of remembered users</h2>
 *
 * Only users with a pending push must start again by themselves after a crash. An entity without
 * state under the user's id, which sharding remembers, does that ({@code UserReminder}). It costs
 * one write when it starts and one when it ends. If the provider answers within a second, there is
 * no reminder: until then the conversation, which has its own reminder, has no acknowledgement, and
 * after a crash it delivers to the user again. Rejected: to remember users themselves. That takes a
 * write for each hello and each passivation, and starts all users at once when a node dies.
 * Rejected: one remembered entity for many users with a list of its own, which takes as many
 * writes, in one place.
 *
 * <h2>Growth</h2>
 *
 * The journal of a user does not grow for ever, and a large inbox does not make each message
 * dearer: see the decisions of {@link parley.snapshot}.
 */
@NullMarked
package parley.user;

import org.jspecify.annotations.NullMarked;
