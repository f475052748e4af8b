package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.Entry;
import parley.model.EntryTrace;
import parley.model.InboxPage;
import parley.model.Presence;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;
import parley.serial.Wire;

/**
 * The public messages of the {@code User} entity. There is one entity for each person; it is
 * event-sourced and sharded by user id.
 *
 * <pre>
 *   Session  --Attach, Acked--&gt;  User  --Delivery--&gt;  Session (every live one)
 *   Conversation  --Deliver--&gt;  User  --ToConversation (after the flush)--&gt;  Conversation
 * </pre>
 */
public final class User {
  /** The sharding key of user entities. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "user");

  private User() {}

  /** All messages that a user entity receives. */
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
          SessionAlive,
          Watch,
          Deliver,
          Typing,
          UserPush,
          UserInspection,
          UserAdministration,
          UserInternal {}

  // ---- the profile

  /**
   * Creates the user if it does not exist. An existing user keeps its profile. The answer is {@link
   * Found}.
   */
  public record Ensure(String username, String displayName, ActorRef<ProfileReply> replyTo)
      implements Command {}

  /** Reads the profile. The answer is {@link Found} or {@link NoSuchUser}. */
  public record GetProfile(ActorRef<ProfileReply> replyTo) implements Command {}

  /**
   * Changes the fields that are not null. An empty {@code avatarUrl} removes the picture. The
   * answer is sent after the change is durable.
   *
   * @param displayName a name that the caller has already validated
   */
  public record ChangeProfile(
      @Nullable String displayName, @Nullable String avatarUrl, ActorRef<ProfileReply> replyTo)
      implements Command {}

  /** The answers to commands about the profile. */
  public sealed interface ProfileReply extends Wire permits Found, NoSuchUser, Refused {}

  /**
   * The user exists and has this profile.
   *
   * @param ban what a banned user is refused with; null for one that is not banned
   */
  public record Found(
      Profile profile, @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Refusal ban)
      implements ProfileReply {
    /** A user that is not banned. */
    public Found(Profile profile) {
      this(profile, null);
    }
  }

  /** No user has this id. */
  public record NoSuchUser(UserId userId) implements ProfileReply {}

  /** The command was refused, and nothing has changed. */
  public record Refused(Refusal refusal)
      implements ProfileReply, DoneReply, DevicesReply, InboxReply, GroupReply {}

  /** The command was executed. A change that is stored at all is durable by now. */
  public record Done() implements DoneReply {}

  /** The answers to a command that changes something. */
  public sealed interface DoneReply extends Wire permits Done, Refused {}

  // ---- presence and devices

  /**
   * Sets the status that other users see while this user has live sessions. The status is kept in
   * memory only.
   */
  public record SetStatus(Presence.Status status, ActorRef<DoneReply> replyTo) implements Command {}

  /**
   * Starts, renews or stops a watch of this user's presence. The watcher receives {@link
   * PresenceSeen} at once and on each change. A watch that is not renewed within {@link
   * UserSettings#watchLease} ends by itself. Beyond {@link parley.model.Limits#WATCHERS} watchers,
   * a further one receives the first answer only.
   */
  public record Watch(ActorRef<Delivery> watcher, boolean on) implements Command {}

  /** Lists the devices. The answer is {@link Devices}. */
  public record GetDevices(ActorRef<DevicesReply> replyTo) implements Command {}

  /** The answers to {@link GetDevices}. */
  public sealed interface DevicesReply extends Wire permits Devices, Refused {}

  /** All devices, the one seen last first. */
  public record Devices(List<DeviceView> devices) implements DevicesReply {}

  /**
   * Removes a device. Its session ends, its cursors and its push token are deleted, and every login
   * that the device has used ends. An unknown device is {@code not_found}.
   */
  public record RemoveDevice(DeviceId deviceId, ActorRef<DoneReply> replyTo) implements Command {}

  /**
   * Ends a login. Its sessions end as REMOVED, and an attach with one of its tokens is refused. A
   * device that attached last with this login gets no push notification until it attaches again.
   * The answer is {@link Done} after this is durable, also to a repeated command.
   *
   * @param sid the id of the login in its tokens
   */
  public record EndLogin(String sid, ActorRef<DoneReply> replyTo) implements Command {}

  /**
   * Stores the push token of a device, or removes it if {@code token} is null. A device that has
   * never attached is {@code not_found}.
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
   * Another user has claimed a push token, so this user's devices lose it. The answer is {@link
   * Done} after this is durable, also if no device has the token.
   *
   * @param hash the hash of the token, see {@link PushTokens#hash}
   * @param before a device keeps the token if its own claim has this number or a higher one
   */
  public record LosePushToken(String hash, long before, ActorRef<DoneReply> replyTo)
      implements Command {}

  // ---- the inbox

  /**
   * Reads a page of the inbox, newest row first. The answer is {@link Inbox}, or {@link Refused}
   * with {@code bad_request} that names {@code cursor}.
   */
  public record GetInbox(int limit, @Nullable String cursor, ActorRef<InboxReply> replyTo)
      implements Command {}

