package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;

/**
 * A device that has said hello.
 *
 * @param number its name in {@link DeviceCursors}; a new one when it has lost its data
 * @param client what it says it runs
 * @param seenAt when a session of it was last alive, epoch milliseconds
 * @param pushAt when the token was registered, epoch milliseconds; 0 where no version that knew it
 *     wrote it down, and that counts as long ago
 * @param logins the logins that it said hello with and that have not ended, the last one last; at
 *     most {@value #LOGINS}
 * @param pushClaim the number under which the token was claimed; 0 where it was not. See {@link
 *     PushTokens}. {@link #RELEASED} where its claim ended with a login
 * @param signedOut the login of its last hello has ended: nothing is pushed to it until the next
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
    long pushClaim) {
  /**
   * A {@code pushClaim}: the token's claim ended with the device's login. It is claimed anew at the
   * next hello, unless somebody else has it by then, and nothing is pushed until that is settled.
   */
  static final long RELEASED = -1;

  /** As many as an account keeps. */
  static final int LOGINS = 20;

  // What is empty is not written, and arrives as null.

  Device {
    client = client == null ? "" : client;
    logins = logins == null ? List.of() : List.copyOf(logins);
  }

  /** A device that no login is known of. */
  Device(
      DeviceId id,
      long number,
      String client,
      long seenAt,
      @Nullable String pushPlatform,
      @Nullable String pushToken,
      long pushAt) {
    this(id, number, client, seenAt, pushPlatform, pushToken, pushAt, null, false, 0);
  }

  /** Whether it has a push token that may be its own, and somebody is logged in. */
  boolean pushable() {
    return pushToken != null && !signedOut && pushClaim != RELEASED;
  }

  /** Whether its token is claimed. */
  boolean claims() {
    return pushToken != null && pushClaim > 0;
  }

  /** Whether its token is to be claimed anew. */
  boolean isToBeClaimed() {
    return pushToken != null && pushClaim == RELEASED && !signedOut;
  }

  /** What the token's owner is known by, or null where there is no token. */
  @Nullable String tokenHash() {
    return pushToken == null || pushPlatform == null
        ? null
        : PushTokens.hash(pushPlatform, pushToken);
  }

  /** Its token is claimed under this number now. */
  UserEvent claimedAnew(long claim) {
    return new UserEvent.PushTokenSet(id, pushPlatform, pushToken, pushAt, claim);
  }

  /** Never null, unlike what is written. */
  List<String> allLogins() {
    return logins == null ? List.of() : logins;
  }

  Device withPush(@Nullable String platform, @Nullable String token, long at, long claim) {
    return new Device(id, number, client, seenAt, platform, token, at, logins, signedOut, claim);
  }

  /**
   * A session of it was alive.
   *
   * @param sid the session's login; null where it has none, or none is known
   */
  Device seen(String newClient, long at, @Nullable String sid) {
    List<String> all = new ArrayList<>(allLogins());
    if (sid != null) {
      all.remove(sid);
      all.add(sid);
    }
    List<String> kept = all.subList(Math.max(0, all.size() - LOGINS), all.size());
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
        pushClaim);
  }

  /** A login has ended. */
  Device loginEnded(String sid) {
    List<String> all = allLogins();
    if (!all.contains(sid)) {
      return this;
    }
    boolean out = signedOut || all.getLast().equals(sid);
    List<String> rest = all.stream().filter(login -> !login.equals(sid)).toList();
    return new Device(
        id, number, client, seenAt, pushPlatform, pushToken, pushAt, rest, out, pushClaim);
  }

  @Override
  public String toString() {
    return "Device[" + id + ", number=" + number + "]";
  }
}
