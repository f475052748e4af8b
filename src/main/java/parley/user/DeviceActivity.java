package parley.user;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.DeviceView;

/**
 * When the devices of a user were last here, with which login, and which of them may be about to
 * come back. In memory it is exact. The journal gets it when a session begins or ends, and with
 * events that are written anyway.
 */
final class DeviceActivity {
  /** How far the last-seen time of a live device in the journal may lag, approximately. */
  private static final long LAST_SEEN_STEP_MILLIS = 60_000;

  private final UnsavedChanges unsavedChanges;
  private final LiveSessions liveSessions;
  private final long startedAt;

  /**
   * Devices whose sessions have attached since this incarnation began. At most as many as a user
   * may have, and those evicted since the last attach.
   */
  private final Set<DeviceId> attachedBefore = new HashSet<>();

  private long lastSeenAt;

  /**
   * The activity since the incarnation began.
   *
   * @param now when it began, epoch milliseconds
   * @param lastSeenAt when any device was seen before, epoch milliseconds; 0 for never
   */
  DeviceActivity(
      UnsavedChanges unsavedChanges, LiveSessions liveSessions, long now, long lastSeenAt) {
    this.unsavedChanges = unsavedChanges;
    this.liveSessions = liveSessions;
    this.startedAt = now;
    this.lastSeenAt = lastSeenAt;
  }

  /** When any device was last seen, epoch milliseconds. */
  long lastSeenAt() {
    return lastSeenAt;
  }

  /** A session of the device has attached; these are all devices of the user. */
  void attached(DeviceId device, Collection<DeviceId> devices) {
    attachedBefore.add(device);
    attachedBefore.retainAll(devices);
  }

  /** The device was removed. */
  void removed(DeviceId device) {
    attachedBefore.remove(device);
    unsavedChanges.forgetDevice(device);
  }

  /**
   * Updates the last-seen time of live devices, before an event is written. A device that was
   * connected before this incarnation began, and has not come back in time, is noted as gone.
   */
  void refreshLastSeen(UserState state, long now) {
    for (Device device : state.devices().values()) {
      boolean gone = device.connected() && liveSessions.of(device.id()) == null;
      if (gone && !device.signedOut() && !isYoung(now) && unsavedChanges.seenAt(device.id()) == 0) {
        unsavedChanges.seen(
            new UserEvent.DeviceSeen(device.id(), device.client(), device.seenAt(), null, false));
      }
    }
    for (LiveSessions.LiveSession session : liveSessions.all()) {
      Device device = state.devices().get(session.device());
      if (device != null && device.seenAt() + LAST_SEEN_STEP_MILLIS < now) {
        seen(session.device(), session.client(), now, session.sid(), true);
      }
    }
  }

  /**
   * The device was alive at this time.
   *
   * @param connected whether its session goes on
   */
  void seen(DeviceId device, String client, long now, @Nullable String sid, boolean connected) {
    unsavedChanges.seen(new UserEvent.DeviceSeen(device, client, now, sid, connected));
    lastSeenAt = Math.max(lastSeenAt, now);
  }

  /**
   * Whether a device is connected, or was connected before this incarnation began and may come
   * back.
   */
  boolean anyConnected(UserState state, long now) {
    return !liveSessions.isEmpty()
        || state.devices().values().stream().anyMatch(device -> mayComeBack(device, now));
  }

  /**
   * The logins that end with the device: every login that it has used and that has not ended
   * before.
   */
  List<EndedLogin> loginsOf(UserState state, Device device, long now) {
    Set<String> sids = new LinkedHashSet<>(device.allLogins());
    LiveSessions.LiveSession session = liveSessions.of(device.id());
    for (String sid :
        new String[] {
          unsavedChanges.loginOf(device.id()), session == null ? null : session.sid()
        }) {
      if (sid != null) {
        sids.add(sid);
      }
    }
    return sids.stream()
        .filter(sid -> !state.hasLoginEnded(sid))
        .map(sid -> new EndedLogin(sid, now, false))
        .toList();
  }

  /** The devices as a client sees them, the one seen last first. */
  List<DeviceView> devices(UserState state, long now) {
    return state.devices().values().stream()
        .map(
            device -> {
              boolean online = liveSessions.of(device.id()) != null;
              return new DeviceView(
                  device.id(), device.client(), online, online ? now : seenAt(device));
            })
        .sorted(
            Comparator.comparingLong(DeviceView::lastSeenAt)
                .reversed()
                .thenComparing(DeviceView::deviceId))
        .toList();
  }

  /** When the device was last seen, epoch milliseconds. */
  long seenAt(Device device) {
    return Math.max(device.seenAt(), unsavedChanges.seenAt(device.id()));
  }

  /**
   * Whether the device counts as connected although it has no session. After this user has moved to
   * another node, its sessions attach one by one.
   */
  boolean mayComeBack(Device device, long now) {
    return isYoung(now)
        && !attachedBefore.contains(device.id())
        && (device.connected() || seenAt(device) + 2 * LAST_SEEN_STEP_MILLIS >= now);
  }

  /** Whether the sessions of an earlier incarnation may still be on their way to this one. */
  private boolean isYoung(long now) {
    return now - startedAt <= 2 * LAST_SEEN_STEP_MILLIS;
  }
}
