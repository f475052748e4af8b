package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.InboxRow;
import parley.model.LastMessage;

/**
 * A row of the inbox, with the device cursors of its conversation. A crash must never separate
 * these, so they are one value in one event. Part of the journal format: fields are added, never
 * changed.
 *
 * @param read the user's own read cursor, as the conversation reports it
 * @param unread the unread count, as the conversation reports it; the row does not count itself
 * @param ages the ages of the entries that devices lack
 * @param forgottenTo see {@link ConversationRow#forgottenTo}
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record VisibleRow(
    ConversationId id,
    long version,
    ConversationType type,
    String name,
    @Nullable String avatarUrl,
    long joinedSeq,
    long lastSeq,
    @Nullable LastMessage lastMessage,
    long orderAt,
    long delivered,
    @JsonProperty("told") long confirmedDelivered,
    long read,
    long unread,
    long peerDelivered,
    long peerRead,
    boolean muted,
    boolean pinned,
    boolean archived,
    @Nullable DeviceCursors lag,
    @Nullable BacklogAges ages,
    long forgottenTo)
    implements ConversationRow {
  // An empty text is not written and is read as null.

  VisibleRow {
    name = name == null ? "" : name;
  }

  @Override
  public long leftSeq() {
    return 0;
  }

  @Override
  public VisibleRow withCursors(DeviceCursors cursors, long newDelivered) {
    boolean none = cursors.isEmpty();
    return copy(
        version,
        newDelivered,
        muted,
        pinned,
        archived,
        none ? null : cursors,
        none ? null : ages,
        none ? 0 : forgottenTo);
  }

  @Override
  public VisibleRow withAges(@Nullable BacklogAges newAges) {
    return copy(version, delivered, muted, pinned, archived, lag, newAges, forgottenTo);
  }

  VisibleRow withFlags(
      @Nullable Boolean newMuted, @Nullable Boolean newPinned, @Nullable Boolean newArchived) {
    return copy(
        version,
        delivered,
        newMuted == null ? muted : newMuted,
        newPinned == null ? pinned : newPinned,
        newArchived == null ? archived : newArchived,
        lag,
        ages,
        forgottenTo);
  }

  VisibleRow withVersion(long newVersion) {
    return copy(newVersion, delivered, muted, pinned, archived, lag, ages, forgottenTo);
  }

  /** A copy with another version, and other values of what the user and the devices change. */
  private VisibleRow copy(
      long newVersion,
      long newDelivered,
      boolean newMuted,
      boolean newPinned,
      boolean newArchived,
      @Nullable DeviceCursors newLag,
      @Nullable BacklogAges newAges,
      long newForgottenTo) {
    return new VisibleRow(
        id,
        newVersion,
        type,
        name,
        avatarUrl,
        joinedSeq,
        lastSeq,
        lastMessage,
        orderAt,
        newDelivered,
        confirmedDelivered,
        read,
        unread,
        peerDelivered,
        peerRead,
        newMuted,
        newPinned,
        newArchived,
        newLag,
        newAges,
        newForgottenTo);
  }

  /** The row as a client sees it. */
  InboxRow toInboxRow() {
    return new InboxRow(
        id,
        type,
        name,
        avatarUrl,
        lastSeq,
        lastMessage,
        unread,
        read,
        peerDelivered,
        peerRead,
        muted,
        pinned,
        archived,
        false);
  }

  /** What remains of the row when it leaves a full inbox. */
  HiddenRow asHidden() {
    return new HiddenRow(
        id,
        version,
        type,
        joinedSeq,
        0,
        lastSeq,
        orderAt,
        delivered,
        confirmedDelivered,
        muted,
        pinned,
        archived,
        lag,
        ages,
        forgottenTo);
  }

  /** The approximate size of the row in a journal, in bytes. */
  int estimatedBytes() {
    int text = name.length() + (avatarUrl == null ? 0 : avatarUrl.length());
    if (lastMessage != null) {
      text += lastMessage.preview().length();
    }
    return 400 + 3 * text;
  }

  @Override
  public String toString() {
    return "VisibleRow["
        + id
        + ", version="
        + version
        + ", lastSeq="
        + lastSeq
        + ", lag="
        + lag
        + "]";
  }
}
