package parley.user;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;

/**
 * The user's side of push token ownership ({@link PushTokens}): claims and releases in flight, and
 * the events that follow from their answers.
 *
 * <p>A release stays in the journal ({@link TokenRelease}) until the owner record confirms it. So
 * does a token that must be claimed again after a logout ({@link Device#RELEASED}). While a claim
 * is in flight, another user may claim the token, or another device of this user may release it.
 * The number of the claim up to which this has happened is kept as long as <em>any</em> claim of
 * the token is in flight, so that none of their answers restores the token.
 *
 * <p>What an owner record does not answer is sent again after 5 s, then after pauses that double up
 * to 5 min. An answer makes the next pause short again. The user stays in memory until then.
 */
final class TokenClaims {
  private static final Duration FIRST_RETRY = Duration.ofSeconds(5);
  private static final Duration LAST_RETRY = Duration.ofMinutes(5);

  /** The result of a command: an event to be persisted, or null, and the action that follows. */
  record Step(@Nullable UserEvent event, Runnable then) {
    static Step none() {
      return new Step(null, () -> {});
    }
  }

  /** The claims of one token that are in flight: as many as there are calls that wait for them. */
  private static final class Claiming {
    private int calls;
    private long lostBefore;
  }

  private final UserId id;
  private final PushTokens.Claims tokens;
  private final ActorContext<User.Command> context;
  private final TimerScheduler<User.Command> timers;
  private final Map<String, Claiming> claimsInFlight = new HashMap<>(0);
  private final Set<String> releasesInFlight = new HashSet<>(0);
  private final Set<String> reclaimsInFlight = new HashSet<>(0);
  private Duration retryAfter = FIRST_RETRY;

  TokenClaims(
      UserId id,
      PushTokens.Claims tokens,
      ActorContext<User.Command> context,
      TimerScheduler<User.Command> timers) {
    this.id = id;
    this.tokens = tokens;
    this.context = context;
    this.timers = timers;
  }

  // ---- registering

  /** A device registers a token or removes its own. */
  Step set(UserState state, User.SetPushToken c, long now) {
    Device device = state.devices().get(c.deviceId());
    String token = c.token();
    if (device == null) {
      return reply(c, noSuchDevice());
    }
    if (token == null) {
      return device.pushToken() == null
          ? reply(c, new User.Done())
          : new Step(
              new UserEvent.PushTokenSet(c.deviceId(), null, null, 0),
              () -> c.replyTo().tell(new User.Done()));
    }
    String hash = PushTokens.hash(c.platform(), token);
    claimStarted(hash);
    CompletableFuture<Long> claim =
        tokens.claim(id, hash, state.claimOf(hash), false).toCompletableFuture();
    Long nr = claim.isCompletedExceptionally() ? null : claim.getNow(null);
    if (nr != null) { // Completed at once.
      return claimed(state, new UserInternal.TokenClaimed(c, hash, nr), now);
    }
    context.pipeToSelf(
        claim,
        (number, failure) ->
            new UserInternal.TokenClaimed(c, hash, failure == null ? number : null));
    return Step.none();
  }

  /** Handles the answer to the claim of {@link #set}. */
  Step claimed(UserState state, UserInternal.TokenClaimed c, long now) {
    User.SetPushToken command = c.command();
    Long nr = c.nr();
    long lost = claimAnswered(c.hash());
    if (nr == null || nr < lost) {
      return reply(
          command,
          new User.Refused(Refusal.unavailable("another user may have this token; ask again")));
    }
    long claim = Math.max(nr, state.claimOf(c.hash()));
    if (!state.devices().containsKey(command.deviceId())) {
      return new Step(
          claimWithoutDevice(state, c.hash(), claim), () -> command.replyTo().tell(noSuchDevice()));
    }
    // Persisted also if the token is the same: a provider that reports a token as gone says since
    // when, and compares with this time.
    return new Step(
        new UserEvent.PushTokenSet(
            command.deviceId(), command.platform(), command.token(), now, claim),
        () -> command.replyTo().tell(new User.Done()));
  }

  /** Another user has claimed the token. */
  Step lose(UserState state, User.LosePushToken c) {
    noteLost(c.hash(), c.before());
    Runnable answer = () -> c.replyTo().tell(new User.Done());
    for (Device device : state.devices().values()) {
      // No two devices of a user have the same token.
      if (device.pushClaim() < c.before() && c.hash().equals(device.tokenHash())) {
        return new Step(new UserEvent.PushTokenSet(device.id(), null, null, 0, c.before()), answer);
      }
    }
    return new Step(null, answer);
  }

  // ---- releasing and reclaiming

