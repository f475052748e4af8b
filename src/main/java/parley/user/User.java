package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.Entry;
import parley.model.InboxPage;
import parley.model.Presence;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;
import parley.serial.Wire;

/**
 * The messages of the {@code User} entity: one per person, event-sourced, sharded by user id.
 *
 * <pre>
 *   Session  --Attach, Acked--&gt;  User  --Delivery--&gt;  Session (every live one)
 *   Conversation  --Deliver--&gt;  User  --ToConversation (after the flush)--&gt;  Conversation
 * </pre>
 */
public final class User {
  /** Where users live. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "user");

  private User() {}

  /**
   * The behaviour of one user.
   *
   * @param conversations the way to conversations
   * @param logins told which logins have ended with a device
   * @param pushDependencies how devices are pushed to
   * @param shard where the user asks to leave memory
   */
  public static Behavior<Command> create(
      UserId id,
      UserSettings settings,
      Conversations conversations,
      Logins logins,
      InstantSource clock,
      PushDependencies pushDependencies,
      ActorRef<ClusterSharding.ShardCommand> shard) {
    return UserEntity.create(id, settings, conversations, logins, clock, pushDependencies, shard);
  }

  /** Register users with the sharding. */
  public static ActorRef<ShardingEnvelope<Command>> init(
      ClusterSharding sharding,
      UserSettings settings,
      Conversations conversations,
      Logins logins,
      InstantSource clock,
      PushDependencies pushDependencies) {
    return sharding.init(
        Entity.of(
                KEY,
                entity ->
                    create(
                        new UserId(entity.getEntityId()),
                        settings,
                        conversations,
                        logins,
                        clock,
                        pushDependencies,
                        entity.getShard()))
            .withStopMessage(new UserInternal.Stop()));
  }

  /** What can be told to a user. */
  public sealed interface Command extends Wire
      permits Ensure,
          GetProfile,
          ChangeProfile,
          SetStatus,
          GetDevices,
          RemoveDevice,
          EndLogin,
          LosePushToken,
          SetPushToken,
          GetInbox,
          SetRowFlags,
          BeginGroup,
          Attach,
          Acked,
          Check,
          Spent,
          Living,
          Watch,
          Deliver,
          Typing,
          UserPush,
          UserInternal {}

  // ---- the profile
  // -------------------------------------------------------------------------------------------

  /**
   * Make the user if there is none yet; an existing one keeps its profile. Answers {@link Found}.
   */
  public record Ensure(String username, String displayName, ActorRef<ProfileReply> replyTo)
      implements Command {}

  /** Answers {@link Found} or {@link NoSuchUser}. */
  public record GetProfile(ActorRef<ProfileReply> replyTo) implements Command {}

  /**
   * Change what is not null; an empty avatarUrl removes the picture. Answers after it is durable.
   *
   * @param displayName already checked
   */
  public record ChangeProfile(
      @Nullable String displayName, @Nullable String avatarUrl, ActorRef<ProfileReply> replyTo)
      implements Command {}

  /** The answer about a profile. */
  public sealed interface ProfileReply extends Wire permits Found, NoSuchUser, Refused {}

  /** There it is. */
  public record Found(Profile profile) implements ProfileReply {}

  /** Nobody has this id. */
  public record NoSuchUser(UserId userId) implements ProfileReply {}

  /** It was not done, or is not to be had. */
  public record Refused(Refusal refusal)
      implements ProfileReply, DoneReply, DevicesReply, InboxReply, GroupReply {}

  /** It was done and, where it is kept at all, is durable. */
  public record Done() implements DoneReply {}

  /** The answer to a change. */
  public sealed interface DoneReply extends Wire permits Done, Refused {}

  // ---- presence and devices
  // ----------------------------------------------------------------------------------

  /** How the user wants to appear while sessions are live. Kept in memory only. */
  public record SetStatus(Presence.Status status, ActorRef<DoneReply> replyTo) implements Command {}

  /**
   * Start (or renew) or stop telling somebody this user's presence: once now, and on each change. A
   * watch that is not renewed for {@link UserSettings#watchLease} ends by itself; more than {@link
   * parley.model.Limits#WATCHERS} get the first answer only.
   */
  public record Watch(ActorRef<Delivery> watcher, boolean on) implements Command {}

