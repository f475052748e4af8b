/**
 * The {@code User} entity: live sessions, inbox rows, unread counts, device cursors, profile,
 * presence. It decides what a person's devices get and when; what a conversation's log says, who
 * its members are and how far each has read is decided by the conversation, which tells it here.
 */
@NullMarked
package parley.user;

import org.jspecify.annotations.NullMarked;
