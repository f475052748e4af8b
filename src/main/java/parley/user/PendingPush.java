package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.push.DeadLetter;

/**
 * A push notification that a device is owed: one per device and conversation, however many entries
 * wait there. Part of the journal format: fields are added, never changed.
 *
 * @param id the conversation
 * @param device the device's number, see {@link Device}
 * @param seq the newest entry that waits
 * @param at when the first of them was taken, epoch milliseconds
 * @param tries how often a provider has failed to take it
 * @param due not to be sent before this, epoch milliseconds; 0 is at once
 * @param reason what the last failure was, null before there was one
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

  /** What there is at most one of. */
  record Key(ConversationId id, long device) {}

  Key key() {
    return new Key(id, device);
  }

  /** The same for a later entry: what waits is updated, not doubled. */
  PendingPush upTo(long newest) {
    return newest <= seq ? this : new PendingPush(id, device, newest, at, tries, due, reason);
  }

  /** The same, as if it had been taken then. */
  PendingPush takenAt(long when) {
    return new PendingPush(id, device, seq, when, tries, due, reason);
  }

  /** The same, to be sent later. */
  PendingPush notBefore(long later) {
    return new PendingPush(id, device, seq, at, tries, later, reason);
  }

  /** After one more failure. */
  PendingPush failed(String why, long again) {
    String known =
        why.length() > DeadLetter.REASON_CHARS ? why.substring(0, DeadLetter.REASON_CHARS) : why;
    return new PendingPush(id, device, seq, at, tries + 1, again, known);
  }
}
