package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.model.Refusal;
import parley.serial.Wire;

/**
 * Questions of operators to a user. They change nothing, and no answer holds a name or the content
 * of a message.
 */
public sealed interface UserInspection extends User.Command {

  /**
   * Asks how far an entry has come among the user's devices. The answer is {@link EntryStatus} or
   * {@link Unanswered}.
   *
   * @param wakesDevices whether devices are woken for the entry: it counts as unread, is not
   *     deleted, and another user sent it
   */
  record FindEntry(
      ConversationId conversationId, long seq, boolean wakesDevices, ActorRef<EntryReply> replyTo)
      implements UserInspection {}

  /**
   * Asks for the user's devices and amounts. The answer is {@link Overview} or {@link Unanswered}.
   */
  record GetOverview(ActorRef<OverviewReply> replyTo) implements UserInspection {}

  /** The answers to {@link FindEntry}. */
  sealed interface EntryReply extends Wire permits EntryStatus, Unanswered {}

  /** The answers to {@link GetOverview}. */
  sealed interface OverviewReply extends Wire permits Overview, Unanswered {}

  /** There is no such user ({@code not_found}), or it cannot answer now. */
  record Unanswered(Refusal refusal) implements EntryReply, OverviewReply {}

  /** Where the user keeps a conversation. */
  enum Place {
    /** The user does not know the conversation. */
    NONE,
    /** In the inbox. */
    INBOX,
    /** The user has left the conversation, or the inbox was full. */
    OUTSIDE
  }

  /**
   * An entry as the user knows it.
   *
   * @param node the address of the node that the user runs on
   * @param receivedSeq the newest entry of the conversation that the user has; 0 if none
   * @param saved whether the journal of the user has all that the user knows of the conversation
   * @param readSeq the user's read cursor, as the conversation has reported it
   * @param muted whether the user has muted the conversation
   * @param devices one for each device of the user
   */
  record EntryStatus(
      String node,
      Place place,
      long receivedSeq,
      boolean saved,
      long readSeq,
      boolean muted,
      List<DeviceStatus> devices)
      implements EntryReply {}

  /**
   * An entry at one device.
   *
   * @param connected whether the device has a session
   * @param handed whether this session was told of the entry: it was sent the entry, or the range
   *     of entries that the device lacks
   * @param acknowledged whether the device needs the entry no longer: it has acknowledged it, or
   *     the device is newer than the entry
   */
  record DeviceStatus(
      DeviceId deviceId, boolean connected, boolean handed, boolean acknowledged, Push push) {}

  /**
   * The push to a device that concerns an entry.
   *
   * @param absence why there is no push; null if there is one
   * @param due when a pending push is sent, epoch milliseconds; 0 if none is pending
   * @param tries how often a provider has failed to accept the push
   * @param reason why the last try failed; null if it did not
   * @param at when the provider accepted the push, or when the push became a dead letter, epoch
   *     milliseconds; 0 if neither has happened
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Push(
      PushState state,
      @Nullable NoPush absence,
      long due,
      int tries,
      @Nullable String reason,
      long at) {
    static Push none(NoPush why) {
      return new Push(PushState.NONE, why, 0, 0, null, 0);
    }
  }

  /** What has become of a push. */
  enum PushState {
    /** It waits until it is due. */
    PENDING,
    /** It is with the provider, or on its way to the store of dead letters. */
    IN_FLIGHT,
    /** The provider has accepted it. */
    SENT,
    /** It has failed for good. */
    DEAD_LETTER,
    /** There is none. */
    NONE
  }

  /** Why there is no push. */
  enum NoPush {
    /** The user has not received the entry yet. */
    NOT_RECEIVED,
    /** Nobody is woken for such an entry: an edit, a reaction, a change of the group, … */
    SILENT,
    /** The device has no push token, or its login has ended. */
    NO_TOKEN,
    /** The provider of the token is not configured. */
    OFF,
    /** The user has left the conversation. */
    LEFT,
    /** The user has read the entry. */
    READ,
    /** The device has the entry. */
    ACKNOWLEDGED,
    /** The user has muted the conversation. */
    MUTED,
    /**
     * The device needs one, and none is pending. It was sent or has failed before this user was
     * started on its node, or too many were pending.
     */
    NOT_REMEMBERED
  }

  /**
   * The user as a whole.
   *
   * @param node the address of the node that the user runs on
   * @param inboxRows conversations in the inbox
   * @param outsideRows conversations outside the inbox that the user still knows
   * @param pendingPushes pushes that wait, over all devices
   * @param saved whether the journal has everything
   * @param ban null if the user is not banned
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Overview(
      String node,
      int inboxRows,
      int outsideRows,
      int pendingPushes,
      boolean saved,
      List<DeviceOverview> devices,
      @Nullable BanOverview ban)
      implements OverviewReply {}

  /**
   * A ban that is in force.
   *
   * @param at when it began, epoch milliseconds
   * @param until when it ends, epoch milliseconds; 0 for never
   */
  record BanOverview(long at, long until, String reason) {
    @Override
    public String toString() {
      return "BanOverview[until=" + until + "]";
    }
  }

  /**
   * One device.
   *
   * @param client the name of the client software
   * @param lastSeenAt epoch milliseconds
   * @param pushPlatform the provider of the device's push token; null if it has none
   * @param pushable whether the device can be woken
   * @param lagging conversations in which the device lacks entries
   * @param sessionId its session; null if it has none, or if an older version answers
   * @param sessionNode the address of the node that the session is on; null without a session
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record DeviceOverview(
      DeviceId deviceId,
      String client,
      boolean connected,
      long lastSeenAt,
      @Nullable String pushPlatform,
      boolean pushable,
      int lagging,
      @Nullable String sessionId,
      @Nullable String sessionNode) {}
}
