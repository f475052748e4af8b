package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Profile;
import parley.serial.Stored;
import parley.snapshot.RemovalPlan;

/**
 * The stored form of a {@link UserState}: a copy that does not change while another thread writes
 * it. Fields may be added, never renamed or removed.
 *
 * @param profile null if the user was never created
 * @param revision the revision of the profile
 * @param announced the profile revision that every direct conversation has acknowledged
 * @param nextDevice the number of the next new device
 * @param lastSeenAt when any session was last alive, epoch milliseconds
 * @param forgotten whether a conversation was ever dropped for lack of room
 * @param pendingPushes push notifications that are pending for devices
 * @param ended logins that have ended lately, the oldest first
 * @param groups groups begun within the last day
 * @param releases released push tokens that their owner records have not confirmed yet
 * @param ban the last ban, unless it was lifted
 * @param removal which events may be removed
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record UserSnapshot(
    @Nullable Profile profile,
    long revision,
    long announced,
    long nextDevice,
    long lastSeenAt,
    boolean forgotten,
    @Nullable List<Device> devices,
    @Nullable List<VisibleRow> rows,
    @JsonProperty("parked") @Nullable List<HiddenRow> hidden,
    @JsonProperty("owed") @Nullable List<PendingPush> pendingPushes,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<EndedLogin> ended,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<StartedGroups.Begun> groups,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<TokenRelease> releases,
    @Nullable Ban ban,
    @Nullable RemovalPlan removal)
    implements Stored {
  UserSnapshot {
    ended = ended == null ? List.of() : List.copyOf(ended);
    groups = groups == null ? List.of() : List.copyOf(groups);
    releases = releases == null ? List.of() : List.copyOf(releases);
  }

  UserSnapshot withRemoval(RemovalPlan plan) {
    return new UserSnapshot(
        profile,
        revision,
        announced,
        nextDevice,
        lastSeenAt,
        forgotten,
        devices,
        rows,
        hidden,
        pendingPushes,
        ended,
        groups,
        releases,
        ban,
        plan);
  }

  @Override
  public String toString() {
    return "UserSnapshot[]";
  }
}
