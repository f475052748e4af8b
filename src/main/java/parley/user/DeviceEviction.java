package parley.user;

import java.util.Comparator;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.Limits;

/** The rule that says which device of a user is removed to make room for a new one. */
final class DeviceEviction {
  private final DeviceActivity activity;
  private final LiveSessions liveSessions;

  DeviceEviction(DeviceActivity activity, LiveSessions liveSessions) {
    this.activity = activity;
    this.liveSessions = liveSessions;
  }

  /** Whether a new device needs the place of another one. */
  boolean mustEvict(UserState state) {
    return state.devices().size() >= Limits.DEVICES;
  }

  /**
   * The device that can be evicted for a new one: of those that are not connected and not about to
   * come back, the one not seen for the longest time. Null if there is none.
   */
  @Nullable DeviceId evictable(UserState state, long now) {
    return state.devices().values().stream()
        .filter(device -> liveSessions.of(device.id()) == null)
        .filter(device -> !activity.mayComeBack(device, now))
        .min(Comparator.comparingLong(activity::seenAt).thenComparing(Device::id))
        .map(Device::id)
        .orElse(null);
  }
}
