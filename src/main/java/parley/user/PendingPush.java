package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.push.DeadLetter;

/**
 * A push notification that is pending for a device: one for each device and conversation, however
 * many entries it is about. Part of the journal format: fields are added, never changed.
 *
 * @param id the conversation
 * @param device the number of the device, see {@link Device}
 * @param seq the newest entry of the push
 * @param at when the user received the first entry of the push, epoch milliseconds
 * @param tries how often a provider has failed to accept it
 * @param due the push is not sent before this time, epoch milliseconds; 0 is at once
 * @param reason the reason of the last failure; null if there was none
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record PendingPush(
    ConversationId id,
    long device,
    long seq,
    long at,
    int tries,
    long due,
    @Nullable String reason) {

  /** At most one push is pending for each key. */
  record Key(ConversationId id, long device) {}

  Key key() {
    return new Key(id, device);
  }

  /**
   * A copy that also covers a later entry: the pending push is updated, and no second one is made.
   */
  PendingPush upTo(long newest) {
    return newest <= seq ? this : new PendingPush(id, device, newest, at, tries, due, reason);
  }

  /** A copy with another time of the first entry. */
  PendingPush takenAt(long when) {
    return new PendingPush(id, device, seq, when, tries, due, reason);
  }

  /** A copy that is not due before the given time. */
  PendingPush notBefore(long later) {
    return new PendingPush(id, device, seq, at, tries, later, reason);
  }

  /** A copy after one more failure. */
  PendingPush failed(String why, long again) {
    String known =
        why.length() > DeadLetter.REASON_CHARS ? why.substring(0, DeadLetter.REASON_CHARS) : why;
    return new PendingPush(id, device, seq, at, tries + 1, again, known);
  }
}
