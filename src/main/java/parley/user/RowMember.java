package parley.user;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * The parts of an inbox row that differ for each member.
 *
 * @param name the name of the group or of the other person
 * @param joinedSeq the entry that added the member (1 in a direct conversation); entries before it
 *     are not shown
 * @param joinedAt epoch milliseconds
 * @param leftSeq the entry that removed the member; 0 for a current member
 * @param quiet the conversation has no entry yet and was opened by another member, so there is no
 *     row yet
 */
public record RowMember(
    @JsonProperty("n") String name,
    @JsonProperty("u") @Nullable String avatarUrl,
    @JsonProperty("js") long joinedSeq,
    @JsonProperty("ja") long joinedAt,
    @JsonProperty("ls") long leftSeq,
    @JsonProperty("d") long delivered,
    @JsonProperty("r") long read,
    @JsonProperty("c") long unread,
    @JsonProperty("pd") long peerDelivered,
    @JsonProperty("pr") long peerRead,
    @JsonProperty("q") boolean quiet) {
  @Override
  public String toString() {
    return "RowMember[joinedSeq=" + joinedSeq + ", read=" + read + ", unread=" + unread + "]";
  }
}
