package parley.model;

import org.jspecify.annotations.Nullable;

/**
 * One conversation as one user's inbox shows it.
 *
 * @param name the group's name, or the other member's name
 * @param lastMessage null if there is none that the user may see
 * @param unreadCount texts after {@code readSeq}, not by the user, not deleted
 * @param peerDeliveredSeq the other member's delivery cursor; in a group the smallest one of the
 *     other members
 * @param removed whether the user is no longer a member, so that the row leaves the inbox
 */
public record InboxRow(
    ConversationId conversationId,
    ConversationType type,
    String name,
    @Nullable String avatarUrl,
    long lastSeq,
    @Nullable LastMessage lastMessage,
    long unreadCount,
    long readSeq,
    long peerDeliveredSeq,
    long peerReadSeq,
    boolean muted,
    boolean pinned,
    boolean archived,
    boolean removed) {
  @Override
  public String toString() {
    return "InboxRow[" + conversationId + ", lastSeq=" + lastSeq + "]";
  }
}
