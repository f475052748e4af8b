package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.serial.Stored;

/**
 * The events of a user's journal. Every event carries values and never differences, so replay
 * always leads to the state that the entity had. Names and fields stay readable for ever. An empty
 * text is not written and is read as null; where null has another meaning, the constructor restores
 * the empty text.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
  @JsonSubTypes.Type(value = UserEvent.Created.class, name = "created"),
  @JsonSubTypes.Type(value = UserEvent.ProfileChanged.class, name = "profile_changed"),
  @JsonSubTypes.Type(value = UserEvent.ProfileAnnounced.class, name = "profile_announced"),
  @JsonSubTypes.Type(value = UserEvent.DeviceAdded.class, name = "device_added"),
  @JsonSubTypes.Type(value = UserEvent.DeviceRemoved.class, name = "device_removed"),
  @JsonSubTypes.Type(value = UserEvent.PushTokenSet.class, name = "push_token_set"),
  @JsonSubTypes.Type(value = UserEvent.GroupBegun.class, name = "group_begun"),
  @JsonSubTypes.Type(value = UserEvent.Flushed.class, name = "flushed"),
})
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
sealed interface UserEvent extends Stored {

  /** The user was created. */
  record Created(String username, String displayName, long at) implements UserEvent {
    public Created {
      username = username == null ? "" : username;
      displayName = displayName == null ? "" : displayName;
    }

    @Override
    public String toString() {
      return "Created[at=" + at + "]";
    }
  }

  /** The profile has changed. Conversations have not been told yet. */
  record ProfileChanged(String displayName, @Nullable String avatarUrl, long revision)
      implements UserEvent {
    public ProfileChanged {
      displayName = displayName == null ? "" : displayName;
    }

    @Override
    public String toString() {
      return "ProfileChanged[revision=" + revision + "]";
    }
  }

  /** Every direct conversation has acknowledged the profile of this revision. */
  record ProfileAnnounced(long revision) implements UserEvent {}

  /**
   * A device is new, or has lost its data. The cursors of its old number are void.
   *
   * @param evicted the device that was removed to make room, or null
   * @param sid the login that the device has attached with, or null
   */
  record DeviceAdded(
      DeviceId deviceId,
      long number,
      String client,
      long at,
      @Nullable DeviceId evicted,
      @Nullable String sid)
      implements UserEvent {
    DeviceAdded(
        DeviceId deviceId, long number, String client, long at, @Nullable DeviceId evicted) {
      this(deviceId, number, client, at, evicted, null);
    }

    public DeviceAdded {
      client = client == null ? "" : client;
    }
  }

  /**
   * A device was removed.
   *
   * @param ended the logins that end with the device
   */
  record DeviceRemoved(
      DeviceId deviceId,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<EndedLogin> ended)
      implements UserEvent {
    public DeviceRemoved {
      ended = ended == null ? List.of() : List.copyOf(ended);
    }

    DeviceRemoved(DeviceId deviceId) {
      this(deviceId, null);
    }
  }

  /**
   * A device has a push token, or (null) has one no longer. If another device of the user has the
   * same token, both are the same phone under two names, and the other one loses the token.
   *
   * @param at when the token was registered, epoch milliseconds; 0 if an older version wrote the
   *     event
   * @param claim the number of the claim of the token, see {@link PushTokens}; 0 if the token was
   *     not claimed. Without a token: the number of the other user's claim that has taken it, so
   *     nothing is released; 0 if this user has given the token up
   */
  record PushTokenSet(
      DeviceId deviceId, @Nullable String platform, @Nullable String token, long at, long claim)
      implements UserEvent {
    PushTokenSet(DeviceId deviceId, @Nullable String platform, @Nullable String token, long at) {
      this(deviceId, platform, token, at, 0);
    }

    @Override
    public String toString() {
      return "PushTokenSet[" + deviceId + ", " + platform + ", token=[REDACTED]]";
    }
  }

  /** The user is about to create a group. */
  record GroupBegun(StartedGroups.Begun group) implements UserEvent {}

  /**
   * The changes since the last flush, or a bounded part of them.
   *
   * @param rows inbox rows, in their current form
   * @param hidden conversations that have left the inbox, in their current form
   * @param cursors conversations of which only device cursors have moved
   * @param gone conversations that were dropped
   * @param seen devices that were alive
   * @param pendingPushes push notifications that are pending for devices, in their current form
   * @param finishedPushes push notifications that are no longer pending
   * @param ended logins that have ended, in their current form
   * @param released push tokens that the user has released, in their current form
   * @param ban a ban, or its end; null if that has not changed. A version that does not know bans
   *     ignores it
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Flushed(
      List<VisibleRow> rows,
      @JsonProperty("parked") List<HiddenRow> hidden,
      List<CursorsMoved> cursors,
      List<ConversationId> gone,
      List<DeviceSeen> seen,
      @JsonProperty("owed") List<PendingPush> pendingPushes,
      @JsonProperty("pushed") List<PendingPush.Key> finishedPushes,
      List<EndedLogin> ended,
      List<TokenRelease> released,
      @Nullable Ban ban)
      implements UserEvent {
    // Jackson passes null for absent lists.

    public Flushed(
        @Nullable List<VisibleRow> rows,
        @Nullable List<HiddenRow> hidden,
        @Nullable List<CursorsMoved> cursors,
        @Nullable List<ConversationId> gone,
        @Nullable List<DeviceSeen> seen,
        @Nullable List<PendingPush> pendingPushes,
        @Nullable List<PendingPush.Key> finishedPushes,
        @Nullable List<EndedLogin> ended,
        @Nullable List<TokenRelease> released,
        @Nullable Ban ban) {
      this.rows = rows == null ? List.of() : List.copyOf(rows);
      this.hidden = hidden == null ? List.of() : List.copyOf(hidden);
      this.cursors = cursors == null ? List.of() : List.copyOf(cursors);
      this.gone = gone == null ? List.of() : List.copyOf(gone);
      this.seen = seen == null ? List.of() : List.copyOf(seen);
      this.pendingPushes = pendingPushes == null ? List.of() : List.copyOf(pendingPushes);
      this.finishedPushes = finishedPushes == null ? List.of() : List.copyOf(finishedPushes);
      this.ended = ended == null ? List.of() : List.copyOf(ended);
      this.released = released == null ? List.of() : List.copyOf(released);
      this.ban = ban;
    }

    Flushed(
        List<VisibleRow> rows,
        List<HiddenRow> hidden,
        List<CursorsMoved> cursors,
        List<ConversationId> gone,
        List<DeviceSeen> seen,
        List<PendingPush> pendingPushes,
        List<PendingPush.Key> finishedPushes) {
      this(rows, hidden, cursors, gone, seen, pendingPushes, finishedPushes, null, null, null);
    }

    /**
     * An event with ended logins, and with the last-seen data that says which devices used them.
     */
    static Flushed logins(List<EndedLogin> ended, List<DeviceSeen> seen) {
      return new Flushed(null, null, null, null, seen, null, null, ended, null, null);
    }

    /** An event with a ban, or with its end. */
    static Flushed ban(Ban ban) {
      return new Flushed(null, null, null, null, null, null, null, null, null, ban);
    }

    /** An event with released push tokens, or with the confirmation of their release. */
    static Flushed releases(List<TokenRelease> released) {
      return new Flushed(null, null, null, null, null, null, null, null, released, null);
    }

    Flushed withPushes(List<PendingPush> nowPending, List<PendingPush.Key> finished) {
      return new Flushed(
          rows, hidden, cursors, gone, seen, nowPending, finished, ended, released, ban);
    }
  }

  /** The device cursors of one conversation, in their current form. */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record CursorsMoved(ConversationId id, long delivered, @Nullable DeviceCursors lag) {}

  /**
   * A device was alive.
   *
   * @param sid the login of its session; null if it has none
   * @param connected whether it has a session; false also if an older version wrote the event
   */
  record DeviceSeen(
      DeviceId deviceId,
      String client,
      long at,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String sid,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean connected) {
    public DeviceSeen {
      client = client == null ? "" : client;
    }

    DeviceSeen(DeviceId deviceId, String client, long at) {
      this(deviceId, client, at, null, false);
    }
  }
}
