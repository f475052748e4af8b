package parley.cursors;

import com.fasterxml.jackson.annotation.JsonProperty;
import parley.model.UserId;

/**
 * The cursors of one member, as they were told. Part of the journal format: fields are added, never
 * changed.
 *
 * @param delivered a device has everything up to this seq
 * @param read the member has read up to this seq
 * @param unread the unread texts behind {@code read}, when the log of the conversation ended at
 *     {@code asOf}
 * @param asOf the seq of the conversation's last entry at that time
 */
public record MemberCursors(
    @JsonProperty("u") UserId userId,
    @JsonProperty("d") long delivered,
    @JsonProperty("r") long read,
    @JsonProperty("n") long unread,
    @JsonProperty("s") long asOf) {

  /** The further ones of two; the unread count belongs to the read cursor. */
  public MemberCursors with(MemberCursors later) {
    MemberCursors reading =
        later.read > read || (later.read == read && later.asOf >= asOf) ? later : this;
    return new MemberCursors(
        userId, Math.max(delivered, later.delivered), reading.read, reading.unread, reading.asOf);
  }
}
