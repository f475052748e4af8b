package parley.conversation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationView;
import parley.model.EntryIntent;
import parley.model.HistoryPage;
import parley.model.Refusal;
import parley.model.Role;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;
import parley.user.User;

/**
 * The protocol of the {@code Conversation} entity. There is one entity for each conversation,
 * event-sourced and sharded by conversation id. A user who is not a member gets {@code not_found}
 * for every request, whether or not the conversation exists.
 */
public final class Conversation {
  /** The sharding key of conversations. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "conversation");

  private Conversation() {}

  /** A command to a conversation. */
  public sealed interface Command extends Wire
      permits Post,
          OpenDirect,
          CreateGroup,
          ChangeGroup,
          AddMembers,
          RemoveMember,
          SetRole,
          GetView,
          GetPage,
          Read,
          Typing,
          FromUser,
          Wake,
          Kept,
          Archive,
          ConversationInspection,
          Internal {}

  /**
   * A message of a conversation to itself. It is never sent to another node. Not sealed: each part
   * of the entity declares its own messages, and this file must not depend on all parts.
   */
  non-sealed interface Internal extends Command, Local {}

  /** The stop message of sharding, and the entity's own message when the last open work is done. */
  enum Stop implements Internal {
    STOP
  }

  // ---- writing
  // -----------------------------------------------------------------------------------------------

  /**
   * Adds an entry. Answers {@link Posted} after the entry is durable, or {@link PostRefused}. The
   * same {@code (author, clientMsgId)} again gets the first answer, with {@code duplicate} set.
   *
   * @param openWith the other user of a direct conversation, which is opened if it does not exist;
   *     or null
   * @param retryAfterMillis 0 if the author is within its rate. Otherwise the milliseconds until it
   *     may post again: then a known {@code clientMsgId} is answered, and anything else is {@code
   *     rate_limited}
   * @param fromDevice whether a connected device of the author has sent it, so that the author has
   *     it there; false also if a node of an older version asks
   * @param trace the context of its trace, see {@link parley.telemetry.Traceparent}; null, and
   *     absent on the wire, if the message is not traced or comes from an older node
   */
  public record Post(
      @JsonProperty("a") UserId author,
      @JsonProperty("n") String clientMsgId,
      @JsonProperty("i") EntryIntent intent,
      @JsonProperty("o") @Nullable UserId openWith,
      @JsonProperty("r") ActorRef<PostReply> replyTo,
      @JsonProperty("w") long retryAfterMillis,
      @JsonProperty("v") @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean fromDevice,
      @JsonProperty("x") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String trace)
      implements Command {
    /** A post that is not traced. */
    public Post(
        UserId author,
        String clientMsgId,
        EntryIntent intent,
        @Nullable UserId openWith,
        ActorRef<PostReply> replyTo,
        long retryAfterMillis,
        boolean fromDevice) {
      this(author, clientMsgId, intent, openWith, replyTo, retryAfterMillis, fromDevice, null);
    }

    /** A post of an author within its rate, and without a device. */
    public Post(
        UserId author,
        String clientMsgId,
        EntryIntent intent,
        @Nullable UserId openWith,
        ActorRef<PostReply> replyTo) {
      this(author, clientMsgId, intent, openWith, replyTo, 0, false);
    }
  }

  /** The answer to {@link Post}. */
  public sealed interface PostReply extends Wire permits Posted, PostRefused {
    /** The id that the sender gave the entry. */
    String clientMsgId();
  }

  /**
   * The entry is in the journal.
   *
   * @param at when it was accepted, epoch milliseconds
   */
  public record Posted(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("n") String clientMsgId,
      @JsonProperty("m") String messageId,
      @JsonProperty("s") long seq,
      @JsonProperty("a") long at,
      @JsonProperty("d") boolean duplicate)
      implements PostReply {}

  /**
   * Nothing was stored. With {@code unavailable} the entry may have been stored: retry under the
   * same {@code clientMsgId}.
   */
  public record PostRefused(String clientMsgId, Refusal refusal) implements PostReply {}

  // ---- the conversation itself
  // -------------------------------------------------------------------------------

  /**
   * Opens the direct conversation of two users, or returns it if it exists. An unknown peer is
   * {@code not_found}.
   */
  public record OpenDirect(UserId opener, UserId peer, ActorRef<ViewReply> replyTo)
      implements Command {}

  /**
   * Creates a group; the creator is its first admin. Unknown users are {@code not_found}, with
   * {@code member_ids} named in the detail. If the group exists already, a member gets it as it is
   * ({@link Viewed#existed}) and everybody else gets {@code not_found}. The creator's user entity
   * draws the id, so the same id comes again only with a retry.
   *
   * @param memberIds with or without the creator; at most 1,024 users in all
   */
  public record CreateGroup(
      UserId creator,
      String name,
      @Nullable String avatarUrl,
      List<UserId> memberIds,
      ActorRef<ViewReply> replyTo)
      implements Command {}

