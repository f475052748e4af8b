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
 */
@NullMarked
package parley.user;

import org.jspecify.annotations.NullMarked;
