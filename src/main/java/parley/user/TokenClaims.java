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
 * The user's side of whose a push token is ({@link PushTokens}): claims and releases that are on
 * their way, and what is to be written when an answer comes.
 *
 * <p>What is to be released stands in the journal ({@link TokenRelease}) until the owner record
 * knows, and so does what is to be claimed anew after a logout ({@link Device#RELEASED}). While a
 * claim is on its way, the token may be lost to another user, or let go by another device of this
 * one; the number up to which that is so is kept for as long as <em>any</em> claim of it is on its
 * way, so that none of them brings the token back.
 */
final class TokenClaims {
  private static final Duration AGAIN = Duration.ofSeconds(5);

  /** What comes of a command: an event to be persisted, if there is one, and what follows. */
  record Step(@Nullable UserEvent event, Runnable then) {
    static Step none() {
      return new Step(null, () -> {});
    }
  }

  /** Claims of one token that are on their way. As many as calls that wait for them. */
  private static final class Claiming {
    private int calls;
    private long lost;
  }

  private final UserId id;
  private final PushTokens.Claims tokens;
  private final ActorContext<User.Command> context;
  private final TimerScheduler<User.Command> timers;
  private final Map<String, Claiming> claiming = new HashMap<>(0);
  private final Set<String> releasing = new HashSet<>(0);
  private final Set<String> reclaiming = new HashSet<>(0);

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

  /** A device registers a token, or removes its own. */
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
    begin(hash);
    CompletableFuture<Long> claim =
        tokens.claim(id, hash, state.claimOf(hash), false).toCompletableFuture();
    Long nr = claim.isCompletedExceptionally() ? null : claim.getNow(null);
    if (nr != null) { // Nobody else has to be asked.
      return claimed(state, new UserInternal.TokenClaimed(c, hash, nr), now);
    }
    context.pipeToSelf(
        claim,
        (number, failure) ->
            new UserInternal.TokenClaimed(c, hash, failure == null ? number : null));
    return Step.none();
  }

  /** The answer to the claim of {@link #set}. */
  Step claimed(UserState state, UserInternal.TokenClaimed c, long now) {
    User.SetPushToken command = c.command();
    Long nr = c.nr();
    long lost = end(c.hash());
    if (nr == null || nr < lost) {
      return reply(
          command,
          new User.Refused(Refusal.unavailable("another user may have this token; ask again")));
    }
    long claim = Math.max(nr, state.claimOf(c.hash()));
    if (!state.devices().containsKey(command.deviceId())) {
      return new Step(
          unwanted(state, c.hash(), claim), () -> command.replyTo().tell(noSuchDevice()));
    }
    // Also where it is the same: a provider that finds a token gone says since when.
    return new Step(
        new UserEvent.PushTokenSet(
            command.deviceId(), command.platform(), command.token(), now, claim),
        () -> command.replyTo().tell(new User.Done()));
  }

  /** Another user has claimed it. */
  Step lose(UserState state, User.LosePushToken c) {
    lost(c.hash(), c.before());
    Runnable answer = () -> c.replyTo().tell(new User.Done());
    for (Device device : state.devices().values()) {
      // No two devices of a user have the same token.
      if (device.pushClaim() < c.before() && c.hash().equals(device.tokenHash())) {
        return new Step(new UserEvent.PushTokenSet(device.id(), null, null, 0, c.before()), answer);
      }
    }
    return new Step(null, answer);
  }

  // ---- releasing, and claiming anew

  /** Tell and ask what the journal says is due, and is not on its way. */
  void work(UserState state) {
    for (TokenRelease release : state.releases().values()) {
      // A claim that is answered by this very number is released by then.
      lost(release.hash(), release.claim() + 1);
      if (releasing.add(release.hash())) {
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
    if (reclaiming.add(hash)) {
      begin(hash);
      context.pipeToSelf(
          tokens.claim(id, hash, 0, true),
          (nr, failure) ->
              new UserInternal.TokenReclaimed(device, hash, failure == null ? nr : null));
    }
  }

  /** The owner record knows of a release, or could not be told. */
  Step released(UserState state, UserInternal.TokenReleased c) {
    releasing.remove(c.hash());
    TokenRelease due = state.releases().get(c.hash());
    if (!c.known()) {
      again();
    } else if (due != null && due.claim() <= c.claim()) {
      return new Step(UserEvent.Flushed.releases(List.of(due.known())), () -> {});
    } else if (due != null) { // It was claimed and let go once more meanwhile.
      work(state);
    }
    return Step.none();
  }

  /** The answer to what was claimed anew after a logout. */
  Step reclaimed(UserState state, UserInternal.TokenReclaimed c) {
    reclaiming.remove(c.hash());
    long lost = end(c.hash());
    Long nr = c.nr();
    Device device = state.devices().get(c.deviceId());
    boolean waits =
        device != null
            && device.pushClaim() == Device.RELEASED
            && c.hash().equals(device.tokenHash());
    if (nr != null && nr == PushTokens.TAKEN) {
      return waits && device != null
          ? new Step(new UserEvent.PushTokenSet(device.id(), null, null, 0), () -> {})
          : Step.none();
    }
    if (nr == null || nr < lost) {
      again();
      return Step.none();
    }
    long claim = Math.max(nr, state.claimOf(c.hash()));
    return new Step(
        waits && device != null ? device.claimedAnew(claim) : unwanted(state, c.hash(), claim),
        () -> {});
  }

  /** Whether nothing is on its way or due. */
  boolean idle(UserState state) {
    return claiming.isEmpty()
        && state.releases().isEmpty()
        && state.devices().values().stream().noneMatch(Device::isToBeClaimed);
  }

  /** A claim whose device has gone: another device's that has the token, or nobody's. */
  private static @Nullable UserEvent unwanted(UserState state, String hash, long claim) {
    Device holder = state.holderOf(hash);
    if (holder != null) {
      return holder.claimedAnew(claim);
    }
    return claim > 0
        ? UserEvent.Flushed.releases(List.of(new TokenRelease(hash, claim, false)))
        : null;
  }

  private void again() {
    timers.startSingleTimer(UserInternal.TokensDue.class, new UserInternal.TokensDue(), AGAIN);
  }

  private void begin(String hash) {
    claiming.computeIfAbsent(hash, h -> new Claiming()).calls++;
  }

  /** A claim was answered: claims before the number that comes back were lost meanwhile. */
  private long end(String hash) {
    Claiming all = claiming.get(hash);
    if (all == null) {
      return 0;
    }
    all.calls--;
    if (all.calls <= 0) {
      claiming.remove(hash);
    }
    return all.lost;
  }

  private void lost(String hash, long before) {
    Claiming all = claiming.get(hash);
    if (all != null) {
      all.lost = Math.max(all.lost, before);
    }
  }

  private static Step reply(User.SetPushToken c, User.DoneReply answer) {
    return new Step(null, () -> c.replyTo().tell(answer));
  }

  private static User.Refused noSuchDevice() {
    return new User.Refused(Refusal.of(ErrorCode.NOT_FOUND, "no such device"));
  }
}