  /** Sends the releases and claims that are due according to the journal and are not in flight. */
  void sendDue(UserState state) {
    for (TokenRelease release : state.releases().values()) {
      // The release also ends a claim in flight that is answered with this very number.
      noteLost(release.hash(), release.claim() + 1);
      if (releasesInFlight.add(release.hash())) {
        context.pipeToSelf(
            tokens.release(id, release.hash(), release.claim()),
            (done, failure) ->
                new UserInternal.TokenReleased(release.hash(), release.claim(), failure == null));
      }
    }
    for (Device device : state.devices().values()) {
      if (device.isToBeClaimed()) {
        reclaim(device.id(), Objects.requireNonNull(device.tokenHash()));
      }
    }
  }

  private void reclaim(DeviceId device, String hash) {
    if (reclaimsInFlight.add(hash)) {
      claimStarted(hash);
      context.pipeToSelf(
          tokens.claim(id, hash, 0, true),
          (nr, failure) ->
              new UserInternal.TokenReclaimed(device, hash, failure == null ? nr : null));
    }
  }

  /** Handles the answer of the owner record to a release, or its failure. */
  Step released(UserState state, UserInternal.TokenReleased c) {
    releasesInFlight.remove(c.hash());
    TokenRelease due = state.releases().get(c.hash());
    if (!c.known()) {
      scheduleRetry();
      return Step.none();
    }
    retryAfter = FIRST_RETRY;
    if (due != null && due.claim() <= c.claim()) {
      return new Step(UserEvent.Flushed.releases(List.of(due.confirm())), () -> {});
    } else if (due != null) { // Claimed and released again meanwhile.
      sendDue(state);
    }
    return Step.none();
  }

  /** Handles the answer to a claim that was repeated after a logout. */
  Step reclaimed(UserState state, UserInternal.TokenReclaimed c) {
    reclaimsInFlight.remove(c.hash());
    long lost = claimAnswered(c.hash());
    Long nr = c.nr();
    Device device = state.devices().get(c.deviceId());
    boolean waits =
        device != null
            && device.pushClaim() == Device.RELEASED
            && c.hash().equals(device.tokenHash());
    if (nr != null) {
      retryAfter = FIRST_RETRY;
    }
    if (nr != null && nr == PushTokens.TAKEN) {
      return waits && device != null
          ? new Step(new UserEvent.PushTokenSet(device.id(), null, null, 0), () -> {})
          : Step.none();
    }
    if (nr == null || nr < lost) {
      scheduleRetry();
      return Step.none();
    }
    long claim = Math.max(nr, state.claimOf(c.hash()));
    return new Step(
        waits && device != null
            ? device.claimedAnew(claim)
            : claimWithoutDevice(state, c.hash(), claim),
        () -> {});
  }

  /** Whether nothing is in flight or due. */
  boolean canPassivate(UserState state) {
    return claimsInFlight.isEmpty()
        && state.releases().isEmpty()
        && state.devices().values().stream().noneMatch(Device::isToBeClaimed);
  }

  /**
   * The event for a claim whose device has lost the token: another device that has the token gets
   * the claim, or the claim is released.
   */
  private static @Nullable UserEvent claimWithoutDevice(UserState state, String hash, long claim) {
    Device holder = state.holderOf(hash);
    if (holder != null) {
      return holder.claimedAnew(claim);
    }
    return claim > 0
        ? UserEvent.Flushed.releases(List.of(new TokenRelease(hash, claim, false)))
        : null;
  }

  /** Schedules the next try, unless one is scheduled already: several may fail at once. */
  private void scheduleRetry() {
    if (timers.isTimerActive(UserInternal.TokensDue.class)) {
      return;
    }
    timers.startSingleTimer(UserInternal.TokensDue.class, new UserInternal.TokensDue(), retryAfter);
    Duration longer = retryAfter.multipliedBy(2);
    retryAfter = longer.compareTo(LAST_RETRY) > 0 ? LAST_RETRY : longer;
  }

  private void claimStarted(String hash) {
    claimsInFlight.computeIfAbsent(hash, h -> new Claiming()).calls++;
  }

  /**
   * A claim was answered. Returns the number below which claims were lost while it was in flight.
   */
  private long claimAnswered(String hash) {
    Claiming all = claimsInFlight.get(hash);
    if (all == null) {
      return 0;
    }
    all.calls--;
    if (all.calls <= 0) {
      claimsInFlight.remove(hash);
    }
    return all.lostBefore;
  }

  private void noteLost(String hash, long before) {
    Claiming all = claimsInFlight.get(hash);
    if (all != null) {
      all.lostBefore = Math.max(all.lostBefore, before);
    }
  }

  private static Step reply(User.SetPushToken c, User.DoneReply answer) {
    return new Step(null, () -> c.replyTo().tell(answer));
  }

  private static User.Refused noSuchDevice() {
    return new User.Refused(Refusal.of(ErrorCode.NOT_FOUND, "no such device"));
  }
}