  /** The answers to {@link GetInbox}. */
  public sealed interface InboxReply extends Wire permits Inbox, Refused {}

  /** A page of the inbox. */
  public record Inbox(InboxPage page) implements InboxReply {}

  /** Changes the user's own flags of an inbox row. A null flag stays as it is. */
  public record SetRowFlags(
      ConversationId conversationId,
      @Nullable Boolean muted,
      @Nullable Boolean pinned,
      @Nullable Boolean archived,
      ActorRef<DoneReply> replyTo)
      implements Command {}

  // ---- groups

  /** The most groups of a user that are remembered for a day, and so the largest possible quota. */
  public static final int GROUPS_KEPT = 1_000;

  /**
   * Reserves the id of a group that the user is about to create. The reservation is durable before
   * the answer. The same {@code clientRef} within 24 hours yields the same id and counts once. The
   * answer is {@link GroupBegun}, or {@link Refused} with {@code rate_limited} if the quota of the
   * day is used up.
   *
   * @param clientRef the client's own reference for the group, or null
   * @param id the id that a new group gets
   * @param perDay the most new groups in 24 hours; 0 is no quota; at most {@value #GROUPS_KEPT}
   *     count
   * @param retryAfterMillis 0 if the user may create a group now. Otherwise the user has no message
   *     budget for this many milliseconds: a group that is already known is answered, and a new one
   *     is {@code rate_limited}
   */
  public record BeginGroup(
      @Nullable String clientRef,
      ConversationId id,
      int perDay,
      long retryAfterMillis,
      ActorRef<GroupReply> replyTo)
      implements Command {}

  /** The answers to {@link BeginGroup}. */
  public sealed interface GroupReply extends Wire permits GroupBegun, Refused {}

  /** The group has this id. Only its conversation knows whether the group has been created yet. */
  public record GroupBegun(ConversationId conversationId) implements GroupReply {}

  // ---- sessions

  /**
   * Attaches a session whose client has said hello. The session receives {@link Delivery.Attached}
   * or {@link Ended}, and from then on every delivery, in order. The user watches the session, so
   * it notices the end of the session on any node. An older session of the same device receives
   * {@link Delivery.Ended} with REPLACED.
   *
   * <p>A session attaches again, with {@code resume}, when its user entity has ended (the node died
   * or the shard moved). It also does so now and then when the user is on another node and a
   * message may have been lost between the nodes. It then receives {@link Delivery.Attached} again
   * and compares the answer with what it has passed on. A resumed session never replaces the
   * session of a later hello, and never restores a removed device.
   *
   * @param sessionId a ULID; of two sessions of a device, the greater id is the later session
   * @param fresh the device has lost its data, or is unknown here: its cursors start at the current
   *     heads of the conversations
   * @param sid the login that the token belongs to, or null if it belongs to none. If this login
   *     has ended, a hello is refused as {@code unauthenticated}, and a resumed session ends as
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
    /** For a token that belongs to no login. */
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
   * What a device has acknowledged since the previous message of this kind. It counts if it comes
   * from the device's session, or from the device's last session while there is none.
   * Acknowledgements of a replaced session are ignored.
   */
  public record Acked(
      @JsonProperty("d") DeviceId deviceId,
      @JsonProperty("s") String sessionId,
      @JsonProperty("a") List<Ack> acks)
      implements Command {}

  /**
   * The device has every entry of the conversation up to {@code seq}.
   *
   * @param seq the seq that the client has acknowledged
   * @param proven the highest seq that the session itself knows to exist, from an entry that it
   *     passed on or from a {@code sent} frame. An acknowledgement counts up to this seq or up to
   *     the head of the user's row, whichever is higher
   */
  public record Ack(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("s") long seq,
      @JsonProperty("p") long proven) {}

  /**
   * A session asks now and then whether a message between it and the user was lost. Messages
   * between nodes arrive in order or not at all. The answer is {@link Delivery.Checked}, or {@link
   * Delivery.Ended} if this is not, or is no longer, the device's session.
   *
   * @param acked how many {@link Acked} messages the session has sent
   */
  public record Check(
      @JsonProperty("d") DeviceId deviceId,
      @JsonProperty("s") String sessionId,
      @JsonProperty("a") long acked,
      @JsonProperty("r") ActorRef<Delivery> session)
      implements Command {}

  /**
   * A node reports how many messages it has let the user write. If more than one node has reported
   * within the last minute, each of these receives the {@link Level} of the user's one shared
   * bucket. This entity keeps that bucket in memory.
   *
   * @param intervalMicros the cost of one message, in microseconds of refill time
   * @param node the recipient of {@link Level}; at most {@value MessageAllowance#NODES} nodes
   *     receive it
   */
  public record Spent(int messages, long intervalMicros, ActorRef<Level> node) implements Command {}