  /** Answers {@link Devices}. */
  public record GetDevices(ActorRef<DevicesReply> replyTo) implements Command {}

  /** The answer to {@link GetDevices}. */
  public sealed interface DevicesReply extends Wire permits Devices, Refused {}

  /** All devices, newest first. */
  public record Devices(List<DeviceView> devices) implements DevicesReply {}

  /**
   * Forget a device: its session ends, its cursors and push token are gone, and the logins it said
   * hello with end. Unknown is {@code not_found}.
   */
  public record RemoveDevice(DeviceId deviceId, ActorRef<DoneReply> replyTo) implements Command {}

  /**
   * A login has ended: its sessions end as REMOVED, a hello with its tokens is refused, and devices
   * whose last hello was with it get no push until the next. Answers {@link Done} when that is
   * durable, also a second time.
   *
   * @param sid the login, as tokens name it
   */
  public record EndLogin(String sid, ActorRef<DoneReply> replyTo) implements Command {}

  /** How accounts are told that a login has ended: this package knows none. */
  @FunctionalInterface
  public interface Logins {
    /** No logins: for users whose tokens belong to none. */
    Logins NONE = (username, sid) -> CompletableFuture.completedFuture(true);

    /**
     * Ends the login. Completes when none of its refresh tokens is good any more; fails, in a few
     * seconds, where one may be.
     */
    CompletionStage<?> end(String username, String sid);
  }

  /**
   * Keep or (null) remove the push token of a device that has said hello once; else {@code
   * not_found}.
   *
   * @param platform {@code apns} or {@code fcm}
   */
  public record SetPushToken(
      DeviceId deviceId, String platform, @Nullable String token, ActorRef<DoneReply> replyTo)
      implements Command {
    @Override
    public String toString() {
      return "SetPushToken[" + deviceId + ", " + platform + ", token=[REDACTED]]";
    }
  }

  /**
   * Another user has claimed a push token: devices that have it lose it. Answers {@link Done} when
   * that is durable, also where none has it.
   *
   * @param hash as {@link PushTokens#hash}
   * @param before claims from this number on are later, and stay
   */
  public record LosePushToken(String hash, long before, ActorRef<DoneReply> replyTo)
      implements Command {}

  // ---- the inbox
  // ---------------------------------------------------------------------------------------------

  /**
   * A page of the inbox, newest first. Answers {@link Inbox}, or {@link Refused} with {@code
   * bad_request} naming {@code cursor}.
   */
  public record GetInbox(int limit, @Nullable String cursor, ActorRef<InboxReply> replyTo)
      implements Command {}

  /** The answer to {@link GetInbox}. */
  public sealed interface InboxReply extends Wire permits Inbox, Refused {}

  /** A page. */
  public record Inbox(InboxPage page) implements InboxReply {}

  /** Change the user's own marks on a row; null is unchanged. */
  public record SetRowFlags(
      ConversationId conversationId,
      @Nullable Boolean muted,
      @Nullable Boolean pinned,
      @Nullable Boolean archived,
      ActorRef<DoneReply> replyTo)
      implements Command {}

  // ---- groups

  /** Most groups of a user that are remembered for a day, and so the largest quota. */
  public static final int GROUPS_KEPT = 1_000;

  /**
   * The user is about to make a group: it gets its id, and the id is durable. The same {@code
   * clientRef} within 24 hours gives the same id and counts once. Answers {@link GroupBegun}, or
   * {@link Refused} with {@code rate_limited} where the quota of the day is used up.
   *
   * @param clientRef the user's own name for the group, or null
   * @param id for a new one
   * @param perDay the quota, 0 for none; at most {@value #GROUPS_KEPT} count
   * @param retryAfterMillis 0: it may be begun. Otherwise the user has used up its budget of
   *     messages for so long: one that is known is answered, anything else is {@code rate_limited}
   */
  public record BeginGroup(
      @Nullable String clientRef,
      ConversationId id,
      int perDay,
      long retryAfterMillis,
      ActorRef<GroupReply> replyTo)
      implements Command {}

