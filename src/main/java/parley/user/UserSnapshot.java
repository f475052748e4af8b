package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.Profile;
import parley.serial.Stored;

/**
 * A {@link UserState} as the snapshot store keeps it: a copy that nobody changes while another
 * thread writes it. Fields may be added, never renamed or removed.
 *
 * @param profile null where the user was never made
 * @param revision of the profile
 * @param announced the revision every direct conversation is known to know
 * @param nextDevice the next device's number
 * @param lastSeenAt when any session was last alive, epoch milliseconds
 * @param forgotten whether anything ever had to go for lack of room
 * @param owed push notifications that devices are owed
 * @param ended logins that have ended lately, the oldest first
 * @param groups groups begun within the last day
 * @param releases push tokens that were let go, and whose owner records do not know yet
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
    @Nullable List<HiddenRow> parked,
    @Nullable List<PendingPush> owed,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<EndedLogin> ended,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<StartedGroups.Begun> groups,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<TokenRelease> releases)
    implements Stored {
  UserSnapshot {
    ended = ended == null ? List.of() : List.copyOf(ended);
    groups = groups == null ? List.of() : List.copyOf(groups);
    releases = releases == null ? List.of() : List.copyOf(releases);
  }

  UserSnapshot(
      @Nullable Profile profile,
      long revision,
      long announced,
      long nextDevice,
      long lastSeenAt,
      boolean forgotten,
      @Nullable List<Device> devices,
      @Nullable List<VisibleRow> rows,
      @Nullable List<HiddenRow> parked,
      @Nullable List<PendingPush> owed,
      @Nullable List<EndedLogin> ended,
      @Nullable List<StartedGroups.Begun> groups) {
    this(
        profile,
        revision,
        announced,
        nextDevice,
        lastSeenAt,
        forgotten,
        devices,
        rows,
        parked,
        owed,
        ended,
        groups,
        null);
  }

  UserSnapshot(
      @Nullable Profile profile,
      long revision,
      long announced,
      long nextDevice,
      long lastSeenAt,
      boolean forgotten,
      @Nullable List<Device> devices,
      @Nullable List<VisibleRow> rows,
      @Nullable List<HiddenRow> parked,
      @Nullable List<PendingPush> owed) {
    this(
        profile,
        revision,
        announced,
        nextDevice,
        lastSeenAt,
        forgotten,
        devices,
        rows,
        parked,
        owed,
        null,
        null);
  }

  @Override
  public String toString() {
    return "UserSnapshot[]";
  }
}
