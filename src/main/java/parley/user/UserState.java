package parley.user;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import parley.bounds.BoundedMap;
import parley.model.DeviceId;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * The state of a user according to its journal. Only {@link #apply} changes it. Changes that are
 * not persisted yet are kept in {@link UnsavedChanges}, so an acknowledgement that is derived from
 * this state is always true.
 */
final class UserState {
  private final UserId id;
  private final ConversationRows conversationRows = new ConversationRows();
  private final PushOutbox pushOutbox = new PushOutbox();
  private StartedGroups groups = new StartedGroups();
  private final Map<DeviceId, Device> devices = new LinkedHashMap<>();
  private final LinkedHashMap<String, EndedLogin> endedLogins = new LinkedHashMap<>();
  private final Map<String, TokenRelease> releases = BoundedMap.byAge(TokenRelease.MAX_UNCONFIRMED);
  private @Nullable Profile profile;
  private long revision;
  private long announced;
  private long nextDevice = 1;
  private long lastSeenAt;
  private boolean forgotten;
  private @Nullable Ban ban;

  UserState(UserId id) {
    this.id = id;
  }

  /** The profile, or null if the user was never created. */
  @Nullable Profile profile() {
    return profile;
  }

  long revision() {
    return revision;
  }

  boolean announced() {
    return announced == revision;
  }

  long nextDevice() {
    return nextDevice;
  }

  long lastSeenAt() {
    return lastSeenAt;
  }

  boolean forgotten() {
    return forgotten;
  }

  /** The devices by id; a view that cannot be changed. */
  Map<DeviceId, Device> devices() {
    return Collections.unmodifiableMap(devices);
  }

  ConversationRows rows() {
    return conversationRows;
  }

  PushOutbox outbox() {
    return pushOutbox;
  }

  /** Whether this login has ended. A session with one of its tokens cannot attach. */
  boolean hasLoginEnded(@Nullable String sid) {
    return sid != null && endedLogins.containsKey(sid);
  }

  /** The ended logins that the account has not confirmed yet. */
  List<EndedLogin> unconfirmedLogins() {
    return endedLogins.values().stream().filter(login -> !login.confirmed()).toList();
  }

  /** The ended login with this id, or null. */
  @Nullable EndedLogin endedLogin(String sid) {
    return endedLogins.get(sid);
  }

  /** The last ban, which may have ended by the clock; null if there was none or it was lifted. */
  @Nullable Ban ban() {
    return ban;
  }

  /** What the user is refused with at this time, or null if it is not banned. */
  @Nullable Refusal banRefusal(long now) {
    return ban == null ? null : ban.refusal(now);
  }

  StartedGroups groups() {
    return groups;
  }

  /** The device with this number, or null. */
  @Nullable Device device(long number) {
    for (Device device : devices.values()) {
      if (device.number() == number) {
        return device;
      }
    }
    return null;
  }

  /**
   * Released push tokens that their owner records have not confirmed yet, by hash; a view that
   * cannot be changed.
   */
  Map<String, TokenRelease> releases() {
    return Collections.unmodifiableMap(releases);
  }

  /** The device that has a claim on the token with this hash, or null. */
  @Nullable Device holderOf(String hash) {
    for (Device device : devices.values()) {
      if (device.claims() && hash.equals(device.tokenHash())) {
        return device;
      }
    }
    return null;
  }

  /** The number of the claim that a device has on the token with this hash, or 0. */
  long claimOf(String hash) {
    Device holder = holderOf(hash);
    return holder == null ? 0 : holder.pushClaim();
  }

  /** The numbers of all devices. */
  Set<Long> deviceNumbers() {
    return devices.values().stream().map(Device::number).collect(Collectors.toUnmodifiableSet());
  }

  /** Applies the event to this state and returns it. */
  UserState apply(UserEvent event) {
    switch (event) {
      case UserEvent.Created e -> profile = new Profile(id, e.username(), e.displayName(), null);
      case UserEvent.ProfileChanged e -> changeProfile(e);
      case UserEvent.ProfileAnnounced e -> announced = e.revision();
      case UserEvent.DeviceAdded e -> addDevice(e);
      case UserEvent.DeviceRemoved e -> {
        List<Device> before = List.copyOf(devices.values());
        devices.remove(e.deviceId());
        endLogins(e.ended());
        recordReleases(before, 0);
        dropUnpushable();
      }
      case UserEvent.PushTokenSet e -> setPushToken(e);
      case UserEvent.GroupBegun e -> groups.add(e.group());
      case UserEvent.Flushed e -> flush(e);
    }
    return this;
  }

  private void changeProfile(UserEvent.ProfileChanged e) {
    String username = profile == null ? id.value() : profile.username();
    profile = new Profile(id, username, e.displayName(), e.avatarUrl());
    revision = e.revision();
  }

  private void setPushToken(UserEvent.PushTokenSet e) {
    String token = e.token();
    List<Device> before = new ArrayList<>(devices.values());
    if (token != null) {
      devices.replaceAll(
          (id, device) ->
              token.equals(device.pushToken()) && !id.equals(e.deviceId())
                  ? device.withPush(null, null, 0, 0)
                  : device);
    }
    devices.computeIfPresent(
        e.deviceId(),
        (d, device) ->
            device.withPush(
                e.platform(), token, token == null ? 0 : e.at(), token == null ? 0 : e.claim()));
    before.addAll(devices.values());
    recordReleases(before, token == null ? e.claim() : 0);
    dropUnpushable();
  }

  /**
   * Records the push tokens that devices had claimed and no longer have, so that they are released.
   * A device without a login keeps its token but loses its claim. The result depends on the journal
   * alone, so tokens that earlier versions did not release are released too.
   *
   * @param had the devices that may have had claims, before and after the change
   * @param taken claims with a lower number already belong to another user, and are not released
   */
  private void recordReleases(List<Device> had, long taken) {
    devices.replaceAll(
        (id, device) ->
            device.signedOut() && device.claims()
                ? device.withPush(
                    device.pushPlatform(), device.pushToken(), device.pushAt(), Device.RELEASED)
                : device);
    for (Device device : had) {
      String hash = device.claims() && device.pushClaim() >= taken ? device.tokenHash() : null;
      if (hash != null && holderOf(hash) == null) {
        release(new TokenRelease(hash, device.pushClaim(), false));
      }
    }
    releases.keySet().removeIf(hash -> holderOf(hash) != null);
  }

  private void release(TokenRelease one) {
    TokenRelease known = releases.get(one.hash());
    if (one.confirmed()) {
      if (known != null && known.claim() <= one.claim()) {
        releases.remove(one.hash());
      }
    } else if (known == null || known.claim() < one.claim()) {
      releases.put(one.hash(), one);
    }
  }

  /** Drops the pending pushes of devices that cannot receive a push. */
  private void dropUnpushable() {
    pushOutbox.retainDevices(
        devices.values().stream()
            .filter(Device::pushable)
            .map(Device::number)
            .collect(Collectors.toUnmodifiableSet()));
  }

  private void addDevice(UserEvent.DeviceAdded e) {
    List<Device> before = List.copyOf(devices.values());
    if (e.evicted() != null) {
      devices.remove(e.evicted());
    }
    Device old = devices.get(e.deviceId());
    // A device that has lost its data keeps its push token.
    devices.put(
        e.deviceId(),
        new Device(
                e.deviceId(),
                e.number(),
                e.client(),
                e.at(),
                old == null ? null : old.pushPlatform(),
                old == null ? null : old.pushToken(),
                old == null ? 0 : old.pushAt(),
                old == null ? null : old.logins(),
                false,
                old == null ? 0 : old.pushClaim(),
                true)
            .seen(e.client(), e.at(), e.sid(), true));
    recordReleases(before, 0);
    dropUnpushable();
    nextDevice = e.number() + 1;
    lastSeenAt = Math.max(lastSeenAt, e.at());
  }

  private void flush(UserEvent.Flushed e) {
    e.rows().forEach(conversationRows::put);
    e.hidden().forEach(conversationRows::put);
    for (UserEvent.CursorsMoved moved : e.cursors()) {
      ConversationRow conversationRow = conversationRows.get(moved.id());
      if (conversationRow != null) {
        DeviceCursors lag = moved.lag() == null ? DeviceCursors.NONE : moved.lag();
        conversationRows.put(conversationRow.withCursors(lag, moved.delivered()));
      }
    }
    e.gone().forEach(conversationRows::remove);
    e.pendingPushes().forEach(pushOutbox::put);
    e.finishedPushes().forEach(pushOutbox::remove);
    forgotten |= !e.gone().isEmpty();
    for (UserEvent.DeviceSeen seen : e.seen()) {
      devices.computeIfPresent(
          seen.deviceId(),
          (d, device) -> device.seen(seen.client(), seen.at(), seen.sid(), seen.connected()));
      lastSeenAt = Math.max(lastSeenAt, seen.at());
    }
    if (e.ban() != null) {
      ban = e.ban().lifted() ? null : e.ban();
    }
    e.released().forEach(this::release);
    if (!e.ended().isEmpty()) {
      List<Device> before = List.copyOf(devices.values());
      endLogins(e.ended());
      recordReleases(before, 0);
      dropUnpushable();
    }
  }

  private void endLogins(@Nullable List<EndedLogin> ended) {
    for (EndedLogin login : orEmpty(ended)) {
      endedLogins.remove(login.sid());
      endedLogins.put(login.sid(), login);
      devices.replaceAll((id, device) -> device.loginEnded(login.sid()));
      endedLogins
          .values()
          .removeIf(old -> old.confirmed() && old.at() + EndedLogin.REMEMBER_MILLIS < login.at());
    }
    while (endedLogins.size() > EndedLogin.MAX_REMEMBERED) {
      EndedLogin oldest =
          endedLogins.values().stream()
              .filter(EndedLogin::confirmed)
              .findFirst()
              .orElseGet(() -> endedLogins.values().iterator().next());
      endedLogins.remove(oldest.sid());
    }
  }

  /** A copy for the snapshot store. Its parts are immutable. */
  UserSnapshot toSnapshot() {
    return new UserSnapshot(
        profile,
        revision,
        announced,
        nextDevice,
        lastSeenAt,
        forgotten,
        List.copyOf(devices.values()),
        List.copyOf(conversationRows.rows().values()),
        new ArrayList<>(conversationRows.hidden().values()),
        List.copyOf(pushOutbox.all()),
        List.copyOf(endedLogins.values()),
        groups.all(),
        List.copyOf(releases.values()),
        ban,
        null);
  }

  /** About how many bytes a snapshot has, compressed: most of it are rows. */
  long snapshotBytes() {
    return 1_000
        + 180L * conversationRows.rows().size()
        + 60L * conversationRows.hidden().size()
        + 120L * pushOutbox.all().size()
        + 40L * (endedLogins.size() + groups.all().size())
        + 200L * devices.size();
  }

  /** Restores the state from a snapshot. */
  static UserState of(UserId id, UserSnapshot snapshot) {
    UserState state = new UserState(id);
    state.profile = snapshot.profile();
    state.revision = snapshot.revision();
    state.announced = snapshot.announced();
    state.nextDevice = Math.max(1, snapshot.nextDevice());
    state.lastSeenAt = snapshot.lastSeenAt();
    state.forgotten = snapshot.forgotten();
    orEmpty(snapshot.devices()).forEach(device -> state.devices.put(device.id(), device));
    orEmpty(snapshot.rows()).forEach(state.conversationRows::put);
    orEmpty(snapshot.hidden()).forEach(state.conversationRows::put);
    orEmpty(snapshot.pendingPushes()).forEach(state.pushOutbox::put);
    orEmpty(snapshot.ended()).forEach(login -> state.endedLogins.put(login.sid(), login));
    orEmpty(snapshot.releases()).forEach(one -> state.releases.put(one.hash(), one));
    state.groups = StartedGroups.of(snapshot.groups());
    state.ban = snapshot.ban();
    return state;
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }
}
