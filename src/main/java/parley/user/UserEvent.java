package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.DeviceId;
import parley.serial.Stored;

/**
 * What a user's journal holds. Every event carries values, never differences, so that replay can
 * only arrive where the entity was. Names and fields stay readable for ever. A text that is empty
 * is not written and arrives as null: where that means something else it is made empty again.
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

  /** There is such a user. */
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

  /** The profile is this now; conversations are still to be told. */
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

  /** Every direct conversation knows the profile of this revision. */
  record ProfileAnnounced(long revision) implements UserEvent {}

  /**
   * A device is here for the first time, or has lost its data: whatever was known of its cursors
   * ends with its old number.
   *
   * @param evicted the device that made room, or null
   * @param sid the login it said hello with, or null
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
   * A device is forgotten.
   *
   * @param ended the logins that end with it
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
   * A device can be pushed to, or (null) no longer. Another device of the user with the same token
   * is the same phone under another name, and loses it.
   *
   * @param at when, epoch milliseconds; 0 where an older version wrote it
   * @param claim the number under which the token was claimed, see {@link PushTokens}; 0 where it
   *     was not. Without a token: the number of the other user's claim that took it, so that there
   *     is nothing to release; 0 where the user has let it go
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

  /** The user is about to make a group. */
  record GroupBegun(StartedGroups.Begun group) implements UserEvent {}

  /**
   * What has changed since the last time, or a bounded part of it.
   *
   * @param rows rows as they are now
   * @param parked conversations that left the inbox, as they are now
   * @param cursors where only devices have moved
   * @param gone conversations of which nothing is kept any more
   * @param seen devices that were alive
   * @param owed push notifications that devices are owed, as they are now
   * @param pushed those that devices are owed no longer
   * @param ended logins that have ended, as they are now
   * @param released push tokens that the user has let go, as they are now
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Flushed(
      List<VisibleRow> rows,
      List<HiddenRow> parked,
      List<CursorsMoved> cursors,
      List<ConversationId> gone,
      List<DeviceSeen> seen,
      List<PendingPush> owed,
      List<PendingPush.Key> pushed,
      List<EndedLogin> ended,
      List<TokenRelease> released)
      implements UserEvent {
    // Absent lists arrive as null.

    public Flushed(
        @Nullable List<VisibleRow> rows,
        @Nullable List<HiddenRow> parked,
        @Nullable List<CursorsMoved> cursors,
        @Nullable List<ConversationId> gone,
        @Nullable List<DeviceSeen> seen,
        @Nullable List<PendingPush> owed,
        @Nullable List<PendingPush.Key> pushed,
        @Nullable List<EndedLogin> ended,
        @Nullable List<TokenRelease> released) {
      this.rows = rows == null ? List.of() : List.copyOf(rows);
      this.parked = parked == null ? List.of() : List.copyOf(parked);
      this.cursors = cursors == null ? List.of() : List.copyOf(cursors);
      this.gone = gone == null ? List.of() : List.copyOf(gone);
      this.seen = seen == null ? List.of() : List.copyOf(seen);
      this.owed = owed == null ? List.of() : List.copyOf(owed);
      this.pushed = pushed == null ? List.of() : List.copyOf(pushed);
      this.ended = ended == null ? List.of() : List.copyOf(ended);
      this.released = released == null ? List.of() : List.copyOf(released);
    }

    Flushed(
        List<VisibleRow> rows,
        List<HiddenRow> parked,
        List<CursorsMoved> cursors,
        List<ConversationId> gone,
        List<DeviceSeen> seen,
        List<PendingPush> owed,
        List<PendingPush.Key> pushed) {
      this(rows, parked, cursors, gone, seen, owed, pushed, null, null);
    }

    /** Only logins have ended, of devices that were seen like this. */
    static Flushed logins(List<EndedLogin> ended, List<DeviceSeen> seen) {
      return new Flushed(null, null, null, null, seen, null, null, ended, null);
    }

    /** Only push tokens were let go, or that is known. */
    static Flushed releases(List<TokenRelease> released) {
      return new Flushed(null, null, null, null, null, null, null, null, released);
    }

    Flushed withPushes(List<PendingPush> nowOwed, List<PendingPush.Key> noLonger) {
      return new Flushed(rows, parked, cursors, gone, seen, nowOwed, noLonger, ended, released);
    }
  }

  /** The device cursors of one conversation as they are now. */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record CursorsMoved(ConversationId id, long delivered, @Nullable DeviceCursors lag) {}

  /**
   * A device was alive.
   *
   * @param sid the login of its session; null where it has none
   */
  record DeviceSeen(
      DeviceId deviceId,
      String client,
      long at,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String sid) {
    public DeviceSeen {
      client = client == null ? "" : client;
    }

    DeviceSeen(DeviceId deviceId, String client, long at) {
      this(deviceId, client, at, null);
    }
  }
}
