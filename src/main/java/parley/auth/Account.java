package parley.auth;

import com.github.f4b6a3.ulid.UlidCreator;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * One account, by its username: the only writer of who has the name, of the password's hash and of
 * the refresh tokens. Whatever it answers is in the journal first.
 *
 * <pre>
 *  Register, Login ──▶ throttle ──▶ PasswordHasher (its own threads)
 *                                        │ Hashed, Matched
 *                                        ▼
 *  Refresh, Logout ────────────────▶ persist ──▶ reply
 * </pre>
 *
 * <p>A family that ends is told to its user, whose sockets and pushes it ends there. The answer
 * waits for the user to know, a few seconds at most; what it does not know is kept in the state
 * ({@link AccountState#untold}) and told again every 5 s, and in the next life from its start.
 *
 * <p>An entity nobody has registered lives like any other, throttles guesses like any other, and
 * writes nothing.
 *
 * <p>Guesses are counted here ({@link GuessLimits}), as this is the one place that sees those of
 * all nodes. While any is remembered the entity stays in memory, some minutes a guess.
 *
 * <p>Bounds: {@value #MAX_WAITING} commands waiting for a write and {@value #MAX_HASHING} for the
 * hasher; what is beyond is answered {@link AccountReply.Overloaded} at once. (The behaviour's own
 * stash would drop it in silence.)
 */
public final class Account
    extends EventSourcedBehavior<Account.Command, AccountEvent, AccountState> {
  /** Sharded under this name; the entity's id is the username. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Account");

  /** What an account is told. Tokens come parsed, so that no entity is woken for nonsense. */
  public sealed interface Command extends Wire {}

  /** A command somebody waits for. */
  sealed interface Request extends Command {
    ActorRef<? super AccountReply.Overloaded> replyTo();

    default void refuse() {
      replyTo().tell(new AccountReply.Overloaded());
    }
  }

  /** Take the name. All fields keep the rules of {@link Credentials}. */
  record Register(Secret password, String displayName, ActorRef<AccountReply.ToRegister> replyTo)
      implements Request {
    @Override
    public String toString() {
      return "Register[]";
    }
  }

  /**
   * Start a family of refresh tokens, for the right password.
   *
   * @param address where it comes from, as {@link ClientAddresses} say; null from a version that
   *     does not
   * @param knownDevice what an earlier login gave, or null
   * @param heldUpMillis the address has tried too much lately, whatever the accounts: only a known
   *     device may go on, anybody else is told to wait so long; 0 where it has not
   */
  record Login(
      Secret password,
      ActorRef<AccountReply.ToLogin> replyTo,
      @Nullable String address,
      @Nullable Secret knownDevice,
      long heldUpMillis)
      implements Request {}

  /** Spend a refresh token for the next one. */
  record Refresh(RefreshToken token, ActorRef<AccountReply.ToRefresh> replyTo) implements Request {}

  /** Revoke the token's family. */
  record Logout(RefreshToken token, ActorRef<AccountReply.ToLogout> replyTo) implements Request {}

  /**
   * The user has ended the login that access tokens call {@code sid}, as a device that used it was
   * removed. Answers {@link AccountReply.FamilyGone} when none of its tokens is good any more.
   */
  record EndFamily(String sid, ActorRef<AccountReply.ToEndFamily> replyTo) implements Request {}

  /** Who has the name? */
  record Lookup(ActorRef<AccountReply.ToLookup> replyTo) implements Request {}

  /** The shard's last word: leave memory. */
  record Stop() implements Command, Local {}

  private record Hashed(Register register, Secret hash) implements Command, Local {}

  private record Matched(Login login, GuessLimits.Who who, boolean match)
      implements Command, Local {}

  private record HashFailed(Request request, GuessLimits.@Nullable Who who, Throwable failure)
      implements Command, Local {}

  record Idle() implements Command, Local {}

  /** The user knows that the family has ended, or could not be told. */
  private record Told(String familyId, boolean known) implements Command, Local {}

  /** Tell the user again what it does not know. */
  private record TellAgain() implements Command, Local {}

  /** How users are told that a login has ended. */
  @FunctionalInterface
  public interface Users {
    /**
     * Ends what the login has open. Completes when that is durable; fails, in a few seconds, where
     * it may not be.
     */
    CompletionStage<?> ended(UserId user, String sid);
  }

  static final int MAX_WAITING = 64;
  static final int MAX_HASHING = 16;

  /** Of these, most for logins of devices that are not known: the rest is for those that are. */
  static final int MAX_HASHING_UNKNOWN = 12;

  /** After which it leaves memory, unless guesses are to be remembered. */
  static final Duration IDLE = Duration.ofMinutes(2);

  /** After which a user that could not be told of a family's end is told again. */
  private static final Duration TELL_AGAIN = Duration.ofSeconds(5);

  private final ActorContext<Command> context;
  private final ActorRef<ClusterSharding.ShardCommand> shard;
  private final AccountAdmission accountAdmission;
  private final String username;
  private final PasswordHasher hasher;
  private final Users users;
  private final InstantSource clock;
  // Answers that wait for the user to know that the family has ended.
  private final Map<String, List<Runnable>> telling = new HashMap<>();
  private final GuessLimits guesses;
  private int hashing;

  private Account(
      ActorContext<Command> context,
      ActorRef<ClusterSharding.ShardCommand> shard,
      AccountAdmission accountAdmission,
      String username,
      PasswordHasher hasher,
      Users users,
      InstantSource clock) {
    super(PersistenceId.of(KEY.name(), username));
    this.context = context;
    this.shard = shard;
    this.accountAdmission = accountAdmission;
    this.username = username;
    this.hasher = hasher;
    this.users = users;
    this.clock = clock;
    this.guesses = new GuessLimits(clock.millis());
  }

  /**
   * The behaviour of one account.
   *
   * @param shard asked to passivate it after {@link #IDLE} without a command
   * @param users told of families that have ended
   */
  static Behavior<Command> create(
      String username,
      ActorRef<ClusterSharding.ShardCommand> shard,
      PasswordHasher hasher,
      Users users,
      InstantSource clock) {
    return Behaviors.setup(
        context -> {
          context.setReceiveTimeout(IDLE, new Idle());
          AccountAdmission accountAdmission = new AccountAdmission(MAX_WAITING);
          return Behaviors.intercept(
              () -> accountAdmission,
              new Account(context, shard, accountAdmission, username, hasher, users, clock));
        });
  }

  @Override
  public AccountState emptyState() {
    return AccountState.EMPTY;
  }

  @Override
  public CommandHandler<Command, AccountEvent, AccountState> commandHandler() {
    return this::handle;
  }

  @Override
  public EventHandler<AccountState, AccountEvent> eventHandler() {
    return AccountState::apply;
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return RetentionCriteria.snapshotEvery(100, 2);
  }

  @Override
  public SignalHandler<AccountState> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(
            RecoveryCompleted.instance(), state -> state.untold().forEach(f -> tell(state, f)))
        .build();
  }

  private Effect<AccountEvent, AccountState> handle(AccountState state, Command command) {
    accountAdmission.handled(command);
    return switch (command) {
      case Register c -> register(state, c);
      case Login c -> login(state, c);
      case Refresh c -> refresh(state, c);
      case Logout c -> logout(state, c);
      case EndFamily c -> endFamily(state, c);
      case Lookup c -> lookup(state, c);
      case Hashed c -> hashed(state, c);
      case Matched c -> matched(state, c);
      case HashFailed c -> hashFailed(c);
      case Told c -> told(state, c);
      case TellAgain c -> tellAgain(state);
      case Idle c -> idle(state);
      case Stop c -> Effect().stop();
    };
  }

  private Effect<AccountEvent, AccountState> register(AccountState state, Register c) {
    if (state.owner() != null) {
      return Effect().reply(c.replyTo(), new AccountReply.UsernameTaken());
    }
    if (hashing >= MAX_HASHING) {
      return refuse(c);
    }
    hashing++;
    context.pipeToSelf(
        hasher.hash(c.password()),
        (hash, failure) ->
            failure == null ? new Hashed(c, hash) : new HashFailed(c, null, failure));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> hashed(AccountState state, Hashed c) {
    hashing--;
    Register r = c.register();
    if (state.owner() != null) { // Somebody else's hash was ready first.
      return Effect().reply(r.replyTo(), new AccountReply.UsernameTaken());
    }
    RefreshToken.Fresh fresh = RefreshToken.first(username);
    Instant now = now();
    return Effect()
        .persist(
            new AccountEvent.Registered(
                new UserId("u_" + UlidCreator.getUlid(now.toEpochMilli())),
                username,
                r.displayName(),
                c.hash(),
                fresh.token().familyId(),
                fresh.token().secretHash(),
                now))
        .thenReply(r.replyTo(), after -> known(signedIn(after, fresh), after));
  }

  private Effect<AccountEvent, AccountState> login(AccountState state, Login c) {
    AccountState.Owner owner = state.owner();
    @Nullable String device =
        owner == null || c.knownDevice() == null
            ? null
            : KnownDevice.number(c.knownDevice(), username, owner.passwordHash(), now());
    if (device == null && c.heldUpMillis() > 0) {
      return Effect().reply(c.replyTo(), new AccountReply.RateLimited(c.heldUpMillis()));
    }
    if (hashing >= (device == null ? MAX_HASHING_UNKNOWN : MAX_HASHING)) {
      return refuse(c);
    }
    GuessLimits.Who who = new GuessLimits.Who(c.address() == null ? "" : c.address(), device);
    long wait = guesses.take(who, clock.millis());
    if (wait > 0) {
      return Effect().reply(c.replyTo(), new AccountReply.RateLimited(wait));
    }
    hashing++;
    context.pipeToSelf(
        hasher.matches(
            c.password(),
            owner == null ? null : owner.passwordHash(),
            device == null ? PasswordHasher.Lane.LOGIN : PasswordHasher.Lane.KNOWN),
        (match, failure) ->
            failure == null ? new Matched(c, who, match) : new HashFailed(c, who, failure));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> matched(AccountState state, Matched c) {
    hashing--;
    if (!c.match() || state.owner() == null) {
      return Effect().reply(c.login().replyTo(), new AccountReply.BadCredentials());
    }
    // Only guesses count: an owner with many devices is no guesser.
    guesses.succeeded(c.who(), clock.millis());
    Instant now = now();
    @Nullable String ended = state.makesRoom(now);
    if (ended != null && !state.mayEnd()) {
      return refuse(c.login());
    }
    RefreshToken.Fresh fresh = RefreshToken.first(username);
    return Effect()
        .persist(
            new AccountEvent.FamilyStarted(
                fresh.token().familyId(), fresh.token().secretHash(), now, ended))
        .thenRun(
            after -> {
              if (ended != null) {
                tell(after, ended);
              }
              c.login().replyTo().tell(known(signedIn(after, fresh), after));
            });
  }

  private Effect<AccountEvent, AccountState> hashFailed(HashFailed c) {
    hashing--;
    if (c.who() != null) {
      guesses.giveBack(c.who(), clock.millis()); // Nothing was tried.
    }
    Throwable cause = c.failure() instanceof CompletionException e ? e.getCause() : c.failure();
    if (!(cause instanceof RejectedExecutionException)) {
      context.getLog().error("password hashing failed", cause);
    }
    return refuse(c.request());
  }

  private Effect<AccountEvent, AccountState> refresh(AccountState state, Refresh c) {
    RefreshToken token = c.token();
    AccountState.Standing standing = state.standing(token, now());
    return switch (standing) {
      case GOOD, AGAIN -> {
        RefreshToken.Fresh fresh = token.next();
        yield Effect()
            .persist(
                new AccountEvent.FamilyRotated(
                    token.familyId(),
                    fresh.token().counter(),
                    fresh.token().secretHash(),
                    now(),
                    standing == AccountState.Standing.AGAIN))
            .thenReply(c.replyTo(), after -> signedIn(after, fresh));
      }
      case STALE -> Effect().reply(c.replyTo(), new AccountReply.Stale());
      case TOO_FAST ->
          Effect()
              .reply(c.replyTo(), new AccountReply.TooFast(RefreshTokenFamily.WINDOW.toMillis()));
      case SPENT ->
          revoke(
              state, token.familyId(), true, c, () -> c.replyTo().tell(new AccountReply.Reused()));
      case REVOKED -> whenTold(token.familyId(), () -> c.replyTo().tell(new AccountReply.Reused()));
      case UNKNOWN -> Effect().reply(c.replyTo(), new AccountReply.Unknown());
    };
  }

  private Effect<AccountEvent, AccountState> logout(AccountState state, Logout c) {
    Runnable answer = () -> c.replyTo().tell(new AccountReply.LoggedOut());
    return switch (state.standing(c.token(), now())) {
      // A spent token logs out too: a client that lost the answer of its last refresh may leave.
      case GOOD, AGAIN, STALE, TOO_FAST, SPENT ->
          revoke(state, c.token().familyId(), false, c, answer);
      case REVOKED, UNKNOWN -> whenTold(c.token().familyId(), answer);
    };
  }

  // ---- the end of a family

  private Effect<AccountEvent, AccountState> endFamily(AccountState state, EndFamily c) {
    AccountReply.FamilyGone gone = new AccountReply.FamilyGone();
    RefreshTokenFamily refreshTokenFamily = state.familyBySid(c.sid()).orElse(null);
    return refreshTokenFamily == null
        ? Effect().reply(c.replyTo(), gone)
        : Effect()
            .persist(new AccountEvent.FamilyRevoked(refreshTokenFamily.id(), false, now(), true))
            .thenReply(c.replyTo(), after -> gone);
  }

  private Effect<AccountEvent, AccountState> revoke(
      AccountState state, String familyId, boolean reused, Request request, Runnable answer) {
    if (!state.mayEnd()) {
      return refuse(request);
    }
    return Effect()
        .persist(new AccountEvent.FamilyRevoked(familyId, reused, now(), false))
        .thenRun(
            after -> {
              tell(after, familyId);
              telling.computeIfAbsent(familyId, f -> new ArrayList<>()).add(answer);
            });
  }

  /** Answers when the user knows of the family's end, where it is being told just now. */
  private Effect<AccountEvent, AccountState> whenTold(String familyId, Runnable answer) {
    @Nullable List<Runnable> waiting = telling.get(familyId);
    if (waiting == null || waiting.size() >= MAX_WAITING) {
      answer.run();
    } else {
      waiting.add(answer);
    }
    return Effect().none();
  }

  private void tell(AccountState state, String familyId) {
    if (telling.putIfAbsent(familyId, new ArrayList<>()) == null) {
      UserId user = Objects.requireNonNull(state.owner()).userId();
      context.pipeToSelf(
          users.ended(user, RefreshToken.sid(familyId)),
          (done, failure) -> new Told(familyId, failure == null));
    }
  }

  private Effect<AccountEvent, AccountState> told(AccountState state, Told c) {
    @Nullable List<Runnable> waiting = telling.remove(c.familyId());
    if (waiting != null) {
      // Also where the user could not be told: no token of the family is good, and it will be.
      waiting.forEach(Runnable::run);
    }
    if (!c.known()) {
      context.scheduleOnce(TELL_AGAIN, context.getSelf(), new TellAgain());
      return Effect().none();
    }
    return state.untold().contains(c.familyId())
        ? Effect().persist(new AccountEvent.FamilyRevoked(c.familyId(), false, now(), true))
        : Effect().none();
  }

  private Effect<AccountEvent, AccountState> tellAgain(AccountState state) {
    state.untold().forEach(familyId -> tell(state, familyId));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> lookup(AccountState state, Lookup c) {
    AccountState.Owner owner = state.owner();
    return Effect()
        .reply(
            c.replyTo(),
            owner == null
                ? new AccountReply.NotFound()
                : new AccountReply.Found(owner.userId(), owner.displayName()));
  }

  private Effect<AccountEvent, AccountState> idle(AccountState state) {
    if (!state.untold().isEmpty() || !guesses.isEmpty(clock.millis())) {
      return Effect().none();
    }
    shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
    return Effect().none();
  }

  private Effect<AccountEvent, AccountState> refuse(Request request) {
    request.refuse();
    return Effect().none();
  }

  private static AccountReply.SignedIn signedIn(AccountState state, RefreshToken.Fresh fresh) {
    AccountState.Owner owner = Objects.requireNonNull(state.owner());
    return new AccountReply.SignedIn(
        owner.userId(),
        owner.displayName(),
        fresh.wire(),
        RefreshToken.sid(fresh.token().familyId()),
        null);
  }

  /** Who has just given the password is known from now on. */
  private AccountReply.SignedIn known(AccountReply.SignedIn in, AccountState state) {
    Secret hash = Objects.requireNonNull(state.owner()).passwordHash();
    return in.withKnownDevice(KnownDevice.make(username, hash, now()));
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
