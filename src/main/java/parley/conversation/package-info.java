/**
 * The {@code Conversation} entity: members, roles, the log and its order, cursors, unread counts,
 * and the dispatch of entries to members. It is the single writer of a conversation: what it has
 * not persisted has not happened.
 */
@NullMarked
package parley.conversation;

import org.jspecify.annotations.NullMarked;
