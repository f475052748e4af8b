package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryTrace;
import parley.model.InboxRow;
import parley.model.Presence;
import parley.model.Refusal;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * The messages that a user sends to its sessions. A session must not miss a {@link Vital} one:
 * those are numbered. All others may be lost, or are repeated.
 */
public sealed interface Delivery extends Wire {
  /**
   * Asks an attaching session whether its connection is still open, before it replaces another
   * session of the same device. A live session answers {@link User.SessionAlive} at once. A session
   * that is about to end does not answer.
   */
  record ProbeSession(long order, ActorRef<User.Command> user) implements Delivery {}

  /**
   * The session is attached.
   *
   * @param user the entity; the session watches it, and attaches again after its end
   * @param lagging the conversations in which the device is behind, the oldest activity first; at
   *     most {@value #LAGS}
   * @param more how many {@link MoreLagging} messages follow; the session is attached with the last
   *     of them
   * @param sid the login of the {@link User.Attach} that this message answers: the end of this
   *     login ends the session. Null if the session has no login, or if a node of an earlier
   *     version answers
   */
  record Attached(
      ActorRef<User.Command> user,
      List<Lag> lagging,
      int more,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String sid)
      implements Delivery {
    /** For a session without a login. */
    public Attached(ActorRef<User.Command> user, List<Lag> lagging, int more) {
      this(user, lagging, more, null);
    }
  }

  /**
   * Further conversations in which the device is behind: at most {@value #LAGS} for each message.
   */
  record MoreLagging(List<Lag> lagging) implements Delivery {}

  /** The most lags in one message: about 100 KB. */
  int LAGS = 1_000;

  /**
   * A delivery that a session must not miss, with its number: 1, 2, 3 … since the session was
   * attached. A session that sees a gap in the numbers has missed a delivery and attaches again;
   * the answer says what its device lacks.
   */
  record Numbered(
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

  /**
   * Several deliveries at once, in order, for a session on the user's node: one turn of the session
   * and one write to its socket. A session on another node gets them one by one.
   */
  record Together(List<Numbered> deliveries) implements Delivery, Local {}

  /** A delivery that a session must not miss. It is always wrapped in {@link Numbered}. */
  sealed interface Vital extends Delivery permits Entries, RowChanged, Receipts, GapSeen {}

  /**
   * The answer to {@link User.Check}.
   *
   * @param lastSent the number of the last {@link Numbered} that the user has sent
   * @param allAcksArrived whether every {@link User.Acked} that the session sent before the check
   *     has arrived
   */
  record Checked(@JsonProperty("t") long lastSent, @JsonProperty("h") boolean allAcksArrived)
      implements Delivery {}

  /**
   * The device lacks the entries {@code acked + 1} to {@code head} of the conversation. The session
   * reads them from the conversation.
   *
   * @param expired entries up to this seq have waited for {@link BacklogAges#LIFE_MILLIS} and are
   *     no longer sent: the device is told of a gap and finds them in the history. 0 if no entry
   *     has expired
   * @param forgotten the user had dropped the conversation up to this seq for lack of room, so it
   *     does not know what the device has. These entries are not sent either, and {@code expired}
   *     includes them. 0 if the conversation was not dropped
   */
  record Lag(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("a") long acked,
      @JsonProperty("h") long head,
      @JsonProperty("x") long expired,
      @JsonProperty("f") long forgotten) {
    /** For a conversation that was not dropped. */
    public Lag(ConversationId conversationId, long acked, long head, long expired) {
      this(conversationId, acked, head, expired, 0);
    }

    /** For a conversation without expired entries. */
    public Lag(ConversationId conversationId, long acked, long head) {
      this(conversationId, acked, head, 0, 0);
    }
  }

  /**
   * New entries. They are contiguous, and the first one follows the last entry that the session has
   * received of the conversation, or the head of its lag.
   *
   * @param traces those of the entries that are traced; null, and absent on the wire, if none is
   */
  record Entries(
      @JsonProperty("c") ConversationId conversationId,
      @JsonProperty("e") List<Entry> entries,
      @JsonProperty("x") @JsonInclude(JsonInclude.Include.NON_NULL)
          @Nullable List<EntryTrace> traces)
      implements Vital {
    /** Entries that are not traced. */
    public Entries(ConversationId conversationId, List<Entry> entries) {
      this(conversationId, entries, null);
    }
  }

  /** An inbox row has changed for a reason other than an entry that this device receives. */
  record RowChanged(InboxRow row) implements Vital {}

  /** Cursors of members have moved, the user's own or those of others. */
  record Receipts(
      @JsonProperty("c") ConversationId conversationId, @JsonProperty("r") List<Receipt> receipts)
      implements Vital {}

  /** The cursors of one member. */
  record Receipt(
      @JsonProperty("u") UserId userId,
      @JsonProperty("d") long delivered,
      @JsonProperty("r") long read) {}

  /** A member is typing, or has stopped. May be dropped. */
  record TypingSeen(ConversationId conversationId, UserId userId, boolean active)
      implements Delivery {}

  /**
   * The presence of a watched user. May be dropped.
   *
   * @param changedAt when the presence changed, epoch milliseconds. 0 if this answers a watch, or
   *     if a node of an earlier version tells of a change
   */
  record PresenceSeen(
      Presence presence, @JsonInclude(JsonInclude.Include.NON_DEFAULT) long changedAt)
      implements Delivery {
    /** The answer to a watch. */
    public PresenceSeen(Presence presence) {
      this(presence, 0);
    }
  }

  /** This device can no longer receive these entries. */
  record GapSeen(ConversationId conversationId, long from, long to, String reason)
      implements Vital {}

  /**
   * The session must end.
   *
   * @param banned whether the reason is a ban of the user. A version that does not know the field
   *     ends the session as the other two say
   */
  record Ended(
      End why, Refusal refusal, @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean banned)
      implements Delivery {
    /** For another reason than a ban. */
    public Ended(End why, Refusal refusal) {
      this(why, refusal, false);
    }
  }

  /** The reasons for which a user ends a session. */
  enum End {
    /** The same device has attached with a later session. */
    REPLACED,
    /** The device was removed, or the login of the session has ended. */
    REMOVED,
    /** The attach was refused; the refusal says why. */
    REFUSED,
    /** The user does not know this session, for example because the entity has restarted. */
    LOST
  }
}
