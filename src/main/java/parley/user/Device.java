package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;

/**
 * A device that has attached at least once.
 *
 * @param number the device's name in {@link DeviceCursors}; a device that has lost its data gets a
 *     new one
 * @param client the name of its client software, as it reports it
 * @param seenAt when a session of the device was last alive, epoch milliseconds
 * @param pushAt when the token was registered, epoch milliseconds; 0 if a version that did not
 *     record it wrote the device, which counts as long ago
 * @param logins the logins that the device has used and that have not ended, the latest last; at
 *     most {@value #MAX_LOGINS}. The user does not know which of them have expired. A login that is
 *     dropped for a newer one must end ({@link #loginDroppedFor}), or it would survive the device
 * @param pushClaim the number of the claim of the token, see {@link PushTokens}; 0 if the token was
 *     not claimed; {@link #RELEASED} if the claim ended with a login
 * @param signedOut the login of the device's last hello has ended: it gets no push until the next
 *     hello
 * @param connected whether the device had a session when the journal last heard of it; false also
 *     if an older version wrote that
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record Device(
    DeviceId id,
    long number,
    String client,
    long seenAt,
    @Nullable String pushPlatform,
    @Nullable String pushToken,
    long pushAt,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable List<String> logins,
    boolean signedOut,
    long pushClaim,
    boolean connected) {
  /**
   * A {@code pushClaim}: the claim of the token ended with the device's login. The device claims
   * the token again at its next hello, unless another user owns it by then, and gets no push until
   * that is settled.
   */
  static final long RELEASED = -1;

  /** The most logins that are kept: as many as an account keeps. */
  static final int MAX_LOGINS = 20;

  // An empty text is not written and is read as null.

  Device {
    client = client == null ? "" : client;
    logins = logins == null ? List.of() : List.copyOf(logins);
  }

  /** A device without a known login. */
  Device(
      DeviceId id,
      long number,
      String client,
      long seenAt,
      @Nullable String pushPlatform,
      @Nullable String pushToken,
      long pushAt) {
    this(id, number, client, seenAt, pushPlatform, pushToken, pushAt, null, false, 0, false);
  }

  /**
   * Whether the device can receive a push: it is logged in, and has a token whose claim is not
   * open.
   */
  boolean pushable() {
    return pushToken != null && !signedOut && pushClaim != RELEASED;
  }

  /**
   * Whether a session of this client changes more than the time at which the device was last seen.
   */
  boolean isKnownOtherwise(String newClient) {
    return signedOut || pushClaim == RELEASED || !client.equals(newClient);
  }

  /** Whether the device has a claim on its token. */
  boolean claims() {
    return pushToken != null && pushClaim > 0;
  }

  /** Whether the device must claim its token again. */
  boolean isToBeClaimed() {
    return pushToken != null && pushClaim == RELEASED && !signedOut;
  }

  /** The id of the token's owner record, or null without a token. */
  @Nullable String tokenHash() {
    return pushToken == null || pushPlatform == null
        ? null
        : PushTokens.hash(pushPlatform, pushToken);
  }

  /** The event that gives the device's token this claim. */
  UserEvent claimedAnew(long claim) {
    return new UserEvent.PushTokenSet(id, pushPlatform, pushToken, pushAt, claim);
  }

  /** The logins; never null, unlike the stored field. */
  List<String> allLogins() {
    return logins == null ? List.of() : logins;
  }

  Device withPush(@Nullable String platform, @Nullable String token, long at, long claim) {
    return new Device(
        id, number, client, seenAt, platform, token, at, logins, signedOut, claim, connected);
  }

  /**
   * A copy after a session of the device was alive.
   *
   * @param sid the session's login; null if it has none or none is known
   * @param isConnected whether the session goes on
   */
  Device seen(String newClient, long at, @Nullable String sid, boolean isConnected) {
    List<String> all = new ArrayList<>(allLogins());
    if (sid != null) {
      all.remove(sid);
      all.add(sid);
    }
    List<String> kept = all.subList(Math.max(0, all.size() - MAX_LOGINS), all.size());
    return new Device(
        id,
        number,
        newClient,
        Math.max(seenAt, at),
        pushPlatform,
        pushToken,
        pushAt,
        kept,
        false,
        pushClaim,
        isConnected);
  }

  /** Whether the removal of the device ends this login. True for no login. */
  boolean isBoundTo(@Nullable String sid) {
    return sid == null || allLogins().contains(sid);
  }

  /** Whether the device has used no other login since this one. True for no login. */
  boolean usedLast(@Nullable String sid) {
    return sid == null || (!allLogins().isEmpty() && allLogins().getLast().equals(sid));
  }

  /** The login that {@link #seen} with this login drops, or null. */
  @Nullable String loginDroppedFor(@Nullable String sid) {
    return isBoundTo(sid) || allLogins().size() < MAX_LOGINS ? null : allLogins().getFirst();
  }

  /** A copy after a login has ended. If it is the one used last, its session has ended with it. */
  Device loginEnded(String sid) {
    List<String> all = allLogins();
    if (!all.contains(sid)) {
      return this;
    }
    boolean out = signedOut || all.getLast().equals(sid);
    List<String> rest = all.stream().filter(login -> !login.equals(sid)).toList();
    return new Device(
        id,
        number,
        client,
        seenAt,
        pushPlatform,
        pushToken,
        pushAt,
        rest,
        out,
        pushClaim,
        connected && !out);
  }

  @Override
  public String toString() {
    return "Device[" + id + ", number=" + number + "]";
  }
}
