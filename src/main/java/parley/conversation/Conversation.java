package parley.conversation;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationView;
import parley.model.EntryIntent;
import parley.model.HistoryPage;
import parley.model.Refusal;
import parley.model.Role;
import parley.model.UserId;
import parley.serial.Wire;
import parley.user.User;

/**
 * The messages of the {@code Conversation} entity: one per conversation, event-sourced, sharded by
 * conversation id. Whoever is not a member gets {@code not_found} for everything, whether the
 * conversation exists or not.
 */
public final class Conversation {
  /** Where conversations live. */
  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "conversation");

  private Conversation() {}

  /**
   * Registers conversations with the cluster, and their reminders, which it also gives to those
   * that a version without reminders left behind ({@link ReminderAdoption}). Conversations are not
   * remembered by sharding: one that may have something untold has a {@link ConversationReminder},
   * which is; by it those that were active on a node that died come back by themselves elsewhere,
   * or on the same node after a restart, and finish telling members what they had not heard.
   */
  public static ActorRef<ShardingEnvelope<Command>> init(
      ActorSystem<?> system, ConversationEntity.Environment environment) {
    ConversationReminder.init(system, environment.wake());
    ConversationReminder.Port reminders = environment.reminders();
    if (reminders != null) {
      ReminderAdoption.init(system, reminders);
    }
    MissingConversations missingConversations = new MissingConversations();
    return ClusterSharding.get(system)
        .init(
            Entity.of(
                    KEY,
                    entity -> {
                      ConversationId id = new ConversationId(entity.getEntityId());
                      return missingConversations.behavior(
                          id,
                          entity.getShard(),
                          () ->
                              ConversationEntity.create(
                                  id, environment, entity.getShard(), missingConversations));
                    })
                .withSettings(ClusterShardingSettings.create(system).withRememberEntities(false))
                .withStopMessage(ConversationEntity.Stop.STOP));
  }

  /** What can be told to a conversation. */
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
          ConversationInternal {}

  // ---- writing
  // -----------------------------------------------------------------------------------------------

  /**
   * Add an entry. Answers {@link Posted} after it is durable, or {@link PostRefused} with nothing
   * stored. The same {@code (author, clientMsgId)} again gives the first answer with {@code
   * duplicate}.
   *
   * @param openWith the other person of a direct conversation that is opened if need be, or null
   * @param retryAfterMillis 0: it may be written. Otherwise the author has used up its budget of
   *     messages for so long: what was accepted before is answered, anything else is {@code
   *     rate_limited}
   */
  public record Post(
      @JsonProperty("a") UserId author,
      @JsonProperty("n") String clientMsgId,
      @JsonProperty("i") EntryIntent intent,
      @JsonProperty("o") @Nullable UserId openWith,
      @JsonProperty("r") ActorRef<PostReply> replyTo,
      @JsonProperty("w") long retryAfterMillis)
      implements Command {
    /** One that may be written. */
    public Post(
        UserId author,
        String clientMsgId,
        EntryIntent intent,
        @Nullable UserId openWith,
        ActorRef<PostReply> replyTo) {
      this(author, clientMsgId, intent, openWith, replyTo, 0);
    }
  }

  /** The answer to {@link Post}. */
  public sealed interface PostReply extends Wire permits Posted, PostRefused {
    /** The sender's own name for the entry. */
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

  /** Nothing was stored (with {@code unavailable}: perhaps; ask again under the same name). */
  public record PostRefused(String clientMsgId, Refusal refusal) implements PostReply {}

  // ---- the conversation itself
  // -------------------------------------------------------------------------------

  /**
   * The direct conversation of two users, made if need be. An unknown peer is {@code not_found}.
   */
  public record OpenDirect(UserId opener, UserId peer, ActorRef<ViewReply> replyTo)
      implements Command {}

  /**
   * Make a group; the creator is its first admin. Unknown users are {@code not_found}, naming
   * member_ids. Where it exists already, a member gets it as it is ({@link Viewed#existed}) and
   * everybody else {@code not_found}: the id is drawn by the creator's user entity, and comes again
   * with a retry only.
   *
   * @param memberIds without or with the creator, no matter; at most 1,024 in all
   */
  public record CreateGroup(
      UserId creator,
      String name,
      @Nullable String avatarUrl,
      List<UserId> memberIds,
      ActorRef<ViewReply> replyTo)
      implements Command {}

  /** Admins only. Null is unchanged, an empty picture is none. */
  public record ChangeGroup(
      UserId actor, @Nullable String name, @Nullable String avatarUrl, ActorRef<ViewReply> replyTo)
      implements Command {}

  /** Admins only. Those who are members already stay as they are. */
  public record AddMembers(UserId actor, List<UserId> userIds, ActorRef<ViewReply> replyTo)
      implements Command {}

  /**
   * Admins, and a member itself. Answers {@link Viewed}, or {@link Removed} to one that has left by
   * it.
   */
  public record RemoveMember(UserId actor, UserId userId, ActorRef<ViewReply> replyTo)
      implements Command {}

  /** Admins only. */
  public record SetRole(UserId actor, UserId userId, Role role, ActorRef<ViewReply> replyTo)
      implements Command {}

  /** The conversation as a member sees it. */
  public record GetView(UserId viewer, ActorRef<ViewReply> replyTo) implements Command {}

  /** The answer with a conversation. */
  public sealed interface ViewReply extends Wire permits Viewed, Removed, Refused {}

  /**
   * There it is.
   *
   * @param existed of {@link CreateGroup}: it was there before, and nothing was written
   */
  public record Viewed(ConversationView view, boolean existed) implements ViewReply {
    /** Of one that nobody wanted to make. */
    public Viewed(ConversationView view) {
      this(view, false);
    }
  }

  /** Done, and who asked has no longer a view of it. */
  public record Removed() implements ViewReply {}

  /** It was not done, or is not to be had. */
  public record Refused(Refusal refusal) implements ViewReply, PageReply, ReadReply {}

  // ---- reading
  // -----------------------------------------------------------------------------------------------

  /**
   * Entries in ascending order, with their current content: the newest, those before a seq, or
   * those after one.
   *
   * @param before exclusive, or null
   * @param after exclusive, or null
   * @param limit 1 to {@link parley.model.Limits#PAGE}
   * @param replay for a device that catches up: one who has left may still read up to the entry
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

  /** A page. */
  public record Page(HistoryPage page) implements PageReply {}

  // ---- cursors
  // -----------------------------------------------------------------------------------------------

  /**
   * The user has read up to seq (past the end counts as the end, less than before is ignored).
   * Durable before anybody is told.
   *
   * @param replyTo is told {@link ReadDone} when it is durable, or null
   */
  public record Read(UserId user, long seq, @Nullable ActorRef<ReadReply> replyTo)
      implements Command {}

  /** The answer to {@link Read}, where one was asked for. */
  public sealed interface ReadReply extends Wire permits ReadDone, Refused {}

  /** The cursor is where it was to be, or further. */
  public record ReadDone() implements ReadReply {}

  /**
   * The user writes, or no longer does. Goes to the other members, in groups of up to 100; never
   * kept.
   */
  public record Typing(UserId user, boolean active) implements Command {}

  /** Something a member's {@code User} has to say. */
  public record FromUser(@JsonProperty("m") User.ToConversation message) implements Command {}

  /**
   * Be there, and tell what is untold. Comes from {@link ConversationReminder}, or from a life that
   * was stopped before everybody had heard of everything.
   */
  public record Wake() implements Command {}

  /** The reminder that was asked for under this number is there. */
  public record Kept(@JsonProperty("n") long nr) implements Command {}

  /**
   * Move what is old enough to the cold tier. The bucket of that day is told when that is done, or
   * when another day is registered for the rest.
   */
  public record Archive(long day) implements Command {}
}