  /** The answer to {@link BeginGroup}. */
  public sealed interface GroupReply extends Wire permits GroupBegun, Refused {}

  /** The group has this id; whether it has been made, its conversation knows. */
  public record GroupBegun(ConversationId conversationId) implements GroupReply {}

  // ---- sessions
  // ----------------------------------------------------------------------------------------------

  /**
   * A connection has said hello. Answers {@link Attached} or {@link Ended} to the session and from
   * then on tells it everything, in order; watches it, so that its end is noticed wherever it was.
   * An older session of the same device gets {@link Ended} with REPLACED.
   *
   * <p>A session says it again, with {@code resume}, when the user it was attached to is gone (the
   * node died, the shard moved), and now and then where the user is on another node and something
   * may have been lost on the way. It gets {@link Attached} again and sees for itself what it
   * lacks. It never replaces the session of a later hello, and never brings back a removed device.
   *
   * @param sessionId a ULID: of two sessions of a device the greater one is the later
   * @param fresh the device has lost its data (or is unknown here): its cursors start at today's
   *     heads
   * @param sid the login the token belongs to, or null where it belongs to none. Where it has
   *     ended, a hello is refused as {@code unauthenticated}, and a session that comes back gets
   *     REMOVED
   */
  public record Attach(
      UserId userId,
      DeviceId deviceId,
      String client,
      String sessionId,
      boolean fresh,
      boolean resume,
      ActorRef<Delivery> session,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String sid)
      implements Command {
    /** With a token that belongs to no login. */
    public Attach(
        UserId userId,
        DeviceId deviceId,
        String client,
        String sessionId,
        boolean fresh,
        boolean resume,
        ActorRef<Delivery> session) {
      this(userId, deviceId, client, sessionId, fresh, resume, session, null);
    }
  }

  /**
   * What a device has acknowledged since the last time. Counts from the device's session, or from
   * its last one while it has none; a session that was replaced is ignored.
   */
  public record Acked(
      @JsonProperty("d") DeviceId deviceId,
      @JsonProperty("s") String sessionId,
      @JsonProperty("a") List<Ack> acks)
      implements Command {}

  /**
   * This device has everything of the conversation up to seq.
   *
   * @param seq what the client said
   * @param proven the highest seq the session itself knows to exist (by an entry it passed on, or
   *     by a {@code sent}); an acknowledgement counts up to this or the row's own end, whichever is
   *     more
   */
  public record Ack(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("s") long seq,
      @JsonProperty("p") long proven) {}

  /**
   * A session asks, now and then, whether anything was lost between the two: messages between nodes
   * arrive in order or not at all. Answers {@link Checked}; or {@link Ended}, to a session that is
   * not (or no longer) the device's.
   *
   * @param acked how many {@link Acked} the session has sent
   */
  public record Check(
      @JsonProperty("d") DeviceId deviceId,
      @JsonProperty("s") String sessionId,
      @JsonProperty("a") long acked,
      @JsonProperty("r") ActorRef<Delivery> session)
      implements Command {}

  /**
   * A node has let the user write so many messages. Where more than one has within the last minute,
   * all of these are told the {@link Level} of the one bucket that counts, which is kept here, in
   * memory.
   *
   * @param intervalMicros what one message costs
   * @param node who wants to hear of the level; at most {@value MessageAllowance#NODES} of them do
   */
  public record Spent(int messages, long intervalMicros, ActorRef<Level> node) implements Command {}

  /**
   * How empty a user's bucket of messages is.
   *
   * @param fullAfterMicros when it will be full if nothing more is taken
   */
  public record Level(UserId userId, long fullAfterMicros) implements Wire {}

  /** The answer to {@link Knock}. */
  public record Living(long order) implements Command {}

  /** What a user tells a session. */
  public sealed interface Delivery extends Wire {}

  /**
   * Asks a session that has said hello whether its connection is still there, before it replaces
   * another of the same device: one that lives answers {@link Living} at once, one that is about to
   * end does not.
   */
  public record Knock(long order, ActorRef<Command> user) implements Delivery {}