  /**
   * How empty the user's message bucket is.
   *
   * @param fullAfterMicros microseconds until the bucket is full if nothing more is taken
   */
  public record Level(UserId userId, long fullAfterMicros) implements Wire {}

  /** The answer to {@link Delivery.ProbeSession}: the session is alive. */
  public record SessionAlive(long order) implements Command {}

  // ---- conversations

  /**
   * A conversation sends its news to a member, or to a person who has just left. It repeats the
   * message until {@link Dispatched} acknowledges it. The user drops what it already knows, by seq
   * and by version.
   *
   * @param version the conversation's own count of events; only a higher version replaces what a
   *     row shows, or the same with further cursors
   * @param entries ascending and contiguous; may be empty if only cursors or names have changed
   * @param receipts cursors that have moved, for live sessions
   * @param next the first seq that the user has not acknowledged, as far as the conversation knows.
   *     A user that holds nothing of the conversation learns from it what it has dropped. 0 means
   *     that the sender does not say
   * @param traces those of the entries that are traced; null, and absent on the wire, if none is
   */
  public record Deliver(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("v") long version,
      @JsonProperty("h") RowHeader header,
      @JsonProperty("m") RowMember member,
      @JsonProperty("e") List<Entry> entries,
      @JsonProperty("r") List<Delivery.Receipt> receipts,
      @JsonProperty("n") long next,
      @JsonProperty("x") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable List<EntryTrace> traces)
      implements Command {
    /** Entries that are not traced. */
    public Deliver(
        ConversationId conversationId,
        long version,
        RowHeader header,
        RowMember member,
        List<Entry> entries,
        List<Delivery.Receipt> receipts,
        long next) {
      this(conversationId, version, header, member, entries, receipts, next, null);
    }

    /** Without the first seq that is not acknowledged. */
    public Deliver(
        ConversationId conversationId,
        long version,
        RowHeader header,
        RowMember member,
        List<Entry> entries,
        List<Delivery.Receipt> receipts) {
      this(conversationId, version, header, member, entries, receipts, 0);
    }
  }

  /**
   * The parts of an inbox row that are the same for every member.
   *
   * @param lastMessage null if there is none
   * @param lastTextAt when the newest text was written or the group was created, epoch
   *     milliseconds; 0 is never
   */
  public record RowHeader(
      @JsonProperty("k") parley.model.ConversationType type,
      @JsonProperty("s") long lastSeq,
      @JsonProperty("m") parley.model.@Nullable LastMessage lastMessage,
      @JsonProperty("a") long lastTextAt) {}

  /** Another member of the conversation is typing, or has stopped. */
  public record Typing(ConversationId conversationId, UserId from, boolean active)
      implements Command {}

  /** All messages that a user sends to a conversation. {@link Conversations} carries them there. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Dispatched.class, name = "dispatched"),
    @JsonSubTypes.Type(value = Holding.class, name = "holding"),
    @JsonSubTypes.Type(value = Delivered.class, name = "delivered"),
    @JsonSubTypes.Type(value = Renamed.class, name = "renamed"),
  })
  public sealed interface ToConversation extends Wire
      permits Dispatched, Holding, Delivered, Renamed {}

  /**
   * The user's journal holds everything of the conversation up to this seq and version. Also the
   * answer when entries before the delivered ones are missing.
   *
   * @param restarted the user has just started again, and has forgotten the cursors that it was
   *     told and that the conversation's own journal does not have yet
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  public record Dispatched(
      @JsonProperty("u") UserId userId,
      @JsonProperty("s") @JsonInclude long seq,
      @JsonProperty("v") @JsonInclude long version,
      @JsonProperty("b") boolean restarted)
      implements ToConversation {
    /** The usual acknowledgement. */
    public Dispatched(UserId userId, long seq, long version) {
      this(userId, seq, version, false);
    }
  }

  /**
   * The user has everything up to this seq and version in memory, and writes it within {@link
   * UserSettings#deferredFlushAfter}. Until then the conversation need only be able to repeat it.
   *
   * @param pushWaits a push waits too: to be repeated within seconds, so that a crash delays no
   *     push
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  public record Holding(
      @JsonProperty("u") UserId userId,
      @JsonProperty("s") @JsonInclude long seq,
      @JsonProperty("v") @JsonInclude long version,
      @JsonProperty("p") boolean pushWaits)
      implements ToConversation {}

  /** At least one of the user's devices has everything up to {@code seq}. */
  public record Delivered(@JsonProperty("u") UserId userId, @JsonProperty("s") long seq)
      implements ToConversation {}

  /**
   * The user has a new name or picture. Sent only to direct conversations, and repeated until any
   * {@link Deliver} of that conversation acknowledges it.
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

  /**
   * Sends messages to conversations. An interface, because this package does not depend on
   * conversations.
   */
  @FunctionalInterface
  public interface Conversations {
    /** Sends a message to one conversation, at most once. */
    void tell(ConversationId to, ToConversation message);
  }
}