  /**
   * Changes the name or the picture of a group; admins only. Null leaves a field unchanged, an
   * empty picture removes it.
   */
  public record ChangeGroup(
      UserId actor, @Nullable String name, @Nullable String avatarUrl, ActorRef<ViewReply> replyTo)
      implements Command {}

  /** Adds members to a group; admins only. Users who are members already stay as they are. */
  public record AddMembers(UserId actor, List<UserId> userIds, ActorRef<ViewReply> replyTo)
      implements Command {}

  /**
   * Removes a member from a group; for admins, and for the member itself. Answers {@link Viewed},
   * or {@link Removed} if the actor has left.
   */
  public record RemoveMember(UserId actor, UserId userId, ActorRef<ViewReply> replyTo)
      implements Command {}

  /** Changes the role of a member; admins only. */
  public record SetRole(UserId actor, UserId userId, Role role, ActorRef<ViewReply> replyTo)
      implements Command {}

  /** Reads the conversation as a member sees it. */
  public record GetView(UserId viewer, ActorRef<ViewReply> replyTo) implements Command {}

  /** The answer with a conversation. */
  public sealed interface ViewReply extends Wire permits Viewed, Removed, Refused {}

  /**
   * The conversation.
   *
   * @param existed only for {@link CreateGroup}: the group existed before, and nothing was written
   */
  public record Viewed(ConversationView view, boolean existed) implements ViewReply {
    /** The answer to any command but {@link CreateGroup}. */
    public Viewed(ConversationView view) {
      this(view, false);
    }
  }

  /** The command was carried out, and the actor is no longer a member. */
  public record Removed() implements ViewReply {}

  /** The command was not carried out, or the data cannot be read. */
  public record Refused(Refusal refusal) implements ViewReply, PageReply, ReadReply {}

  // ---- reading
  // -----------------------------------------------------------------------------------------------

  /**
   * Reads entries in ascending order, with their current content: the newest ones, those before a
   * seq, or those after a seq.
   *
   * @param before exclusive, or null
   * @param after exclusive, or null
   * @param limit 1 to {@link parley.model.Limits#PAGE}
   * @param replay true for a device that catches up: then a former member may read up to the entry
   *     that removed it
   */
  public record GetPage(
      UserId viewer,
      @Nullable Long before,
      @Nullable Long after,
      int limit,
      boolean replay,
      ActorRef<PageReply> replyTo)
      implements Command {}

  /** The answer to {@link GetPage}. */
  public sealed interface PageReply extends Wire permits Page, Refused {}

  /** A page of entries. */
  public record Page(HistoryPage page) implements PageReply {}

  // ---- cursors
  // -----------------------------------------------------------------------------------------------

  /**
   * Moves the user's read cursor to seq. A seq past the end of the log counts as the end; a seq
   * below the cursor is ignored. The move is durable before any member is told.
   *
   * @param replyTo is told {@link ReadDone} when the move is durable, or null
   * @param urgent whether somebody waits for the answer, so that the move is not gathered with
   *     others for long
   */
  public record Read(
      UserId user,
      long seq,
      @Nullable ActorRef<ReadReply> replyTo,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean urgent)
      implements Command {
    /** A move for which nobody waits. */
    public Read(UserId user, long seq, @Nullable ActorRef<ReadReply> replyTo) {
      this(user, seq, replyTo, false);
    }
  }

  /** The answer to a {@link Read} that asked for one. */
  public sealed interface ReadReply extends Wire permits ReadDone, Refused {}

  /** The cursor is at the requested seq, or further. */
  public record ReadDone() implements ReadReply {}

  /**
   * The user is typing, or has stopped. Sent to the other members of conversations with at most 100
   * members; never stored.
   */
  public record Typing(UserId user, boolean active) implements Command {}

  /** A message from a member's {@code User} entity. */
  public record FromUser(@JsonProperty("m") User.ToConversation message) implements Command {}

  /**
   * Starts the entity, which then delivers what members lack. Sent by {@link ConversationReminder},
   * and by an incarnation that was stopped before all members had everything.
   */
  public record Wake() implements Command {}

  /**
   * The reminder is durable.
   *
   * @param nr the number of the {@link ConversationReminder.Keep} that this answers
   */
  public record Kept(@JsonProperty("n") long nr) implements Command {}

  /**
   * Moves entries that are old enough to the cold tier. The calendar bucket of that day is told
   * when this is finished, or when another day is registered for the rest.
   *
   * @param day the bucket that asks, in days since 1970
   */
  public record Archive(long day) implements Command {}
}
