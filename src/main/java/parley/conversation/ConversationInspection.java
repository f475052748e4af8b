package parley.conversation;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationType;
import parley.model.Refusal;
import parley.model.UserId;
import parley.serial.Wire;

/**
 * Questions of operators to a conversation. They change nothing, and no answer holds a name or the
 * content of a message.
 */
public sealed interface ConversationInspection extends Conversation.Command {
  /** The most members of one {@link EntryFound}. */
  int MEMBERS = 100;

  /**
   * Asks where an entry is stored, and how far it has come on its way to each member. The answer is
   * {@link EntryFound} or {@link Unanswered}.
   *
   * @param after only members whose id is greater; null for the first ones
   */
  record FindEntry(long seq, @Nullable UserId after, ActorRef<EntryReply> replyTo)
      implements ConversationInspection {}

  /** Asks for the conversation as a whole. The answer is {@link Overview} or {@link Unanswered}. */
  record GetOverview(ActorRef<OverviewReply> replyTo) implements ConversationInspection {}

  /** The answers to {@link FindEntry}. */
  sealed interface EntryReply extends Wire permits EntryFound, Unanswered {}

  /** The answers to {@link GetOverview}. */
  sealed interface OverviewReply extends Wire permits Overview, Unanswered {}

  /**
   * There is no such conversation or entry ({@code not_found}), or the log cannot be read now
   * ({@code unavailable}).
   */
  record Unanswered(Refusal refusal) implements EntryReply, OverviewReply {}

  /** Where an entry is read. */
  enum Tier {
    /** In the conversation's memory. The journal or the cold tier has it too. */
    MEMORY,
    /** In the journal. */
    JOURNAL,
    /** In the cold tier. */
    COLD
  }

  /**
   * An entry.
   *
   * @param node the address of the node that the conversation runs on
   * @param type the type of the entry, as on the wire
   * @param deleted whether it is a text that was deleted later
   * @param countable whether it counts as unread for members other than its sender
   * @param at when it was accepted, epoch milliseconds
   * @param event the number of its event in the journal; 0 if it is archived or cannot be read now
   * @param segment the segment of the cold tier that holds the entry; null if it is not archived
   * @param lastSeq the newest entry of the conversation
   * @param memberCount members of the conversation now
   * @param members those to whom the entry went, and later members, in ascending order of their
   *     ids; at most {@value #MEMBERS}
   * @param more whether further members follow
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record EntryFound(
      String node,
      String messageId,
      UserId senderId,
      String type,
      boolean deleted,
      boolean countable,
      long at,
      long event,
      Tier tier,
      @Nullable Segment segment,
      long lastSeq,
      int memberCount,
      List<MemberStatus> members,
      boolean more)
      implements EntryReply {}

  /** A range of entries that are archived together. */
  record Segment(long from, long to) {}

  /** How far an entry has come from the conversation to a member's user. */
  enum DispatchStatus {
    /** The user's journal has it. */
    ACKNOWLEDGED,
    /** The user has it in memory and writes it later. */
    HELD,
    /** It was sent to the user, which has not answered. */
    SENT,
    /** It was not sent yet, or is to be sent again. */
    WAITING,
    /** It is not for this member, who joined later. */
    JOINED_LATER
  }

  /**
   * An entry on its way to one member.
   *
   * @param joinedSeq the entry that added the member
   * @param joinedAt epoch milliseconds
   * @param leftSeq the entry that removed the member; 0 for a current member
   * @param delivered the seq up to which a device of the member has all entries
   * @param read the seq up to which the member has read
   */
  record MemberStatus(
      UserId userId,
      long joinedSeq,
      long joinedAt,
      long leftSeq,
      DispatchStatus dispatch,
      long delivered,
      long read) {}

  /**
   * The conversation as a whole.
   *
   * @param node the address of the node that it runs on
   * @param createdAt epoch milliseconds
   * @param lastAt when the newest entry was accepted, epoch milliseconds; 0 if there is none
   * @param event the number of the last event
   * @param archivedTo entries up to this seq are in the cold tier
   * @param settled whether the journal says that all members have everything
   * @param notAcknowledged members, and former ones, that have not acknowledged everything
   * @param acknowledgedTo all members have acknowledged the entries up to this seq
   * @param lastMinute entries accepted within the last minute; counted in memory, so at most as
   *     many as {@link RecentEntries} holds
   */
  record Overview(
      String node,
      ConversationType type,
      int members,
      long createdAt,
      long lastSeq,
      long lastAt,
      long event,
      long archivedTo,
      boolean settled,
      int notAcknowledged,
      long acknowledgedTo,
      int lastMinute)
      implements OverviewReply {}
}
