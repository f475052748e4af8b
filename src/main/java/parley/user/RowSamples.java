package parley.user;

import parley.model.ConversationId;
import parley.model.UserId;

/**
 * Receives inbox rows as they are written, for a check of their unread counts against the log. The
 * user entities of a node share one. Called within entities: must not block.
 */
public interface RowSamples {
  /** Takes none. */
  RowSamples NONE = row -> {};

  /** A row is handed to the journal. */
  void written(Row row);

  /**
   * What a row says of its conversation. Usually it is a statement about a part of the log that
   * never changes, so it can be checked at any later time. For a while the count may be of a later
   * moment than {@code last}: the conversation sends it with the first of several messages of
   * entries.
   *
   * @param joined the entry that added the user
   * @param read the user's read cursor
   * @param last the newest entry that the user has
   * @param unread how many texts of others after {@code read} are not deleted by an entry up to
   *     {@code last}
   */
  record Row(
      UserId user, ConversationId conversation, long joined, long read, long last, long unread) {}
}
