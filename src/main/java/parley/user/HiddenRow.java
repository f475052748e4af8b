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
  public HiddenRow withCursors(DeviceCursors cursors, long newDelivered) {
    boolean none = cursors.isEmpty();
    return copy(newDelivered, none ? null : cursors, none ? null : ages, none ? 0 : forgottenTo);
  }

  @Override
  public HiddenRow withAges(@Nullable BacklogAges newAges) {
    return copy(delivered, lag, newAges, forgottenTo);
  }

  private HiddenRow copy(
      long newDelivered,
      @Nullable DeviceCursors newLag,
      @Nullable BacklogAges newAges,
      long newForgottenTo) {
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
        newLag,
        newAges,
        newForgottenTo);
  }
}
