package parley.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation as one of its members sees it.
 *
 * @param name the group's name, or the other member's name
 * @param createdAt epoch milliseconds
 */
public record ConversationView(
    ConversationId conversationId,
    ConversationType type,
    String name,
    @Nullable String avatarUrl,
    List<MemberView> members,
    long lastSeq,
    long createdAt) {

  /**
   * A member with its delivery and read cursors.
   *
   * @param joinedAt epoch milliseconds
   */
  public record MemberView(
      UserId userId, Role role, long joinedAt, long deliveredSeq, long readSeq) {}

  @Override
  public String toString() {
    return "ConversationView[" + conversationId + "]";
  }
}