  /**
   * The session is attached.
   *
   * @param user the entity itself, to be watched: after its end the session attaches again
   * @param lagging where the device is behind, oldest conversation activity first; at most {@value
   *     #LAGS}
   * @param more how many {@link MoreLagging} follow; the session is attached with the last of them
   * @param sid the login of the attach that this answers: the one whose end ends the session; null
   *     where it has none, or a node of an earlier version answers
   */
  public record Attached(
      ActorRef<Command> user,
      List<Lag> lagging,
      int more,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String sid)
      implements Delivery {
    /** To an attach without a login. */
    public Attached(ActorRef<Command> user, List<Lag> lagging, int more) {
      this(user, lagging, more, null);
    }
  }

  /** Where the device is also behind: at most {@value #LAGS}. */
  public record MoreLagging(List<Lag> lagging) implements Delivery {}

  /** Most lags of one message: about 100 KB. */
  static final int LAGS = 1_000;

  /**
   * Something a session must not miss, with its number: 1, 2, 3 … since it was attached. A session
   * that sees a hole has missed something and attaches again: the answer says what its device
   * lacks.
   */
  public record Numbered(
      @JsonProperty("n") long nr,
      @JsonProperty("d")
          @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
          @JsonSubTypes({
            @JsonSubTypes.Type(value = Entries.class, name = "entries"),
            @JsonSubTypes.Type(value = RowChanged.class, name = "row"),
            @JsonSubTypes.Type(value = Receipts.class, name = "receipts"),
            @JsonSubTypes.Type(value = GapSeen.class, name = "gap"),
          })
          Vital delivery)
      implements Delivery {}

  /** What a session must not miss; comes {@link Numbered}. */
  public sealed interface Vital extends Delivery permits Entries, RowChanged, Receipts, GapSeen {}

  /**
   * The answer to {@link Check}.
   *
   * @param told the number of the last {@link Numbered}
   * @param heard whether every {@link Acked} sent before the check has come
   */
  public record Checked(@JsonProperty("t") long told, @JsonProperty("h") boolean heard)
      implements Delivery {}

  /**
   * The device lacks {@code acked + 1} to {@code head} of the conversation; they are read from
   * there.
   *
   * @param expired up to here they have waited for {@link BacklogAges#LIFE} and are not sent any
   *     more: the device is told of a gap, and finds them in the history. 0 where none has
   * @param forgotten up to here the user had forgotten the conversation for lack of room, so that
   *     nobody knows what the device has of it: they are not sent either, and counted in {@code
   *     expired} too. 0 where it had not
   */
  public record Lag(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("a") long acked,
      @JsonProperty("h") long head,
      @JsonProperty("x") long expired,
      @JsonProperty("f") long forgotten) {
    /** Nothing was forgotten. */
    public Lag(ConversationId conversationId, long acked, long head, long expired) {
      this(conversationId, acked, head, expired, 0);
    }

    /** Nothing has expired. */
    public Lag(ConversationId conversationId, long acked, long head) {
      this(conversationId, acked, head, 0, 0);
    }
  }

  /**
   * New entries: contiguous, and the first follows the last one told (or the lag's head) for the
   * conversation.
   */
  public record Entries(
      @JsonProperty("c") ConversationId conversationId, @JsonProperty("e") List<Entry> entries)
      implements Vital {}

  /** A row changed by something other than an entry to this device. */
  public record RowChanged(parley.model.InboxRow row) implements Vital {}

  /** Other members' cursors (and one's own) moved. */
  public record Receipts(
      @JsonProperty("c") ConversationId conversationId, @JsonProperty("r") List<Receipt> receipts)
      implements Vital {}

  /** One member's cursors. */
  public record Receipt(
      @JsonProperty("u") UserId userId,
      @JsonProperty("d") long delivered,
      @JsonProperty("r") long read) {}

  /** Somebody writes. May be dropped. */
  public record TypingSeen(ConversationId conversationId, UserId userId, boolean active)
      implements Delivery {}

  /** A watched user's presence. May be dropped. */
  public record PresenceSeen(Presence presence) implements Delivery {}

  /** These entries are not to be had any more for this device. */
  public record GapSeen(ConversationId conversationId, long from, long to, String reason)
      implements Vital {}

