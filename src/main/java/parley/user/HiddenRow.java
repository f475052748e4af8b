package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;

/**
 * The data of a conversation that is not in the inbox: the user has left it, or the inbox was full
 * and this was the oldest row. Without it, the conversation's next message would look like a new
 * conversation, and the user would request its whole log again. A device that lags here still gets
 * what it lacks.
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record HiddenRow(
    ConversationId id,
    long version,
    ConversationType type,
    long joinedSeq,
    long leftSeq,
    long lastSeq,
    long orderAt,
    long delivered,
    @JsonProperty("told") long confirmedDelivered,
    boolean muted,
    boolean pinned,
    boolean archived,
    @Nullable DeviceCursors lag,
    @Nullable BacklogAges ages,
    long forgottenTo)
    implements ConversationRow {

  @Override
  public DeviceCursors cursors() {
    return lag == null ? DeviceCursors.NONE : lag;
  }

  @Override
  public HiddenRow withCursors(DeviceCursors cursors, long newDelivered) {
    return new HiddenRow(
        id,
        version,
        type,
        joinedSeq,
        leftSeq,
        lastSeq,
        orderAt,
        newDelivered,
        confirmedDelivered,
        muted,
        pinned,
        archived,
        cursors.isEmpty() ? null : cursors,
        cursors.isEmpty() ? null : ages,
        cursors.isEmpty() ? 0 : forgottenTo);
  }

  @Override
  public HiddenRow withAges(@Nullable BacklogAges newAges) {
    return new HiddenRow(
        id,
        version,
        type,
        joinedSeq,
        leftSeq,
        lastSeq,
        orderAt,
        delivered,
        confirmedDelivered,
        muted,
        pinned,
        archived,
        lag,
        newAges,
        forgottenTo);
  }
}
