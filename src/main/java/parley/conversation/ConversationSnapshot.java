package parley.conversation;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationType;
import parley.model.Entry;
import parley.model.LastMessage;
import parley.model.Role;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * The state of a conversation after an event, as the snapshot store keeps it. It is below 400 KB
 * with all bounds reached. Its format follows the rules of {@link ConversationEvent}. Unlike an
 * event, a snapshot that cannot be read costs only time.
 *
 * @param eventNr how many events it covers
 * @param type null before the conversation exists
 * @param formerAhead with the next two the {@link ClockLead} of the members who were dropped from
 *     {@code former}. The fields {@code ahead}, {@code farFrom} and {@code farTo} of a member are
 *     its own
 * @param hashes the window of {@link DedupeWindow}, 8 bytes for each entry
 * @param amended seqs of edited and deleted entries; {@code amendments} says what became of each
 * @param indexSeqs with indexEvents and indexTimes the checkpoints of {@link LogIndex}
 * @param tail the newest entries
 * @param archivedTo this and the next five belong to the archive: see {@link ArchiveProgress}
 */
// Arrays, because a list would box 30,000 numbers. No code compares or changes a snapshot.
@SuppressWarnings("ArrayRecordComponent")
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record ConversationSnapshot(
    long eventNr,
    @Nullable ConversationType type,
    long createdAt,
    @Nullable String name,
    @Nullable String avatarUrl,
    @Nullable List<ConversationEvent.Person> people,
    @Nullable UserId opener,
    long lastSeq,
    long lastAt,
    long lastTextAt,
    @Nullable LastMessage lastMessage,
    boolean previewLost,
    long dispatchedTo,
    boolean settled,
    List<MemberSnapshot> members,
    List<FormerSnapshot> former,
    long formerAhead,
    long formerFarFrom,
    long formerFarTo,
    byte[] hashes,
    long[] amended,
    long[] amendments,
    long[] indexSeqs,
    long[] indexEvents,
    long[] indexTimes,
    long indexStride,
    List<Entry> tail,
    long archivedTo,
    long archivedEvent,
    long removedTo,
    ConversationEvent.@Nullable SegmentPlanned planned,
    long hotSince,
    long due)
    implements Stored {

  /** A member as stored. */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record MemberSnapshot(
      UserId userId,
      Role role,
      long joinedSeq,
      long joinedAt,
      long delivered,
      long read,
      long unread,
      long ahead,
      long farFrom,
      long farTo) {}

  /** A former member as stored. */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record FormerSnapshot(
      UserId userId,
      long joinedSeq,
      long joinedAt,
      long leftSeq,
      long read,
      long ahead,
      long farFrom,
      long farTo) {}
}