  /** The session must end. */
  public record Ended(End why, Refusal refusal) implements Delivery {}

  /** Why a user ends a session. */
  public enum End {
    /** The same device attached elsewhere. */
    REPLACED,
    /** The device was removed, or the login of its session has ended. */
    REMOVED,
    /** The attach was refused: see the refusal. */
    REFUSED,
    /** The user knows no such session, for example since a restart. */
    LOST
  }

  // ---- conversations
  // -----------------------------------------------------------------------------------------

  /**
   * A conversation tells a member (or one who just left) what is new. Repeated until acknowledged
   * by {@link Dispatched}; what is known already is dropped by seq and version.
   *
   * @param version the conversation's own count of events: what a row shows is replaced by a higher
   *     version only
   * @param entries ascending and contiguous; may be empty when only cursors or names changed
   * @param receipts cursors that moved, for live sessions
   * @param next the first seq that the user has not acknowledged, as far as the conversation knows:
   *     a user that holds nothing of the conversation learns by it what it has forgotten. 0 is not
   *     said
   */
  public record Deliver(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("v") long version,
      @JsonProperty("h") RowHeader header,
      @JsonProperty("m") RowMember member,
      @JsonProperty("e") List<Entry> entries,
      @JsonProperty("r") List<Receipt> receipts,
      @JsonProperty("n") long next)
      implements Command {
    /** Without a word on what was acknowledged. */
    public Deliver(
        ConversationId conversationId,
        long version,
        RowHeader header,
        RowMember member,
        List<Entry> entries,
        List<Receipt> receipts) {
      this(conversationId, version, header, member, entries, receipts, 0);
    }
  }

  /**
   * What a row shows that is the same for every member.
   *
   * @param lastMessage null where there is none
   * @param lastTextAt when the newest text, or the group itself, was made; epoch milliseconds, 0 is
   *     never
   */
  public record RowHeader(
      @JsonProperty("k") parley.model.ConversationType type,
      @JsonProperty("s") long lastSeq,
      @JsonProperty("m") parley.model.@Nullable LastMessage lastMessage,
      @JsonProperty("a") long lastTextAt) {}

  /**
   * What a row shows that is this member's.
   *
   * @param name the group's name or the other person's
   * @param joinedSeq the entry that added the member (1 in a direct conversation): nothing before
   *     it is shown
   * @param joinedAt epoch milliseconds
   * @param leftSeq the entry that removed the member, 0 while it is one
   * @param quiet the conversation has no entry yet and this member did not open it: no row yet
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

  /** Another member writes. */
  public record Typing(ConversationId conversationId, UserId from, boolean active)
      implements Command {}

  /** What a user tells a conversation; carried there by {@link Conversations}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Dispatched.class, name = "dispatched"),
    @JsonSubTypes.Type(value = Delivered.class, name = "delivered"),
    @JsonSubTypes.Type(value = Renamed.class, name = "renamed"),
  })
  public sealed interface ToConversation extends Wire permits Dispatched, Delivered, Renamed {}

  /**
   * Everything up to this is in the user's own journal. Also the answer where something is missing
   * before.
   */
  public record Dispatched(
      @JsonProperty("u") UserId userId,
      @JsonProperty("s") long seq,
      @JsonProperty("v") long version)
      implements ToConversation {}

  /** One of the user's devices has everything up to seq. */
  public record Delivered(@JsonProperty("u") UserId userId, @JsonProperty("s") long seq)
      implements ToConversation {}

  /**
   * The user has a new name or picture; told to direct conversations only, until acknowledged by a
   * {@link Deliver} whatever it holds.
   *
   * @param revision grows with each change
   */
  public record Renamed(
      UserId userId, String displayName, @Nullable String avatarUrl, long revision)
      implements ToConversation {
    @Override
    public String toString() {
      return "Renamed[" + userId + ", revision=" + revision + "]";
    }
  }

  /** The way to conversations: this package knows none. */
  @FunctionalInterface
  public interface Conversations {
    /** Tells one conversation something, at most once. */
    void tell(ConversationId to, ToConversation message);
  }
}
